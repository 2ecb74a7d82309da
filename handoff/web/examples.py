"""What admins do to examples: add, change, remove and put back, move many at once."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import deeds, examples, intents
from handoff import training_errors as errors
from handoff.examples import Words
from handoff.models import Agent
from handoff.web.at_once import at_once
from handoff.web.example_list import Sought, key_of
from handoff.web.intents import Comparing, Name, Said, intent_page
from handoff.web.site import Here, MeTraining
from nlu.annotations import BadAnnotation, read

router = APIRouter(prefix="/admin/nlu")

MOST_AT_ONCE = 200
"""Lines of one form."""

Several = Annotated[str, Form(max_length=60_000)]
Text = Annotated[str, Form(max_length=20_000)]
Word = Annotated[str, Path(max_length=60)]
Asked = Annotated[Sought, at_once(Sought)]
Chosen = Annotated[list[Annotated[str, Form(max_length=60)]] | None, Form(max_length=5000)]


@router.post("/intents/{intent}/examples")
async def add(
    here: Here,
    me: MeTraining,
    comparing: Comparing,
    intent: Name,
    sought: Asked,
    lines: Several = "",
    language: Said = "en",
    move: Annotated[bool, Form()] = False,
) -> Response:
    """Add examples, one on each line; all of them, or none if one cannot be taken."""
    try:
        async with here.database.transaction("inbox.add examples") as session:
            made = await _add_all(session, me, intent, lines.splitlines(), language, move)
            deeds.tell(session, f"intent {await intents.in_use(session, intent)}, {len(made)} in {language}")
    except errors.TrainingError as error:
        written = {"lines": lines, "language": language, "elsewhere": isinstance(error, errors.ExampleElsewhere)}
        return await intent_page(here, me, comparing, intent, sought, 422, problem=error.sentence, written=written)
    return RedirectResponse(f"/admin/nlu/intents/{intent}{sought.query(page=1)}", 303)


async def _add_all(
    session: AsyncSession, me: Agent, intent: str, lines: Sequence[str], language: str, move: bool
) -> list[examples.Example]:
    said = [line for line in lines if line.strip()]
    if not said:
        raise errors.ExampleEmpty
    if len(said) > MOST_AT_ONCE:
        raise errors.TooManyLines(most=MOST_AT_ONCE)
    made = []
    for line in said:
        words = _words(line, language)
        said_so = partial(examples.add, session, words.text, intent, language, source="admin", by=me)
        made.append(await said_so(entities=words.entities, move=move))
    return made


@router.post("/examples/move")
async def move(
    here: Here, me: MeTraining, comparing: Comparing, sought: Asked, chosen: Chosen = None, to: Said = "", of: Said = ""
) -> Response:
    """Give the chosen examples another intent."""
    try:
        async with here.database.transaction("inbox.move examples") as session:
            count = await examples.relabel(session, [key_of(word) for word in chosen or []], to, me)
            deeds.tell(session, f"intent {of}, {count} to, intent {to}")
    except errors.TrainingError as error:
        return await intent_page(here, me, comparing, of, sought, 409, problem=error.sentence)
    return RedirectResponse(f"/admin/nlu/intents/{of}{sought.query()}", 303)


@router.post("/examples/{example}")
async def change(
    here: Here,
    me: MeTraining,
    comparing: Comparing,
    example: Word,
    sought: Asked,
    text: Text = "",
    intent: Said = "",
    of: Said = "",
    version: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Change what an example says, or which intent it has. `of`: the intent whose page this came from."""
    try:
        async with here.database.transaction("inbox.change example") as session:
            language = key_of(example)[0]
            after = await examples.change(session, key_of(example), _words(text, language), intent, me, seen=version)
            deeds.tell(session, f"intent {after.intent}, example {after.id}")
    except errors.NoSuchExample as error:
        return await intent_page(here, me, comparing, of, sought, 404, problem=error.sentence)
    except errors.TrainingError as error:
        written = {example: {"text": text, "intent": intent}}
        return await intent_page(here, me, comparing, of, sought, 409, problem=error.sentence, written=written)
    return RedirectResponse(f"/admin/nlu/intents/{of}{sought.query()}", 303)


@router.post("/examples/{example}/remove")
async def remove(
    here: Here, me: MeTraining, comparing: Comparing, example: Word, sought: Asked, of: Said = ""
) -> Response:
    """Use an example no more; the page that follows can put it back."""
    try:
        async with here.database.transaction("inbox.remove example") as session:
            await examples.remove(session, key_of(example), me)
            deeds.tell(session, f"intent {of}, example {example[:11]}")
    except errors.TrainingError as error:
        return await intent_page(here, me, comparing, of, sought, 404, problem=error.sentence)
    return RedirectResponse(f"/admin/nlu/intents/{of}{sought.query(undo=example)}", 303)


@router.post("/examples/{example}/put-back")
async def put_back(
    here: Here, me: MeTraining, comparing: Comparing, example: Word, sought: Asked, of: Said = ""
) -> Response:
    """Undo a removal."""
    try:
        async with here.database.transaction("inbox.put back example") as session:
            found = await examples.put_back(session, key_of(example), me)
            deeds.tell(session, f"intent {of}, example {found.id}")
    except errors.TrainingError as error:
        return await intent_page(here, me, comparing, of, sought, 404, problem=error.sentence)
    return RedirectResponse(f"/admin/nlu/intents/{of}{sought.query()}", 303)


def _words(marked: str, language: str) -> Words:
    try:
        text, entities = read(marked)
    except BadAnnotation as error:
        raise errors.BadMarks(why=str(error)) from None
    return Words.of(text, language, entities)
