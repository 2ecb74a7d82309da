"""/stop/<token>: STOP by a button. Whoever holds the link may stop us; once a chat is open, only its author may."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.pages.door import door
from bot.pages.link import stopped
from bot.pages.site import address, site
from bot.pages.speak import _

router = APIRouter(prefix="/stop")


@router.api_route("/{token}", methods=["GET", "HEAD"])
async def ask(request: Request, token: str) -> Response:
    """The button. The page is the same for every token, ours or not."""
    return site(request).page("stop.html", token=token)


@router.post("/{token}")
async def stop(request: Request, token: str) -> Response:
    """Stop. Nobody is asked to wait with that; but to guess links is work."""
    here, found = site(request), await door(request, token)
    if found is None:
        await here.pace.keep("button", address(request))
    match await here.flow.on_stop(token, by="page", proven=found is not None and found.is_author):
        case "stopped":
            return stopped(here, token=token if found and found.is_author else "")
        case "theirs":
            words = _(
                "This chat belongs to somebody else. If it is yours, show that it is you, or write STOP in the chat."
            )
            return here.plain(403, _("Only its author can end a chat"), words, f"/h/{token}", _("Go to the chat"))
    words = _("The address is not whole. Open the link of the offer again, or write STOP where you got it.")
    return here.plain(404, _("This link does not work"), words, "/square", _("Go to the square"))
