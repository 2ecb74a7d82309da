"""Coming in and going out: /login, /logout, and /join with a one-time link."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import agents, errors
from handoff.base import clean
from handoff.models import Agent
from handoff.web.site import TRIES, TRIES_OF_ALL, Here, Site

router = APIRouter()

Line = Annotated[str, Form(max_length=500)]


@router.get("/login")
async def login_page(here: Here, next: str = "/inbox") -> HTMLResponse:
    """The form."""
    return here.page("login.html", next=_inside(next), email="", problem=None)


@router.post("/login")
async def login(request: Request, here: Here, email: Line = "", password: Line = "", next: Line = "/inbox") -> Response:
    """Sign in this browser. Unknown address and wrong password get the same answer, as late."""
    address = request.client.host if request.client else ""
    who = clean(email).strip().casefold(), address
    if not (await here.tries.hit(TRIES_OF_ALL, address) and await here.tries.hit(TRIES, *who)):
        return _again(here, email, next, 429, "Too many tries. Wait a quarter of an hour, then try again.")
    try:
        async with here.database.reading() as session:
            known = await agents.known(session, email)
        agent = await agents.authenticated(known, password)
    except errors.WrongSignIn as error:
        return _again(here, email, next, 422, error.sentence)
    except errors.TooManySignIns as error:
        return _again(here, email, next, 429, error.sentence)
    await here.tries.clear(TRIES, *who)
    return await _come_in(request, here, agent, _inside(next))


@router.post("/logout")
async def logout(request: Request, here: Here) -> Response:
    """Sign out this browser, at once."""
    if token := request.cookies.get(here.cookie):
        async with here.database.transaction("inbox.sign out") as session:
            await agents.sign_out(session, token)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(here.cookie, httponly=True, secure=here.is_https, samesite="lax")
    return answer


@router.get("/join/{token}")
async def join_page(here: Here, token: str) -> HTMLResponse:
    """The form behind an invitation. Looking at it uses nothing up."""
    try:
        async with here.database.reading() as session:
            await agents.invitation(session, token)
    except errors.LinkIsOver as error:
        return here.page("trouble.html", 410, title="This link is over", sentence=error.sentence)
    return here.page("join.html", token=token, name="", email="", problem=None)


@router.post("/join/{token}")
async def join(
    request: Request, here: Here, token: str, name: Line = "", email: Line = "", password: Line = ""
) -> Response:
    """Become an agent, and come in."""
    try:
        async with here.database.reading() as session:
            await agents.invitation(session, token)
        password_hash = await agents.hashed(password)
        async with here.database.transaction("inbox.join") as session:
            agent = await agents.join(session, token, name=name, email=email, password_hash=password_hash)
    except errors.LinkIsOver as error:
        return here.page("trouble.html", 410, title="This link is over", sentence=error.sentence)
    except errors.AgentError as error:
        return here.page("join.html", 422, token=token, name=name, email=email, problem=error.sentence)
    return await _come_in(request, here, agent, "/inbox")


async def _come_in(request: Request, here: Site, agent: Agent, to: str) -> Response:
    async with here.database.transaction("inbox.sign in") as session:
        token = await agents.sign_in(session, agent, request.headers.get("user-agent"))
    answer = RedirectResponse(to, 303)
    lasts = int(agents.LONGEST.total_seconds())
    answer.set_cookie(here.cookie, token, max_age=lasts, httponly=True, secure=here.is_https, samesite="lax")
    return answer


def _again(here: Site, email: str, next: str, status: int, problem: str) -> HTMLResponse:
    return here.page("login.html", status, next=_inside(next), email=email, problem=problem)


def _inside(address: str) -> str:
    """The address if it is a page of ours; the inbox otherwise."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/inbox"
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(("/inbox", "/admin"))
    return address if ours and "\\" not in address else "/inbox"
