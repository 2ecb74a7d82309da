"""The chat: what takes the place of the landing page once the author has opted in."""

from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from bot.channel import PrivateMessage
from bot.pages.door import Door, door, elsewhere, nothing_here
from bot.pages.pace import TooFast
from bot.pages.site import address, plain, see, site
from bot.pages.speak import _, amount
from bot.pages.view import ALL, NEWEST, view
from bot.stop import is_stop
from handoff import people
from handoff.database import PRESENCE
from handoff.models import Thread
from handoff.presence import CUSTOMER, State, word
from handoff.web.stream import stream

router = APIRouter(prefix="/h")

LONGEST = 4096
"""Characters of one message, as in every other channel."""


async def chat_page(
    request: Request, token: str, found: Door, chat: Thread, status: int = 200, error: str = "", text: str = ""
) -> HTMLResponse:
    """The chat as it stands. The query `after=N` leaves out what the page has already, `all=1` shows everything."""
    here, query = site(request), request.query_params
    async with here.database.reading() as session:
        seen = await view(session, chat, here.brand.name, ALL if query.get("all") else NEWEST)
    after = int(after) if (after := query.get("after", "")).isdecimal() and len(after) <= 9 else 0
    new = [message for message in seen.messages if message.seq > after]
    over = not seen.may_talk
    return here.page(
        "chat.html",
        status,
        token=token,
        view=seen,
        new=new,
        over=over,
        error=error,
        text=text,
        signed_in=found.signed_in,
    )


@router.post("/{token}/say")
async def say(
    request: Request, token: str, text: Annotated[str, Form()] = "", client_id: Annotated[str, Form()] = ""
) -> Response:
    """Say something in the chat. The same `client_id` is said once."""
    here, found = site(request), await door(request, token)
    if found is None or found.is_closed:
        return nothing_here(here, found)
    if found.chat is None:
        return elsewhere(here, found, token, 403)
    async with here.database.reading() as session:
        if not await people.may_talk(session, found.chat):
            return await chat_page(request, token, found, found.chat, 409)
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if error := await _objection(request, found.chat, text):
        status = 429 if isinstance(error, TooFast) else 422
        sentence = error.sentence if isinstance(error, TooFast) else error
        return await chat_page(request, token, found, found.chat, status, sentence, text)
    message_id = f"chat:{plain(client_id) or token_urlsafe(12)}"
    await here.flow.on_message(PrivateMessage(found.chat.channel, message_id, found.author, text, datetime.now(UTC)))
    return see(f"/h/{token}#end")


@router.get("/{token}/live")
async def live(request: Request, token: str) -> Response:
    """Hints that the chat changed, for as long as its author asks."""
    here = site(request)
    await here.pace.keep("listen", address(request))
    found = await door(request, token)
    if found is None or found.chat is None:
        return Response(status_code=404)
    thread_id = found.chat.id

    async def still_the_author() -> bool:
        now = await door(request, token)
        return now is not None and now.chat is not None and now.chat.id == thread_id

    writes = here.live.presence.changes(
        lambda present: (present.thread_id, present.state) == (thread_id, "typing") and present.who != CUSTOMER
    )
    return stream(here.live, still_the_author, lambda hint: hint == thread_id, present=writes)


@router.post("/{token}/typing")
async def typing(request: Request, token: str, still: Annotated[bool, Form()] = True) -> Response:
    """The customer types, or has stopped: the team sees it, and nothing is written down."""
    here, found = site(request), await door(request, token)
    if found is None or found.chat is None:
        return Response(status_code=404)
    if found.chat.speaker != "team":
        return Response(status_code=204)
    await here.pace.keep("type", found.chat.id)
    state: State = "typing" if still else "gone"
    said = word(found.chat.id, CUSTOMER, found.author.name or "", state, f"customer-{found.chat.id}")
    await here.database.notify(PRESENCE, said)
    return Response(status_code=204)


async def _objection(request: Request, chat: Thread, text: str) -> str | TooFast | None:
    if not text:
        return _("Write something first.")
    if len(text) > LONGEST:
        return _(
            "Characters too many: %(number)s. Shorten it, or send it in parts.", number=amount(len(text) - LONGEST)
        )
    if is_stop(text):
        return None
    try:
        await site(request).pace.keep("say", chat.id)
    except TooFast as error:
        return error
    return None
