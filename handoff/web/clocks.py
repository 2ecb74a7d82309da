"""/admin/clocks: how soon customers are answered and cases closed, and in which hours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args
from zoneinfo import available_timezones

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import deeds, targets
from handoff.hours import Hours
from handoff.models import Agent
from handoff.targets import ChangedMeanwhile, Rules, What
from handoff.web.chips import NAMES
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAdmin, Site
from handoff.web.timetable import DAYS, Mistake, read_hours, read_length, said_hours, said_length
from handoff.web.views import URGENCY

router = APIRouter(prefix="/admin")

KINDS: tuple[What, ...] = get_args(What)


async def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Fields = Annotated[dict[str, str], Depends(_fields)]


@router.get("/clocks")
async def page(here: Here, me: MeAdmin) -> HTMLResponse:
    """The page."""
    return await _page(here, me)


@router.post("/clocks")
async def change(here: Here, me: MeAdmin, fields: Fields) -> Response:
    """Change the hours or the targets; open cases follow one after the other, some fifty in a second."""
    hours, mistakes = read_hours(fields) if "zone" in fields else (None, {})
    wanted, wrong = ({}, {}) if "zone" in fields else _read_targets(fields)
    if mistakes or wrong:
        return await _page(here, me, 422, fields=fields, mistakes={**mistakes, **wrong})
    version = fields.get("version", "")
    seen = int(version) if version.isdecimal() and len(version) <= 9 else 0
    try:
        async with here.database.transaction("inbox.change clocks") as session:
            deeds.tell(session, "hours" if hours else "targets")
            if hours is not None:
                await targets.set_hours(session, hours, seen=seen)
            else:
                await targets.set_targets(session, wanted, seen=seen)
    except ChangedMeanwhile as error:
        return await _page(here, me, 409, problem=error.sentence)
    return RedirectResponse("/admin/clocks", 303)


def _read_targets(fields: Mapping[str, str]) -> tuple[dict[tuple[str, str], tuple[int | None, bool]], dict[str, str]]:
    """Minutes, and whether in working hours, by priority and what is asked; and the mistakes by field."""
    wanted: dict[tuple[str, str], tuple[int | None, bool]] = {}
    mistakes: dict[str, str] = {}
    for priority in URGENCY:
        for what in KINDS:
            name = f"{what}_{priority}"
            try:
                wanted[priority, what] = read_length(fields.get(name, "")), f"{name}_hours" in fields
            except Mistake as mistake:
                mistakes[name] = f"{NAMES[what]}, {priority}: {mistake}"
    return wanted, mistakes


async def _page(
    here: Site,
    me: Agent,
    status: int = 200,
    *,
    fields: Mapping[str, str] | None = None,
    mistakes: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> HTMLResponse:
    """`fields`: what was written and could not be read, which stays to be put right."""
    async with here.database.reading() as session:
        rules, rail = await targets.rules(session), await rail_of(session, me)
    written = fields or {}
    said = {**said_hours(rules.hours), **_said_targets(rules)}
    if "zone" in written:
        said |= written
    elif written:
        said = said_hours(rules.hours) | dict(written)
    values = {"rules": rules, "said": said, "mistakes": mistakes or {}, "problem": problem, "rail": rail}
    always = {"days": DAYS, "zones": sorted(available_timezones()), "names": NAMES, "priorities": URGENCY}
    return here.page("clocks.html", status, me=me, place="admin", now=_now(rules.hours), **values, **always)


def _said_targets(rules: Rules) -> dict[str, str]:
    said: dict[str, str] = {}
    for (priority, what), target in rules.targets.items():
        said[f"{what}_{priority}"] = said_length(target.minutes)
        if target.in_hours:
            said[f"{what}_{priority}_hours"] = "on"
    return said


def _now(hours: Hours) -> str:
    """What time it is for the team, and whether it works."""
    now = datetime.now(UTC)
    clock = f"It is {now.astimezone(hours.zone):%A, %H:%M} in {hours.zone.key}"
    span = next(hours.spans(now), None)
    if span is None:
        return f"{clock}. Nobody ever works by these hours, so a target in working hours never runs."
    start, end = (moment.astimezone(hours.zone) for moment in span)
    if start <= now:
        return f"{clock}: the team works, until {end:%H:%M}."
    day = "at %H:%M" if start - now < timedelta(hours=12) else "on %A, %-d %B, %H:%M"
    return f"{clock}: nobody works. The next hours begin {start:{day}}."
