"""The chat: what takes the place of the landing page once the author has opted in."""

from collections.abc import Sequence
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import FormData

from bot.channel import PrivateMessage
from bot.pages.door import Door, door, elsewhere, nothing_here
from bot.pages.pace import TooFast
from bot.pages.site import address, plain, see, site
from bot.pages.speak import _, amount
from bot.pages.view import ALL, NEWEST, attached, view
from bot.stop import is_stop
from handoff import attachments, people
from handoff.attachment_errors import AttachmentError
from handoff.attachments import File
from handoff.database import PRESENCE
from handoff.models import Thread
from handoff.presence import CUSTOMER, State, word
from handoff.web.stream import stream
from handoff.web.uploads import files_in, form_of, words_in

router = APIRouter(prefix="/h")

LONGEST = 4096
"""Characters of one message, as in every other channel."""


async def chat_page(
    request: Request,
    token: str,
    found: Door,
    chat: Thread,
    status: int = 200,
    error: str = "",
    text: str = "",
    refused: str = "",
) -> HTMLResponse:
    """The chat as it stands. The query `after=N` leaves out what the page has already, `all=1` shows everything.

    `refused`: the name of the error, when files were not taken; the page's script drops them from the field.
    """
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
        refused=refused,
        signed_in=found.signed_in,
        accepted=attachments.ACCEPTED,
        largest_file=here.settings.largest_file,
        most=f"{here.settings.attachment_mb:g}",
    )


@router.post("/{token}/say")
async def say(request: Request, token: str) -> Response:
    """Say something in the chat, with files. The same `client_id` is said once.

    Nothing is read of a request before it is known who asks.
    """
    here, found = site(request), await door(request, token)
    if found is None or found.is_closed:
        return nothing_here(here, found)
    if found.chat is None:
        return elsewhere(here, found, token, 403)
    async with here.database.reading() as session:
        if not await people.may_talk(session, found.chat):
            return await chat_page(request, token, found, found.chat, 409)
    async with form_of(request) as form:
        text = words_in(form, "text").replace("\x00", "").strip()
        try:
            await _say(request, found, found.chat, form, text)
        except TooFast as error:
            return await chat_page(request, token, found, found.chat, 429, error.sentence, text)
        except AttachmentError as error:
            sentence = _(error.wording, **error.names)
            return await chat_page(request, token, found, found.chat, 422, sentence, text, type(error).__name__)
        except Unsaid as error:
            return await chat_page(request, token, found, found.chat, 422, str(error), text)
    return see(f"/h/{token}#end")


class Unsaid(Exception):
    """What was written cannot be said like this."""


async def _say(request: Request, found: Door, chat: Thread, form: FormData, text: str) -> None:
    """Raises `TooFast`, `AttachmentError`, `Unsaid`."""
    here, largest = site(request), site(request).settings.largest_file
    files = () if is_stop(text) else await files_in(form, "files", largest)  # no file holds up a STOP
    await _object(request, chat, text, files)
    for file in files:
        attachments.checked(file, largest)
    message_id = f"chat:{plain(words_in(form, 'client_id')) or token_urlsafe(12)}"
    said = PrivateMessage(chat.channel, message_id, found.author, text, datetime.now(UTC), files)
    await here.flow.on_message(said)


@router.get("/{token}/files/{attachment_id}")
async def file(request: Request, token: str, attachment_id: Annotated[int, Path(ge=1, le=2**62)]) -> Response:
    """A file of the chat, to its author alone. It can do nothing in the browser."""
    here, found = site(request), await door(request, token)
    if found is None or found.is_closed:
        return nothing_here(here, found)
    if found.chat is None:
        return elsewhere(here, found, token, 403)
    async with here.database.reading() as session:
        kept = await attached(session, found.chat, attachment_id)
    if kept is None:
        raise HTTPException(404)
    return Response(kept.content, headers=dict(attachments.headers(kept)))


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


async def _object(request: Request, chat: Thread, text: str, files: Sequence[File]) -> None:
    if not text and not files:
        raise Unsaid(_("Write something first."))
    if over := max(0, len(text) - LONGEST):
        raise Unsaid(_("Characters too many: %(number)s. Shorten it, or send it in parts.", number=amount(over)))
    if not is_stop(text):
        await site(request).pace.keep("say", chat.id)
