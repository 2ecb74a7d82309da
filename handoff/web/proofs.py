"""/login/code and /login/passkey: the second factor of a sign-in, or a passkey in place of everything else."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from limits import RateLimitItemPerHour

from handoff import errors, factors, passkeys
from handoff.credentials import Seal
from handoff.web import halves
from handoff.web.sign_in import Line, come_in, inside
from handoff.web.site import TRIES_OF_ALL, Here, Site
from handoff.web.witness import address

router = APIRouter()

Sealed = Annotated[str, Form(max_length=2_000)]
Signed = Annotated[str, Form(max_length=20_000)]

TRIES_OF_CODE = RateLimitItemPerHour(20)
"""Codes that are tried for one account from anywhere: three of a million count at a time."""


@router.post("/login/code")
async def code(request: Request, here: Here, half: Sealed, code: Line = "", next: Line = "/inbox") -> Response:
    """The second half of a sign-in."""
    try:
        async with here.database.reading() as session:
            agent = await halves.agent_of(session, here.settings.key, half)
        tried = "code", str(agent.id)
        if not (await here.may_try(request, agent.email) and await here.tries.hit(TRIES_OF_CODE, *tried)):
            raise errors.TooManyTries
        async with here.database.transaction("inbox.use code") as session:
            how = await factors.accept(session, Seal(here.settings.key), agent.id, code)
    except errors.TooLate as error:
        return here.page("login.html", 422, next=inside(next), email="", problem=error.sentence)
    except errors.AgentError as error:
        status = 429 if isinstance(error, errors.TooManyTries) else 422
        return here.page("code.html", status, half=half, next=inside(next), problem=error.sentence)
    await here.forgive(request, agent.email)
    await here.tries.clear(TRIES_OF_CODE, *tried)
    return await come_in(request, here, agent, inside(next), f"password and {how}")


@router.post("/login/passkey/options")
async def ask_who(request: Request, here: Here) -> Response:
    """What the browser is asked to sign (JSON)."""
    if not await here.tries.hit(TRIES_OF_ALL, address(request)):
        return JSONResponse({"problem": errors.TooManyTries().sentence}, 429)
    async with here.database.transaction("inbox.ask who") as session:
        return Response(await passkeys.ask_who(session, here.place), media_type="application/json")


@router.post("/login/passkey")
async def by_passkey(request: Request, here: Here, credential: Signed, next: Line = "/inbox") -> Response:
    """Come in with a passkey: the device has asked for a finger, a face or a PIN, which is two factors in one."""
    if not await here.tries.hit(TRIES_OF_ALL, address(request)):
        return _refused(here, next, 429, errors.TooManyTries())
    try:
        async with here.database.transaction("inbox.use passkey") as session:
            agent = await passkeys.owner(session, here.place, json.loads(credential))
    except (errors.AgentError, ValueError, AttributeError):
        return _refused(here, next, 422, errors.WrongPasskey())
    return await come_in(request, here, agent, inside(next), "passkey")


def _refused(here: Site, next: str, status: int, error: errors.AgentError) -> HTMLResponse:
    return here.page("login.html", status, next=inside(next), email="", problem=error.sentence)
