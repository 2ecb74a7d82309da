"""/h/<token>: the page behind an offer's link. Looking at it changes nothing, ever; only its author can opt in."""

import secrets
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.channel import Click
from bot.pages.chat import chat_page
from bot.pages.door import Door, door, elsewhere, lead_to_sign_in, nothing_here
from bot.pages.site import Site, address, called, posted_on, see, site
from bot.pages.speak import _, day, ngettext, spoken
from bot.pages.view import lately
from handoff import waits
from handoff.waits import Wait

router = APIRouter(prefix="/h")


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def look(request: Request, token: str) -> Response:
    """The chat, the offer of one, or a neutral page, by who is asking."""
    here = site(request)
    found = await door(request, token)
    if found is not None and found.chat is not None:
        return await chat_page(request, token, found, found.chat)
    await here.pace.keep("link", address(request))
    if found is None or found.is_closed:
        return nothing_here(here, found)
    if found.is_author and found.landing.stopped:
        return stopped(here, token=token)
    return await landing_page(here, token, found)


@router.post("/{token}")
async def opt_in(request: Request, token: str) -> Response:
    """Say yes. Anybody may press the button; only for the author something comes of it."""
    here = site(request)
    await here.pace.keep("button", address(request))
    found = await door(request, token)
    if found is None:
        return nothing_here(here, None)
    clicked = await here.flow.on_click(_click(found, token), found.proof)
    match clicked.outcome:
        case "opted_in" | "already":
            return see(f"/h/{token}#end")
        case "not_author":
            return elsewhere(here, found, token, 403)
        case "stopped":
            return stopped(here, 409, token)
        case "unknown" | "expired":
            return nothing_here(here, found)


@router.post("/{token}/again")
async def again(request: Request, token: str) -> Response:
    """The author said STOP and wants help after all: a new chat, which they begin themselves."""
    here = site(request)
    await here.pace.keep("button", address(request))
    found = await door(request, token)
    if found is None or not found.is_author:
        return elsewhere(here, found, token, 403) if found else nothing_here(here, None)
    await here.flow.on_return(_click(found, token), found.proof)
    return see(f"/h/{token}#end")


async def landing_page(here: Site, token: str, found: Door, status: int = 200, error: str = "") -> HTMLResponse:
    """The offer of a chat, and the ways into it. Who is not proven reads nothing that the thread's state changes."""
    landing = found.landing
    way = here.flow.way_in(landing.channel, token)
    if not found.is_author and not (way.link or way.sign_in or way.code_to):
        return elsewhere(here, found, token)
    async with here.database.reading() as session:
        waiting = _in_words(await waits.wait(session, but=landing.thread_id))
    names = {"is_author": found.is_author, "way": way, "channel": called(landing.channel), "waiting": waiting}
    consent, days = here.brand.consent_in(spoken().tag, "talk"), here.brand.retention_days
    about = _about(found)
    page = here.page(
        "landing.html", status, token=token, about=about, **names, consent=consent, retention=days, error=error
    )
    return lead_to_sign_in(page, way)


def stopped(here: Site, status: int = 200, token: str = "") -> HTMLResponse:
    """What somebody sees who said STOP; with the token, its author can begin anew."""
    return here.page("stopped.html", status, token=token)


def _click(found: Door, token: str) -> Click:
    click_id = f"click:{secrets.token_urlsafe(12)}"
    return Click(found.landing.channel, click_id, found.author, token, datetime.now(UTC), spoken().tag)


def _about(found: Door) -> str:
    where, at = posted_on(found.landing.channel), found.landing.posted_at
    if found.is_author and at is not None:
        return _("It is about what you posted %(where)s on %(day)s.", where=where, day=day(at))
    return _("It is about something that you posted %(where)s.", where=where)


def _in_words(wait: Wait) -> str:
    nobody = _("Right now nobody is waiting.")
    some = ngettext("Right now one person is waiting.", "Right now %(num)s people are waiting.", wait.waiting)
    return f"{some if wait.waiting else nobody} {lately(wait)}".strip()
