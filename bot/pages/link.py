"""/h/<token>: the page behind an offer's link. Looking at it changes nothing, ever; only its author can opt in."""

import secrets
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.channel import Click
from bot.pages.chat import chat_page
from bot.pages.door import door, elsewhere, nothing_here
from bot.pages.site import Site, address, see, site
from bot.pages.speak import spoken
from handoff.square import CHANNEL

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
    if not found.is_author:
        return elsewhere(here, found, token)
    return stopped(here, token=token) if found.landing.stopped else _offer(here, token)


@router.post("/{token}")
async def opt_in(request: Request, token: str) -> Response:
    """Say yes. Anybody may press the button; only for the author something comes of it."""
    here = site(request)
    await here.pace.keep("button", address(request))
    found = await door(request, token)
    if found is None:
        return nothing_here(here, None)
    click = Click(CHANNEL, f"click:{secrets.token_urlsafe(12)}", found.author, token, datetime.now(UTC), spoken().tag)
    clicked = await here.flow.on_click(click)
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
    click = Click(CHANNEL, f"click:{secrets.token_urlsafe(12)}", found.author, token, datetime.now(UTC))
    await here.flow.on_return(click)
    return see(f"/h/{token}#end")


def stopped(here: Site, status: int = 200, token: str = "") -> HTMLResponse:
    """What somebody sees who said STOP; with the token, its author can begin anew."""
    return here.page("stopped.html", status, token=token)


def _offer(here: Site, token: str) -> HTMLResponse:
    consent, days = here.brand.consent_in(spoken().tag, "talk"), here.brand.retention_days
    return here.page("landing.html", token=token, consent=consent, retention=days)
