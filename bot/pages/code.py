"""Proof that a browser is the author's by a code: they say it to us, and the browser that asked for it goes on."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.pages.door import hold, nothing_here, visit_cookie
from bot.pages.proof import at_the_door
from bot.pages.site import address, called, see, site
from bot.pages.speak import _, spoken
from handoff import offers, tokens, visits
from handoff.web.stream import stream

router = APIRouter()

READ = ["GET", "HEAD"]


@router.post("/h/{token}/prove/code")
async def ask_for_code(request: Request, token: str) -> Response:
    """Get a code to post, the same one as long as it lives."""
    here, found = site(request), await at_the_door(request, token)
    if isinstance(found, Response):
        return found
    if here.flow.way_in(found.landing.channel, token).code_to is None:
        return see(f"/h/{token}")
    async with here.database.reading() as session:
        if await visits.waiting(session, visit_cookie(request), tokens.digest(token)):
            return see(f"/h/{token}/prove/code")
    await here.pace.keep("code", f"{token} {address(request)}")
    await here.pace.keep("code from one address", address(request))
    async with here.database.transaction("proof.code") as session:
        offer = await offers.by_token_hash(session, tokens.digest(token))
        if offer is None:
            return nothing_here(here, None)
        visit, cookie = await visits.begin(session, offer, visit_cookie(request), spoken().tag)
        await visits.ask_for_code(session, visit)
    return hold(here, see(f"/h/{token}/prove/code"), cookie, visits.CODE.total_seconds())


@router.api_route("/h/{token}/prove/code", methods=READ)
async def code(request: Request, token: str) -> Response:
    """The code, in the browser that asked for it; anybody else is sent to the link."""
    return await _code_page(request, token)


@router.post("/h/{token}/prove/enter")
async def enter(request: Request, token: str) -> Response:
    """Go on, if the code was posted by the author."""
    here = site(request)
    await here.pace.keep("button", address(request))
    async with here.database.transaction("proof.enter") as session:
        cookie = await visits.enter(session, visit_cookie(request), tokens.digest(token))
    if cookie:
        return hold(here, see(f"/h/{token}#end"), cookie, visits.PROVEN.total_seconds())
    words = _("Your code has not reached us yet. It can take a minute; then check again.")
    return await _code_page(request, token, words)


@router.get("/h/{token}/prove/live")
async def live(request: Request, token: str) -> Response:
    """A hint as soon as the code was used; of what else happens in the thread nothing shows here."""
    here = site(request)
    await here.pace.keep("listen", address(request))
    waits = proven = False

    async def still_waits() -> bool:
        nonlocal waits, proven
        async with here.database.reading() as session:
            visit = await visits.waiting(session, visit_cookie(request), tokens.digest(token))
        waits, proven = visit is not None, visit is not None and visit.proven_at is not None
        return waits

    if not await still_waits():
        return Response(status_code=404)
    return stream(here.live, still_waits, lambda hint: proven)


@router.api_route("/h/{token}/prove/{step}", methods=READ)
async def load_again(token: str, step: str) -> Response:
    """Who loads the page again that a button led to."""
    return see(f"/h/{token}/prove/code" if step == "enter" else f"/h/{token}")


async def _code_page(request: Request, token: str, error: str = "") -> Response:
    here = site(request)
    async with here.database.reading() as session:
        visit = await visits.waiting(session, visit_cookie(request), tokens.digest(token))
    landing = await here.flow.landing(token)
    if visit is None or landing is None:
        return see(f"/h/{token}")
    way = here.flow.way_in(landing.channel, token)
    names = {"token": token, "visit": visit, "channel": called(landing.channel), "in_private": way.hears_messages}
    words = f"@{way.code_to.lstrip('@')} {visit.code}" if way.code_to else visit.code
    return here.page("prove_code.html", 409 if error else 200, **names, words=words, error=error)
