"""/admin/nlu/intents/…/rename, merge, split, retire: each shows what it touches before it is done."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import corpora, deeds, examples, intents, traces
from handoff import training_errors as errors
from handoff.corpora import Entry
from handoff.models import Agent
from handoff.web.alike import Alike
from handoff.web.example_list import key_of, word_of
from handoff.web.intents import Comparing, Name, Said, gone
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeTraining, Site
from nlu.triage_result import TALK_INTENTS

router = APIRouter(prefix="/admin/nlu")

How = Annotated[Literal["rename", "merge", "split", "retire"], Path()]
Chosen = Annotated[list[Annotated[str, Form(max_length=60)]] | None, Form(max_length=5000)]
ALIKE = 0.3
"""From here on an example is proposed as one of those that are split off."""


@router.get("/intents/{intent}/{how}")
async def look(
    here: Here,
    me: MeTraining,
    comparing: Comparing,
    intent: Name,
    how: How,
    to: Annotated[str, Query(max_length=200)] = "",
    near: Annotated[str, Query(max_length=500)] = "",
) -> HTMLResponse:
    """What it touches, and where the examples go; nothing is changed yet."""
    problem = await _refused(here, intent, to.strip()) if how == "rename" and to.strip() else None
    return await _page(here, me, comparing, intent, how, to=to.strip(), near=near.strip(), problem=problem)


async def _refused(here: Site, intent: str, to: str) -> str | None:
    """Why an intent cannot be called so, as far as it can be told before it is done."""
    try:
        intents.check_name(to)
    except errors.TrainingError as error:
        return error.sentence
    async with here.database.reading() as session:
        known = await intents.known(session)
    return errors.IntentExists(name=to).sentence if to in known.names and to != intent else None


@router.post("/intents/{intent}/split")
async def split(
    here: Here,
    me: MeTraining,
    comparing: Comparing,
    intent: Name,
    to: Said = "",
    description: Said = "",
    chosen: Chosen = None,
    near: Said = "",
    step: Annotated[Literal["choose", "look", "split"], Form()] = "look",
) -> Response:
    """Make a new intent of some examples: they are chosen, then it is shown which, then it is done."""
    words = chosen or []
    more: dict[str, Any] = {"to": to.strip(), "chosen": words, "description": description}
    if step == "choose":
        return await _page(here, me, comparing, intent, "split", near=near.strip(), is_chosen=False, **more)
    try:
        if not words:
            raise errors.NothingChosen
        intents.check_name(to.strip())
        if step == "look":
            return await _page(here, me, comparing, intent, "split", **more)
        async with here.database.transaction("inbox.split intent") as session:
            await intents.in_use(session, intent)
            await intents.create(session, to.strip(), me, description=description)
            count = await examples.relabel(session, [key_of(word) for word in words], to.strip(), me)
            deeds.tell(session, f"intent {intent}, {count} examples to, intent {to.strip()}")
    except errors.TrainingError as error:
        return await _page(here, me, comparing, intent, "split", 409, problem=error.sentence, **more)
    return RedirectResponse(f"/admin/nlu/intents/{to.strip()}", 303)


@router.post("/intents/{intent}/{how}")
async def change(
    here: Here, me: MeTraining, comparing: Comparing, intent: Name, how: How, to: Said = "", seen: Said = ""
) -> Response:
    """Do it, if what is touched is still what was shown (`seen`: how many examples that were)."""
    to = to.strip()
    try:
        async with here.database.transaction("inbox.relabel intent") as session:
            mine = [one for one in await corpora.entries(session) if one.example.intent == intent]
            if seen and seen != str(len(mine)):
                raise errors.IntentChangedMeanwhile
            await _change(session, intent, how, to, me)
            deeds.tell(session, f"{how}, intent {intent}" + (f", into, intent {to}" if to else ""))
    except errors.TrainingError as error:
        return await _page(here, me, comparing, intent, how, 409, to=to, problem=error.sentence)
    return RedirectResponse(f"/admin/nlu/intents/{to}" if to else "/admin/nlu/intents#retired-title", 303)


async def _change(session: AsyncSession, intent: str, how: str, to: str, me: Agent) -> None:
    if how == "rename":
        await intents.rename(session, intent, to, me)
    elif to:
        await intents.merge(session, intent, to)
    elif how == "retire":
        await intents.retire(session, intent)
    else:
        raise errors.NoSuchIntent(name=to)


async def _page(
    here: Site,
    me: Agent,
    comparing: Alike,
    intent: str,
    how: str,
    status: int = 200,
    *,
    to: str = "",
    near: str = "",
    chosen: Sequence[str] = (),
    **more: Any,
) -> HTMLResponse:
    async with here.database.reading() as session:
        known = await intents.known(session)
        is_there = intent in known.names
        if not is_there and status == 200:
            raise errors.NoSuchIntent(name=intent[:80])
        entries = await corpora.entries(session, known)
        touched = await traces.of(session, intent)
        rail = await rail_of(session, me)
    if not is_there:
        return await gone(here, me, comparing, intent, {"to": to, "description": more.get("description", "")})
    mine = [entry for entry in entries if entry.example.intent == intent]
    proposed = set(chosen)
    if near:
        texts = dict((await comparing.of(entries)).nearest(near, len(entries)))
        mine.sort(key=lambda one: -texts.get(one.example.text, 0))
        proposed |= {word_of(one.key) for one in mine if texts.get(one.example.text, 0) >= ALIKE}
    values = {
        "intent": intent,
        "how": how,
        "to": to,
        "near": near,
        "mine": mine,
        "proposed": proposed,
        "is_chosen": bool(chosen) and not more.get("problem"),
        "numbers": _numbers(mine),
        "theirs": _numbers([one for one in entries if one.example.intent == to]),
        "touched": touched,
        "others": [name for name in known.names if name != intent],
        "rail": rail,
        "is_talk": intent in TALK_INTENTS,
    }
    always: dict[str, Any] = {"problem": None, "description": ""}
    return here.page("relabelling.html", status, me=me, place="training", **(always | values | more))


def _numbers(entries: Sequence[Entry]) -> list[tuple[str, int]]:
    """How many examples in each language, by language."""
    return sorted(Counter(one.example.language for one in entries).items())
