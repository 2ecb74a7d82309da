"""/admin/nlu/intents: what the bot can tell apart, what it learns that from, and what to look at."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from handoff import agents, corpora, deeds, intents, overviews, traffic, tries, versions
from handoff import training_errors as errors
from handoff.models import Agent, Case
from handoff.web.alike import Alike
from handoff.web.at_once import at_once
from handoff.web.example_list import Shown, Sought
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, MeTraining, Site
from nlu.language import LANGUAGES

router = APIRouter(prefix="/admin/nlu")

Name = Annotated[str, Path(max_length=200)]
Said = Annotated[str, Form(max_length=2000)]
HISTORY = 30
"""Deeds that the page of an intent shows."""


async def alike(request: Request) -> Alike:
    """What is known of how alike the examples are."""
    found: Alike = request.app.state.alike
    return found


Comparing = Annotated[Alike, Depends(alike)]


@router.get("/intents")
async def page(here: Here, me: MeReporting, comparing: Comparing, q: str = "") -> HTMLResponse:
    """All of them."""
    return await _page(here, me, comparing, q=q[:100])


@router.post("/intents")
async def create(here: Here, me: MeTraining, comparing: Comparing, name: Said = "", description: Said = "") -> Response:
    """A new intent, without examples yet."""
    try:
        async with here.database.transaction("inbox.create intent") as session:
            await intents.create(session, name.strip(), me, description=description)
            deeds.tell(session, f"intent {name.strip()}")
    except errors.TrainingError as error:
        written = {"name": name, "description": description}
        return await _page(here, me, comparing, 422, problem=error.sentence, written=written)
    return RedirectResponse(f"/admin/nlu/intents/{name.strip()}", 303)


@router.post("/intents/{intent}/bring-back")
async def bring_back(here: Here, me: MeTraining, comparing: Comparing, intent: Name) -> Response:
    """Undo that an intent was renamed, merged or retired."""
    try:
        async with here.database.transaction("inbox.bring back intent") as session:
            await intents.bring_back(session, intent)
            deeds.tell(session, f"intent {intent}")
    except errors.TrainingError as error:
        return await _page(here, me, comparing, 409, problem=error.sentence)
    return RedirectResponse(f"/admin/nlu/intents/{intent}", 303)


@router.get("/intents/{intent}")
async def one(
    here: Here, me: MeReporting, comparing: Comparing, intent: Name, sought: Annotated[Sought, at_once(Sought)]
) -> Response:
    """One intent, with its examples."""
    return await intent_page(here, me, comparing, intent, sought)


@router.post("/intents/{intent}")
async def describe(
    request: Request,
    here: Here,
    me: MeTraining,
    comparing: Comparing,
    intent: Name,
    sought: Annotated[Sought, at_once(Sought)],
    description: Said = "",
    version: Annotated[int, Form(ge=0)] = 0,
) -> Response:
    """Say what belongs to an intent, and how the bot puts it."""
    fields = await request.form()
    wordings = {language: str(fields.get(f"wording_{language}", "")) for language in LANGUAGES}
    try:
        async with here.database.transaction("inbox.describe intent") as session:
            await intents.describe(session, intent, description, wordings, seen=version)
            deeds.tell(session, f"intent {intent}")
    except errors.TrainingError as error:
        written = {"description": description, "wordings": wordings}
        return await intent_page(here, me, comparing, intent, sought, 409, problem=error.sentence, written=written)
    return RedirectResponse(f"/admin/nlu/intents/{intent}", 303)


async def intent_page(
    here: Site, me: Agent, comparing: Alike, intent: str, sought: Sought, status: int = 200, **more: Any
) -> Response:
    """The page of an intent; of one that was renamed or merged, the page of what it is called now.

    `more`: `problem`, and what was written, which stays to be put right.
    """
    async with here.database.reading() as session:
        known = await intents.known(session)
        if (name := known.now(intent)) is None:
            if not known.is_retired(intent):
                raise errors.NoSuchIntent(name=intent[:80])
        elif name != intent and status == 200:
            return RedirectResponse(f"/admin/nlu/intents/{name}", 303)
        entries = await corpora.entries(session, known)
        people = {person.id: person for person in await agents.everybody(session)}
        removed = await sought.removed(session)
        unmasked = await sought.unmasked(session, me, name or intent)
        lately = await traffic.of_intent(session, name or intent) if me.may("train") else None
        live = await versions.live(session)
        said_in = {one.thread_id for one in entries if one.thread_id and one.example.intent == name}
        to_look_at = set(await session.scalars(select(Case.thread_id).where(Case.thread_id.in_(said_in))))
        history = await deeds.about(session, f"intent {name or intent}", most=HISTORY)
        rail = await rail_of(session, me)
    if name is None:
        return await gone(here, me, comparing, intent, more.get("written", {}))
    likeness = await comparing.soon(entries) if not sought.near else await comparing.of(entries)
    pairs = overviews.pairs_of(entries, likeness.pairs) if likeness else []
    overview = overviews.of_all(entries, known, pairs)[name]
    mine = [entry for entry in entries if entry.example.intent == name]
    near = likeness.nearest(sought.near, 8) if sought.near and likeness else []
    asks = sought.asks_model and live is not None and me.may("train")
    tried = await tries.ask(here.database, sought.near, [live.version]) if asks and live else []
    values = {
        "intent": overview,
        "row": known.rows.get(name),
        "version": intents.version_of(known.rows.get(name)),
        "once": [other for other in known.once(name) if other != name],
        "names": known.names,
        "shown": Shown.part(mine, sought),
        "pairs": [pair for pair in pairs if name in (pair.one.example.intent, pair.other.example.intent)][:20],
        "near": [(how, entry) for text, how in near for entry in entries if entry.example.text == text],
        "people": people,
        "removed": removed,
        "unmasked": unmasked,
        "traffic": lately,
        "to_look_at": to_look_at,
        "live": live,
        "tried": tried,
        "history": history,
        "entities": sorted({part.entity for entry in entries for part in entry.example.entities}),
    }
    always: dict[str, Any] = {"problem": None, "written": {}, "languages": LANGUAGES, "rail": rail}
    return here.page("intent.html", status, me=me, place="training", sought=sought, **(values | always | more))


async def gone(here: Site, me: Agent, comparing: Alike, intent: str, written: Mapping[str, Any]) -> HTMLResponse:
    """The list of intents in place of the page of one that was retired meanwhile, with what was written there."""
    problem = errors.NoSuchIntent(name=intent[:80]).sentence
    return await _page(here, me, comparing, 410, problem=problem, kept="\n".join(_texts(written)))


def _texts(written: Mapping[str, Any]) -> Iterator[str]:
    for name, value in written.items():
        if isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, str) and value.strip() and name not in ("language", "intent"):
            yield value


async def _page(
    here: Site,
    me: Agent,
    comparing: Alike,
    status: int = 200,
    *,
    q: str = "",
    problem: str | None = None,
    written: dict[str, str] | None = None,
    kept: str = "",
) -> HTMLResponse:
    async with here.database.reading() as session:
        known = await intents.known(session)
        entries = await corpora.entries(session, known)
        rail = await rail_of(session, me)
    likeness = await comparing.soon(entries)
    pairs = overviews.pairs_of(entries, likeness.pairs) if likeness else []
    found = overviews.of_all(entries, known, pairs)
    word = q.strip().casefold()
    shown = [one for one in found.values() if word in one.name or word in one.description.casefold()]
    values = {
        "found": shown,
        "total": len(found),
        "examples": sum(one.total for one in found.values()),
        "most": max((one.total for one in found.values()), default=0),
        "pairs": pairs,
        "is_compared": likeness is not None,
        "retired": overviews.retired_but_used(known),
        "q": q,
        "kept": kept,
        "rail": rail,
    }
    always = {"problem": problem, "written": written or {}, "languages": LANGUAGES}
    return here.page("intents.html", status, me=me, place="training", **values, **always)
