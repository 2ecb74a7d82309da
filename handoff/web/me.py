"""/me: one's own name, password, keys and presence, the browsers one is signed in with, and the second factor."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func

from handoff import agents, deeds, errors, factors, passkeys
from handoff.credentials import Seal
from handoff.database import LISTS, changed
from handoff.models import Agent
from handoff.web.pictures import qr_code
from handoff.web.rail import rail_of
from handoff.web.site import Here, MySelf, Site

router = APIRouter(prefix="/me")

Line = Annotated[str, Form(max_length=500)]
Id = Annotated[int, Path(ge=1, le=2**62)]

DONE = {
    "name": "Your name is changed.",
    "password": "Your password is changed. Every other browser is signed out.",
    "code-off": "The authenticator app counts no more.",
}
"""What is said after something worked, by the name in the address."""


@router.get("")
async def me_page(request: Request, here: Here, me: MySelf, done: str = "") -> HTMLResponse:
    """The page."""
    return await page(request, here, me, done=DONE.get(done))


@router.post("/name")
async def name(request: Request, here: Here, me: MySelf, name: Line = "") -> Response:
    """Be called otherwise from now on."""
    try:
        async with here.database.transaction("inbox.change name") as session:
            await agents.rename(session, me.id, name)
            changed(session, LISTS)
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return RedirectResponse("/me?done=name", 303)


@router.post("/presence")
async def presence(here: Here, me: MySelf, away: Annotated[bool, Form()] = False) -> Response:
    """Take no new cases for a while, or take them again."""
    async with here.database.transaction("inbox.presence") as session:
        agent = await session.get_one(Agent, me.id)
        agent.away_at = func.clock_timestamp() if away else None
        deeds.tell(session, "away" if away else "available")
        changed(session, 0)
        changed(session, LISTS)
    return RedirectResponse("/me", 303)


@router.post("/password")
async def password(request: Request, here: Here, me: MySelf, old: Line = "", new: Line = "") -> Response:
    """Another password; whoever knew the old one is out in every other browser."""
    try:
        await confirm(request, here, me, old)
        password_hash = await agents.hashed(new)
        async with here.database.transaction("inbox.change password") as session:
            await agents.change_password(session, me.id, password_hash, keep=request.cookies[here.cookie])
    except errors.AgentError as error:
        return await page(request, here, me, 422, problem=error.sentence)
    return RedirectResponse("/me?done=password", 303)


@router.post("/sign-ins/others/end")
async def end_others(request: Request, here: Here, me: MySelf) -> Response:
    """Sign out every browser but this one."""
    async with here.database.transaction("inbox.sign out others") as session:
        await agents.sign_out_everywhere(session, me.id, but=request.cookies[here.cookie])
    return RedirectResponse("/me", 303)


@router.post("/sign-ins/{sign_in_id}/end")
async def end(here: Here, me: MySelf, sign_in_id: Id) -> Response:
    """Sign out one browser."""
    async with here.database.transaction("inbox.sign out one") as session:
        await agents.revoke(session, me.id, sign_in_id)
    return RedirectResponse("/me", 303)


async def confirm(request: Request, here: Site, me: Agent, password: str) -> None:
    """Whether the person at this browser knows the password. Raises `WrongPassword`, `TooManySignIns`."""
    if not await here.may_try(request, me.email):
        raise errors.TooManyTries
    try:
        await agents.authenticated(me, password)
    except errors.WrongSignIn as error:
        raise errors.WrongPassword from error
    await here.forgive(request, me.email)


async def page(request: Request, here: Site, me: Agent, status: int = 200, **told: Any) -> HTMLResponse:
    """The page with what is `told`: `problem` or `done`, and, once, `codes`."""
    seal = Seal(here.settings.key)
    async with here.database.reading() as session:
        current = await agents.signed_in(session, request.cookies[here.cookie])
        secret = await factors.secret_of(session, seal, me.id)
        values: dict[str, Any] = {
            "sign_ins": await agents.standing(session, me.id),
            "current": current.id if current else None,
            "has_app": await factors.proven(session, me.id),
            "passkeys": await passkeys.of(session, me.id),
            "codes_left": await factors.codes_left(session, me.id),
            "rail": await rail_of(session, me),
        }
    address = factors.address_for_apps(secret, me, here.brand_name) if secret else None
    values |= {"secret": secret, "picture": qr_code(address) if address else None}
    nothing = {"problem": None, "done": None, "codes": None}
    return here.page("me.html", status, me=me, place="me", **values, **(nothing | told))
