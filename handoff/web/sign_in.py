"""Coming in and going out: /login, /logout, and /join with a one-time link."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import agents, deeds, errors, factors
from handoff.models import Agent
from handoff.web import halves
from handoff.web.site import Here, Site
from handoff.web.witness import address

router = APIRouter()

Line = Annotated[str, Form(max_length=500)]


@router.get("/login")
async def login_page(here: Here, next: str = "/inbox") -> HTMLResponse:
    """The form."""
    return here.page("login.html", next=inside(next), email="", problem=None)


@router.post("/login")
async def login(request: Request, here: Here, email: Line = "", password: Line = "", next: Line = "/inbox") -> Response:
    """Sign in this browser. Unknown address and wrong password get the same answer, as late."""
    if not await here.may_try(request, email):
        return _again(here, email, next, 429, errors.TooManyTries().sentence)
    try:
        async with here.database.reading() as session:
            known = await agents.known(session, email)
        agent = await agents.authenticated(known, password)
        async with here.database.reading() as session:
            is_half = await factors.needed(session, agent.id)
    except errors.WrongSignIn as error:
        return _again(here, email, next, 422, error.sentence)
    except errors.TooManySignIns as error:
        return _again(here, email, next, 429, error.sentence)
    await here.forgive(request, email)
    if is_half:
        return here.page("code.html", half=halves.made(here.settings.key, agent), next=inside(next), problem=None)
    return await come_in(request, here, agent, inside(next))


@router.post("/logout")
async def logout(request: Request, here: Here) -> Response:
    """Sign out this browser, at once."""
    if token := request.cookies.get(here.cookie):
        async with here.database.transaction("inbox.sign out") as session:
            if found := await agents.signed_in(session, token):
                deeds.tell(session, "this browser", by=found.agent)
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
            deeds.tell(session, agent.role, by=agent)
    except errors.LinkIsOver as error:
        return here.page("trouble.html", 410, title="This link is over", sentence=error.sentence)
    except errors.AgentError as error:
        return here.page("join.html", 422, token=token, name=name, email=email, problem=error.sentence)
    return await come_in(request, here, agent, "/inbox")


async def come_in(request: Request, here: Site, agent: Agent, to: str, how: str = "password") -> Response:
    """Sign in this browser under a cookie that nobody knew before; the one it had is worth nothing from now on."""
    async with here.database.transaction("inbox.sign in") as session:
        deeds.tell(session, how, by=agent)
        if before := request.cookies.get(here.cookie):
            await agents.sign_out(session, before)
        place = deeds.roughly(address(request))
        token = await agents.sign_in(session, agent, request.headers.get("user-agent"), place)
    answer = RedirectResponse(to, 303)
    lasts = int(agents.LONGEST.total_seconds())
    answer.set_cookie(here.cookie, token, max_age=lasts, httponly=True, secure=here.is_https, samesite="lax")
    return answer


def _again(here: Site, email: str, next: str, status: int, problem: str) -> HTMLResponse:
    return here.page("login.html", status, next=inside(next), email=email, problem=problem)


def inside(address: str) -> str:
    """The address if it is a page of ours; the inbox otherwise."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/inbox"
    ours = not parts.scheme and not parts.netloc and parts.path.startswith(("/inbox", "/admin", "/me"))
    return address if ours and "\\" not in address else "/inbox"
