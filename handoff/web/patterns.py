"""/admin/nlu/patterns: what is named in texts, and how it is recognised: regular expressions, words, synonyms."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import corpora, deeds, patterns
from handoff import training_errors as errors
from handoff.models import Agent
from handoff.patterns import Pattern
from handoff.web.intents import Said
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, MeTraining, Site
from nlu.rasa import ALARMS
from nlu.triage_result import DETAILS

router = APIRouter(prefix="/admin/nlu")

BY_ITSELF = {*DETAILS, *ALARMS}
"""Entities that the bot recognises without being taught."""

Id = Annotated[int, Path(ge=1, le=2**62)]
Kind = Annotated[Literal["regex", "lookup", "synonym"], Form()]


@router.get("/patterns")
async def page(here: Here, me: MeReporting) -> HTMLResponse:
    """The page."""
    return await _page(here, me)


@router.post("/patterns")
async def add(
    here: Here, me: MeTraining, entity: Said = "", kind: Kind = "lookup", text: Said = "", value: Said = ""
) -> Response:
    """Add a way to recognise an entity."""
    try:
        async with here.database.transaction("inbox.add pattern") as session:
            await patterns.add(session, entity, kind, text, me, value=value if kind == "synonym" else "")
            deeds.tell(session, f"{kind} of {entity.strip()[:60] or 'anything'}")
    except errors.TrainingError as error:
        written = {"entity": entity, "kind": kind, "text": text, "value": value}
        return await _page(here, me, 422, problem=error.sentence, written=written)
    return RedirectResponse("/admin/nlu/patterns", 303)


@router.post("/patterns/{pattern_id}/remove")
async def remove(here: Here, me: MeTraining, pattern_id: Id) -> Response:
    """Recognise it in that way no more; the page that follows can put it back."""
    async with here.database.transaction("inbox.remove pattern") as session:
        if gone := await patterns.remove(session, pattern_id):
            deeds.tell(session, f"{gone.kind} of {gone.entity or 'anything'}: {gone.text[:200]}")
    return await _page(here, me, removed=gone)


async def _page(
    here: Site,
    me: Agent,
    status: int = 200,
    *,
    problem: str | None = None,
    written: dict[str, Any] | None = None,
    removed: Pattern | None = None,
) -> HTMLResponse:
    async with here.database.reading() as session:
        found = await patterns.every(session)
        entries = await corpora.entries(session)
        rail = await rail_of(session, me)
    marked = [part for entry in entries for part in entry.example.entities]
    names = sorted({part.entity for part in marked} | {one.entity for one in found if one.entity})
    by_entity = [
        (name, sum(part.entity == name for part in marked), [one for one in found if one.entity == name])
        for name in [*names, *([""] if any(not one.entity for one in found) else [])]
    ]
    values: dict[str, Any] = {"by_entity": by_entity, "by_itself": BY_ITSELF, "written": written or {}, "rail": rail}
    return here.page("patterns.html", status, me=me, place="training", problem=problem, removed=removed, **values)
