"""/admin/rules: who is offered help, and what would become of posts that an admin tries. Nobody is offered anything."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse

from handoff.hearing import WOULD_BE_OFFERED, Judged
from handoff.models import Agent
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeTraining, Site

router = APIRouter(prefix="/admin/rules")

MOST = 50
"""Posts that are tried at once."""

LONGEST = 50_000
"""Characters of all of them."""

LARGEST_BODY = 8 * LONGEST
"""Bytes of the form, in which a character takes up to four: who sends too much gets it back with a sentence."""


@router.get("")
async def page(here: Here, me: MeTraining) -> HTMLResponse:
    """The rules as they are."""
    return await _page(here, me)


@router.post("")
async def try_posts(here: Here, me: MeTraining, posts: Annotated[str, Form()] = "") -> HTMLResponse:
    """What would become of each line. 422 with everything that was written when it is too much."""
    lines = [line for line in map(str.strip, re.split(r"\r\n|\r|\n", posts)) if line]
    if len(lines) > MOST or len(posts) > LONGEST:
        these = f"These are {len(lines):,}, of {len(posts):,} characters."
        problem = f"Try at most {MOST} posts at once, and {LONGEST:,} characters. {these}"
        return await _page(here, me, posts, problem=problem, status=422)
    return await _page(here, me, posts, await asyncio.to_thread(here.hearing.judge, lines))


async def _page(
    here: Site, me: Agent, posts: str = "", judged: Sequence[Judged] = (), *, problem: str = "", status: int = 200
) -> HTMLResponse:
    async with here.database.reading() as session:
        rail = await rail_of(session, me)
    shown = {"posts": posts, "fates": by_fate(judged), "problem": problem, "most": MOST, "heard": WOULD_BE_OFFERED}
    return here.page("rules.html", status, me=me, place="admin", rail=rail, hearing=here.hearing, **shown)


def by_fate(judged: Sequence[Judged]) -> Mapping[str, Sequence[Judged]]:
    """The posts by what would become of them: first those that would be offered help, then as they came."""
    found: dict[str, list[Judged]] = {}
    for one in sorted(judged, key=lambda one: one.fate != WOULD_BE_OFFERED):
        found.setdefault(one.fate, []).append(one)
    return found
