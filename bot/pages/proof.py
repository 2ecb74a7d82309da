"""Proof that a browser is the author's by signing in on the channel.

Nothing is kept in a browser before somebody pressed the button, which is their yes to what stands there.
"""

import asyncio
import base64
import hashlib
import secrets

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from bot.channel import Author, ChannelError, NeverDeliverable, SignIn
from bot.pages.door import Door, door, hold, let_go, nothing_here, visit_cookie
from bot.pages.link import landing_page
from bot.pages.site import address, called, see, site
from bot.pages.speak import _, spoken
from handoff import offers, tokens, visits
from handoff.failpoints import outside
from handoff.visits import Spent

router = APIRouter()

PATIENCE = 20.0
"""Seconds that a platform has to say who it was; the code that it gave us lives for 30."""

LONGEST = 2000
"""Characters of a platform's code; X's have about a hundred."""


@router.post("/h/{token}/prove/sign-in")
async def sign_in(request: Request, token: str) -> Response:
    """Go and sign in on the channel."""
    here, found = site(request), await at_the_door(request, token)
    if isinstance(found, Response):
        return found
    asks = here.flow.way_in(found.landing.channel, token).sign_in
    if asks is None:
        return see(f"/h/{token}")
    await here.pace.keep("sign-in", address(request))
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    async with here.database.transaction("proof.sign_in") as session:
        offer = await offers.by_token_hash(session, tokens.digest(token))
        if offer is None:
            return nothing_here(here, None)
        visit, cookie = await visits.begin(session, offer, visit_cookie(request), spoken().tag)
        await visits.ask_to_sign_in(session, visit, state, verifier)
    return hold(here, see(asks.address(state, _challenge(verifier))), cookie, visits.CODE.total_seconds())


@router.get("/proof/{channel}")
async def come_back(request: Request, channel: str, state: str = "", code: str = "", error: str = "") -> Response:
    """Back from signing in. The state is taken before anybody is asked, so that it can be used once."""
    here = site(request)
    await here.pace.keep("sign-in", address(request))
    asks = here.flow.way_in(channel, "").sign_in
    if asks is None:
        return nothing_here(here, None)
    async with here.database.transaction("proof.spend") as session:
        spent = await visits.spend(session, visit_cookie(request), state)
    token = tokens.offer_token(here.settings.key, spent.offer_id) if spent else ""
    found = await door(request, token) if spent else None
    if spent is None or found is None or found.landing.channel != channel:
        return await _no_sign_in(request)
    here.languages.prefer(spent.language)
    if error or not code or len(code) > LONGEST:
        words = _("You did not sign in, so nothing has happened. You can try again, or post a code instead.")
        return await landing_page(here, token, found, error=words)
    try:
        author = await _account(asks, code, spent)
    except (ChannelError, TimeoutError) as trouble:
        return await landing_page(here, token, found, 503, _sorry(channel, trouble))
    return await _judge(request, found, token, spent, author)


@router.post("/h/{token}/leave")
async def leave(request: Request, token: str) -> Response:
    """Sign out here."""
    here = site(request)
    async with here.database.transaction("proof.leave") as session:
        await visits.leave(session, visit_cookie(request))
    return let_go(here, see(f"/h/{token}"))


async def at_the_door(request: Request, token: str) -> Door | Response:
    """Who wants to prove something, or where else they belong."""
    here = site(request)
    await here.pace.keep("button", address(request))
    found = await door(request, token)
    if found is None or found.is_closed:
        return nothing_here(here, found)
    return see(f"/h/{token}#end") if found.is_author else found


async def _account(asks: SignIn, code: str, spent: Spent) -> Author:
    async with outside("proof.account"), asyncio.timeout(PATIENCE):
        return await asks.account(code, spent.verifier)


async def _judge(request: Request, found: Door, token: str, spent: Spent, author: Author) -> Response:
    here, cookie = site(request), secrets.token_urlsafe(32)
    clicked = await here.flow.on_proof(spent.visit_id, found.landing.channel, author, cookie)
    match clicked.outcome:
        case "opted_in" | "already" | "stopped":
            return hold(here, see(f"/h/{token}#end"), cookie, visits.PROVEN.total_seconds())
        case "not_author":
            return let_go(here, here.page("prove_other.html", 403))
        case "expired":
            return let_go(here, nothing_here(here, found))
        case "unknown":
            return await _no_sign_in(request)


async def _no_sign_in(request: Request) -> HTMLResponse:
    """The sign-in is none of this browser's, or no more: somebody went back, or waited, or made it up."""
    here = site(request)
    async with here.database.reading() as session:
        known = await visits.known(session, visit_cookie(request))
    if known:
        words = _("Your chat is where you left it.")
        way = f"/h/{tokens.offer_token(here.settings.key, known.offer_id)}"
        return here.plain(200, _("You are signed in already"), words, way, _("Go to your chat"))
    words = _(
        "It was used already, took longer than ten minutes, or began in another browser. "
        "Open the link that you were offered once more, and sign in from there."
    )
    return here.plain(400, _("This sign-in does not work any more"), words, "/square", _("Go to the square"))


def _sorry(channel: str, trouble: Exception) -> str:
    name = called(channel)
    if isinstance(trouble, NeverDeliverable):
        return _("%(channel)s did not accept this sign-in. Try again, or post a code instead.", channel=name)
    return _("We cannot reach %(channel)s right now. Try again in a minute, or post a code instead.", channel=name)


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
