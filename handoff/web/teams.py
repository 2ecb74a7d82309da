"""/admin/teams: teams, what each agent can take on, and whether cases are given automatically."""

from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import Field

from handoff import agents, claims, deeds, errors, skills, teams
from handoff.models import Agent
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAdmin, MeLeading, Site
from handoff.web.words import LANGUAGES

router = APIRouter(prefix="/admin")

Id = Annotated[int, Path(ge=1, le=2**62)]
Name = Annotated[str, Form(max_length=200)]
People = Annotated[list[Annotated[int, Field(ge=1, le=2**62)]] | None, Form(max_length=1000)]
Word = Annotated[str, Form(max_length=80)]
Room = Annotated[int, Form(ge=0, le=skills.MOST)]


@router.get("/teams")
async def page(here: Here, me: MeLeading) -> HTMLResponse:
    """The page."""
    return await _page(here, me)


@router.post("/teams")
async def make(here: Here, me: MeAdmin, name: Name = "") -> Response:
    """A new team."""
    try:
        async with here.database.transaction("inbox.make team") as session:
            deeds.tell(session, f"team {(await teams.make(session, name)).id}")
    except errors.AgentError as error:
        return await _page(here, me, 409, problem=error.sentence)
    return RedirectResponse("/admin/teams", 303)


@router.post("/teams/giving")
async def giving(here: Here, me: MeAdmin, on: Annotated[bool, Form()] = False) -> Response:
    """Give cases automatically, or not any more."""
    async with here.database.transaction("inbox.giving") as session:
        await claims.switch(session, me, on=on)
        deeds.tell(session, "on" if on else "off")
    return RedirectResponse("/admin/teams", 303)


@router.post("/teams/{team_id}")
async def change(here: Here, me: MeAdmin, team_id: Id, name: Name = "", member: People = None) -> Response:
    """Call a team otherwise, and say who is in it."""
    try:
        async with here.database.transaction("inbox.change team") as session:
            await teams.fill(session, team_id, member or [])
            await teams.rename(session, team_id, name)
    except (errors.AgentError, errors.NoSuchTeam) as error:
        return await _page(here, me, 409, problem=error.sentence)
    return RedirectResponse("/admin/teams", 303)


@router.post("/teams/{team_id}/remove")
async def remove(here: Here, me: MeAdmin, team_id: Id) -> Response:
    """Remove a team; its cases stay."""
    async with here.database.transaction("inbox.remove team") as session:
        await teams.remove(session, team_id)
    return RedirectResponse("/admin/teams", 303)


@router.post("/agents/{agent_id}/skills")
async def say(
    here: Here,
    me: MeLeading,
    agent_id: Id,
    language: Annotated[list[Word] | None, Form(max_length=50)] = None,
    intent: Annotated[list[Word] | None, Form(max_length=500)] = None,
    capacity: Room = skills.CAPACITY,
) -> Response:
    """Say what an agent can take on."""
    async with here.database.transaction("inbox.skills") as session:
        if await session.get(Agent, agent_id) is not None:
            await skills.say(session, agent_id, language or [], intent or [], capacity)
    return RedirectResponse(f"/admin/teams#agent-{agent_id}", 303)


async def _page(here: Site, me: Agent, status: int = 200, *, problem: str | None = None) -> HTMLResponse:
    async with here.database.reading() as session:
        everybody = await agents.everybody(session)
        values = {
            "teams": await teams.everything(session),
            "members": await teams.members(session),
            "agents": [one for one in everybody if one.disabled_at is None and one.may("answer")],
            "skills": await skills.everything(session),
            "intents": await skills.known_intents(session),
            "languages": sorted(LANGUAGES),
            "capacity": skills.CAPACITY,
            "most": skills.MOST,
            "is_given": await claims.are_given(session),
            "rail": await rail_of(session, me),
        }
    return here.page("teams.html", status, me=me, place="admin", problem=problem, **values)
