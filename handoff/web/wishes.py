"""How an agent wants the pages to behave: single keys, and what they are told of outside of the page."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import update

from handoff import notices
from handoff.models import Agent
from handoff.notices import About
from handoff.web.site import Here, MySelf

router = APIRouter(prefix="/me")


@router.post("/keys")
async def keys(here: Here, me: MySelf, single_keys: Annotated[bool, Form()] = False) -> Response:
    """Switch single keys on or off, in every browser of the agent."""
    async with here.database.transaction("inbox.keys") as session:
        await session.execute(update(Agent).where(Agent.id == me.id).values(single_keys=single_keys))
    return RedirectResponse("/me", 303)


@router.post("/notices")
async def wish(
    here: Here, me: MySelf, about: Annotated[About, Form()], sound: Annotated[bool, Form()] = False
) -> Response:
    """Say what to be told of."""
    async with here.database.transaction("inbox.notices") as session:
        await notices.wish(session, me, about, sound=sound)
    return RedirectResponse("/inbox", 303)
