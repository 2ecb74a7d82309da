"""What admins do to examples: add, change, remove and put back, move many at once, see what is masked in one."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import corpora, deeds, examples, intents
from handoff import training_errors as errors
from handoff.examples import Key, Words
from handoff.models import Agent
from handoff.web.example_forms import Filled, Text
from handoff.web.example_list import key_of, unmasking
from handoff.web.intents import Name, Said
from handoff.web.witness import address
from nlu.annotations import BadAnnotation, read

router = APIRouter(prefix="/admin/nlu")

MOST_AT_ONCE = 200
"""Lines of one form."""

LARGEST_BODIES = dict.fromkeys((r"/admin/nlu/intents/[^/]+/(examples|split)", "/admin/nlu/examples/move"), 768 * 1024)
"""Bytes of a form by its address: a Greek letter takes six on its way, a chosen example fifty."""

Several = Annotated[str, Form(max_length=120_000)]  # a browser counts the end of a line once and sends two signs
Word = Annotated[str, Path(max_length=60)]
Chosen = Annotated[list[Annotated[str, Form(max_length=60)]] | None, Form(max_length=5000)]


@router.post("/intents/{intent}/examples")
async def add(
    form: Filled, intent: Name, lines: Several = "", language: Said = "en", move: Annotated[bool, Form()] = False
) -> Response:
    """Add examples, one on each line; all of them, or none if one cannot be taken."""
    form.of, new, all_of_them = intent, 0, 0
    async with form.tried(), form.here.database.transaction("inbox.add examples") as session:
        there = await _keys(session, intent)
        made = await _add_all(session, form.me, intent, lines.splitlines(), language, move)
        new, all_of_them = len({one.key for one in made} - there), len(made)
        deeds.tell(session, f"intent {await intents.in_use(session, intent)}, {new} in {language}")
    refused = form.refusal.lines if isinstance(form.refusal, errors.LinesRefused) else ()
    elsewhere = move or any(isinstance(why, errors.ExampleElsewhere) for _, _, why in refused)
    written = {"lines": lines, "language": language, "refused": refused, "elsewhere": elsewhere, "move": move}
    return await form.back(422, written=written, page=1, added=new, there=all_of_them - new)


async def _keys(session: AsyncSession, intent: str) -> set[Key]:
    """The examples that an intent has."""
    name = await intents.in_use(session, intent)
    return {entry.key for entry in await corpora.entries(session) if entry.example.intent == name}


async def _add_all(
    session: AsyncSession, me: Agent, intent: str, lines: Sequence[str], language: str, move: bool
) -> list[examples.Example]:
    said = [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not said:
        raise errors.ExampleEmpty
    if len(said) > MOST_AT_ONCE:
        raise errors.TooManyLines(most=MOST_AT_ONCE)
    add_one = partial(examples.add, session, intent=intent, language=language, source="admin", by=me, move=move)
    made, refused = [], []
    for number, line in said:
        try:
            words = _words(line, language)
            made.append(await add_one(words.text, entities=words.entities))
        except errors.TrainingError as why:
            refused.append((number, line.strip(), why))
    if refused:
        raise errors.LinesRefused(refused)
    return made


@router.post("/examples/move")
async def move(form: Filled, chosen: Chosen = None, to: Said = "") -> Response:
    """Give the chosen examples another intent."""
    async with form.tried(), form.here.database.transaction("inbox.move examples") as session:
        count = await examples.relabel(session, [key_of(word) for word in chosen or []], to, form.me)
        deeds.tell(session, f"intent {form.of}, {count} examples to, intent {to}")
    return await form.back(409, written={"moved": chosen or (), "to": to})


@router.post("/examples/{example}")
async def change(
    form: Filled, example: Word, text: Text = "", intent: Said = "", version: Annotated[int, Form(ge=0)] = 0
) -> Response:
    """Change what an example says, or which intent it has."""
    async with form.tried(), form.here.database.transaction("inbox.change example") as session:
        words = _words(text, key_of(example)[0])
        after = await examples.change(session, key_of(example), words, intent, form.me, seen=version)
        deeds.tell(session, f"intent {after.intent}, example {after.id}")
    is_gone = isinstance(form.refusal, errors.NoSuchExample)
    return await form.back(404 if is_gone else 409, written={example: {"text": text, "intent": intent}})


@router.post("/examples/{example}/remove")
async def remove(form: Filled, example: Word) -> Response:
    """Use an example no more; the page that follows can put it back."""
    async with form.tried(), form.here.database.transaction("inbox.remove example") as session:
        await examples.remove(session, key_of(example), form.me)
        deeds.tell(session, f"intent {form.of}, example {example[:11]}")
    return await form.back(404, undo=example)


@router.post("/examples/{example}/put-back")
async def put_back(form: Filled, example: Word) -> Response:
    """Undo a removal."""
    async with form.tried(), form.here.database.transaction("inbox.put back example") as session:
        found = await examples.put_back(session, key_of(example), form.me)
        deeds.tell(session, f"intent {form.of}, example {found.id}")
    return await form.back(404)


@router.post("/examples/{example}/show")
async def show(request: Request, form: Filled, example: Word) -> Response:
    """How somebody is reached stands in an example: whoever asks sees it, to change it, and that is written down."""
    deed = 0
    async with form.tried(), form.here.database.transaction("inbox.unmask example") as session:
        if (found := await examples.row(session, key_of(example))) is None or found.removed_at is not None:
            raise errors.NoSuchExample
        deed = await deeds.write_unmasking(session, form.me, None, address(request), unmasking(form.of, example))
    return await form.back(404, show=example, unmasked=deed)


def _words(marked: str, language: str) -> Words:
    try:
        text, entities = read(marked)
    except BadAnnotation as error:
        raise errors.BadMarks(why=str(error)) from None
    return Words.of(text, language, entities)
