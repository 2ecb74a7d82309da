"""/admin/nlu/models: every version of the model, which one is at work, and putting another one to work."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import comparisons, corpora, deeds, disagreements, test_sets, trainings, versions
from handoff import version_errors as errors
from handoff.models import Agent
from handoff.training_errors import TrainingError
from handoff.web.comparing import Version
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, MeTraining, Site
from nlu.scores import Scores, scores_of
from nlu.workshop import bytes_in

router = APIRouter(prefix="/admin/nlu/models")

NEWEST, MOST = 20, 60
"""Versions that are listed although their file is gone; and when older ones are asked for, too."""

LONGEST_REASON = 1000
"""Signs; a browser counts the end of a line as one of them and sends two."""

Seen = Annotated[str, Form(max_length=12)]


@router.get("")
async def page(here: Here, me: MeReporting, older: bool = False) -> HTMLResponse:
    """The list."""
    return await _page(here, me, older=older)


@router.post("/roll-back")
async def roll_back(here: Here, me: MeTraining, seen: Seen = "") -> Response:
    """Put the version before to work again."""
    try:
        async with here.database.transaction("inbox.roll back model") as session:
            made = await versions.roll_back(session, me, seen=_number(seen))
            deeds.tell(session, f"version {made.version} in place of version {made.before}")
    except TrainingError as error:
        return await _page(here, me, 409, error.sentence)
    return RedirectResponse("/admin/nlu/models", 303)


@router.get("/{version}/promote")
async def promoting(here: Here, me: MeTraining, version: Version) -> HTMLResponse:
    """What gets worse, and the last question before a version is put to work."""
    return await _promoting(here, me, version)


@router.post("/{version}/promote")
async def promote(
    here: Here,
    me: MeTraining,
    version: Version,
    seen: Seen = "",
    reason: Annotated[str, Form(max_length=2 * LONGEST_REASON)] = "",
) -> Response:
    """Put a version to work."""
    try:
        async with here.database.transaction("inbox.promote model") as session:
            comparison = await comparisons.with_live(session, version)
            if comparison.needs_reason and not reason.strip():
                raise errors.Untested if comparison.is_untested else errors.ReasonNeeded
            await versions.promote(session, version, me, reason.strip(), seen=_number(seen))
            deeds.tell(session, "; ".join(filter(None, (comparison.words, reason.strip()))))
    except errors.NoSuchVersion:
        raise
    except TrainingError as error:
        status = 422 if isinstance(error, errors.ReasonNeeded) else 409
        return await _promoting(here, me, version, status, error.sentence, reason)
    return RedirectResponse("/admin/nlu/models", 303)


@router.post("/{version}/beside")
async def beside(
    here: Here, me: MeTraining, version: Version, turn: Annotated[Literal["on", "off"], Form()] = "on"
) -> Response:
    """Let a version read beside the one at work, silently, or no more."""
    try:
        async with here.database.transaction("inbox.read beside") as session:
            await versions.read_beside(session, version, on=turn == "on")
            deeds.tell(session, turn)
    except errors.NoSuchVersion:
        raise
    except TrainingError as error:
        return await _page(here, me, 409, error.sentence)
    return RedirectResponse("/admin/nlu/models", 303)


@router.get("/{version}/disagreements")
async def differing(here: Here, me: MeTraining, version: Version) -> HTMLResponse:
    """Where a version that reads beside would have said something else."""
    async with here.database.reading() as session:
        values: dict[str, Any] = {
            "model": await versions.get(session, version),
            "found": await disagreements.found(session, version),
            "count": await disagreements.count(session, version),
            "rail": await rail_of(session, me),
        }
    return here.page("disagreements.html", me=me, place="models", **values)


async def _promoting(
    here: Site, me: Agent, version: int, status: int = 200, problem: str | None = None, reason: str = ""
) -> HTMLResponse:
    async with here.database.reading() as session:
        values: dict[str, Any] = {
            "comparison": await comparisons.with_live(session, version),
            "live": await versions.live(session),
            "running": await trainings.current(session),
            "rail": await rail_of(session, me),
        }
    return here.page("promote.html", status, me=me, place="models", problem=problem, reason=reason, **values)


async def _page(
    here: Site, me: Agent, status: int = 200, problem: str | None = None, *, older: bool = False
) -> HTMLResponse:
    async with here.database.reading() as session:
        values = await _listed(session, older) | {"rail": await rail_of(session, me)}
    taken = await asyncio.to_thread(bytes_in, here.settings.home / "models")
    values["disk"] = taken or sum(one.size for one in values["every"] if one.gone_at is None)
    return here.page("models.html", status, me=me, place="models", problem=problem, **values)


async def _listed(session: AsyncSession, older: bool) -> dict[str, Any]:
    """`older`: more versions than the newest and those that have a file."""
    running = await trainings.current(session)
    new_labels = None if running else await _new_labels(session)
    every = await versions.every(session)
    shown = [one for n, one in enumerate(every) if n < (MOST if older else NEWEST) or one.gone_at is None]
    whole = await test_sets.whole(session, [one.version for one in shown])
    sets = {version: found[0] for version, found in whole.items() if found}
    live = await versions.live(session)
    held = await versions.holding(session)
    return {
        "every": every,
        "shown": shown,
        "older": older,
        "live": live,
        "sets": sets,
        "scores": {version: await _scores(session, version, test_set) for version, test_set in sets.items()},
        "test_set": await test_sets.newest(session),
        "promotions": await versions.promotions(session),
        "back": await versions.to_roll_back_to(session),
        "disagreed": {one.version: await disagreements.count(session, one.version) for one in shown},
        "held": sorted(held),
        "clean": _clean(every, live, held),
        "running": running,
        "new_labels": new_labels,
    }


def _clean(every: list[versions.Model], live: versions.Model | None, held: set[int]) -> int | None:
    """The newest version after the one at work that holds nothing that is to be forgotten, while that one does."""
    if live is None or live.version not in held:
        return None
    newer = (one.version for one in every if one.version > live.version and one.gone_at is None)
    return next((version for version in newer if version not in held), None)


async def _scores(session: AsyncSession, version: int, test_set: int) -> Scores:
    found = await test_sets.answers(session, version, test_set)
    # Without the texts, which are kept nowhere but in the record.
    return scores_of(tuple(replace(one, text="") for one in found.values()))


async def _new_labels(session: AsyncSession) -> int | None:
    """Examples of the record that came or went since the newest version; `None` if nothing changed."""
    newest = await versions.newest(session)
    corpus = await test_sets.untested(session, await corpora.gather(session))
    if newest is None or corpus.sha256 == newest.corpus:
        return None
    return len(set(corpus.example_ids) ^ set(newest.example_ids))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
