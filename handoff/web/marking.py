"""What agents do to the order of their work: tags, priorities, snoozes, and one deed for several cases at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response

from handoff import cases, errors, marks, threads
from handoff.base import Priority
from handoff.deeds import tell
from handoff.web.panes import inbox_page
from handoff.web.site import Here, MeAnswering
from handoff.web.where import Where
from handoff.web.words import person
from handoff.web.writing import At

router = APIRouter()

Tag = Annotated[str, Form(max_length=200)]
Until = Annotated[Literal["hours", "tomorrow", "monday", "moment"], Form()]
Zone = Annotated[str, Form(max_length=60)]
Moment = Annotated[str, Form(max_length=30)]

MORNING = 9
"""The hour at which a snooze until a day ends."""

MOST = 200
"""Cases of one deed for several."""


@router.post("/inbox/{thread_id}/tag")
async def tag(at: At, tag: Tag = "") -> Response:
    """Put a tag on the case."""
    return await at.attempt("tag", partial(marks.tag, thread_id=at.thread_id, agent=at.me, word=tag))


@router.post("/inbox/{thread_id}/untag")
async def untag(at: At, tag: Tag = "") -> Response:
    """Take a tag off the case."""
    return await at.attempt("untag", partial(marks.untag, thread_id=at.thread_id, agent=at.me, word=tag))


@router.post("/inbox/{thread_id}/spam")
async def spam(at: At) -> Response:
    """Close the case as one that nobody is in need behind."""
    return await at.attempt("spam", partial(marks.spam, thread_id=at.thread_id, agent=at.me))


@router.post("/inbox/{thread_id}/priority")
async def prioritise(at: At, priority: Annotated[Priority, Form()]) -> Response:
    """Say how urgent the case is."""
    deed = partial(marks.prioritise, thread_id=at.thread_id, agent=at.me, priority=priority)
    return await at.attempt("priority", deed)


@router.post("/inbox/{thread_id}/snooze")
async def snooze(at: At, until: Until, zone: Zone = "UTC", moment: Moment = "") -> Response:
    """Put the case out of sight until a moment."""
    end = until_when(until, zone, moment)
    return await at.attempt("snooze", partial(marks.snooze, thread_id=at.thread_id, agent=at.me, until=end))


@router.post("/inbox/{thread_id}/wake")
async def wake(at: At) -> Response:
    """End a snooze before its time."""
    return await at.attempt("wake", partial(marks.wake, thread_id=at.thread_id, agent=at.me))


@router.post("/several")
async def several(
    here: Here,
    me: MeAnswering,
    where: Where,
    deed: Annotated[Literal["claim", "close", "tag", "snooze"], Form()],
    thread: Annotated[list[int] | None, Form(max_length=MOST)] = None,
    tag: Tag = "",
    until: Until = "tomorrow",
    zone: Zone = "UTC",
    opened: Annotated[int, Form(ge=0, le=2**62)] = 0,
) -> Response:
    """Do one thing to several cases, each by itself; the page names those with which it could not be done."""
    deeds: dict[str, Callable[..., Awaitable[object]]] = {
        "claim": cases.claim,
        "close": cases.close,
        "tag": partial(marks.tag, word=tag),
        "snooze": partial(marks.snooze, until=until_when(until, zone, "")),
    }
    chosen = sorted(set(thread or ()))
    refused: list[str] = []
    for thread_id in chosen:
        try:
            async with here.database.transaction(f"inbox.several {deed}") as session:
                tell(session, thread_id=thread_id)
                await deeds[deed](session, thread_id=thread_id, agent=me)
        except errors.CaseError as error:
            refused.append(f"{await _name(here, thread_id)}: {error.sentence}")
    if not refused and chosen:
        return RedirectResponse(f"/inbox{f'/{opened}' if opened else ''}{where.query()}", 303)
    said = f"Done with {len(chosen) - len(refused)} of {len(chosen)}." if chosen else "Select a case first."
    return await inbox_page(here, me, opened or None, where, status=409, undone=[said, *refused])


async def _name(here: Here, thread_id: int) -> str:
    """What to call the customer of a thread that agents may see; nobody else has a name here."""
    async with here.database.reading() as session:
        found = await threads.whole(session, thread_id)
        return person(found.customer) if found and found.opt_in and found.cases else f"Case {thread_id}"


def until_when(until: str, zone: str, moment: str, now: datetime | None = None) -> datetime:
    """When a snooze ends, in the agent's own zone. What is not a moment is one that has passed."""
    here = _zone(zone)
    today = (now or datetime.now(UTC)).astimezone(here)
    morning = today.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    match until:
        case "hours":
            return today + timedelta(hours=3)
        case "tomorrow":
            return morning + timedelta(days=1)
        case "monday":
            return morning + timedelta(days=7 - today.weekday())
    try:
        return datetime.fromisoformat(moment).replace(tzinfo=here)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
