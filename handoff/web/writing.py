"""What an agent does to a case: claim, release, close, reply, note, try again."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Header, Path
from fastapi.responses import RedirectResponse, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import cases, errors
from handoff.attachment_errors import AttachmentError
from handoff.web.at_once import at_once
from handoff.web.composer import Unsent
from handoff.web.panes import ThreadId, inbox_page
from handoff.web.rows import next_thread
from handoff.web.site import Here, MeAnswering
from handoff.web.where import Where

Text = Annotated[str, Form(max_length=20_000)]
ClientId = Annotated[str, Form(pattern=r"^[A-Za-z0-9-]{8,64}$")]
Seq = Annotated[int, Form(ge=0, le=2**31 - 1)]
Files = Annotated[tuple[Annotated[int, Field(ge=1, le=2**62)], ...], Form()]
Deed = Callable[[AsyncSession], Awaitable[object]]

TO_MEND = (errors.NothingSaid, errors.TooLong, errors.GapLeft, errors.FileGone, errors.FileLeft, AttachmentError)
"""What the agent can put right in the composer; anything else is how the case stands."""


class Desk:
    """A case that an agent is about to do something to, and where they came from."""

    def __init__(
        self, here: Here, me: MeAnswering, thread_id: ThreadId, where: Where, knock_brief: Annotated[str, Header()] = ""
    ) -> None:
        """`Knock-Brief`: a page that shows by itself what was done; it needs no other in answer."""
        self.here, self.me, self.thread_id, self.where = here, me, thread_id, where
        self.is_brief = bool(knock_brief)

    def back(self, thread_id: int | None = None) -> RedirectResponse:
        """To the page of a thread, at its end, or of this one."""
        return RedirectResponse(f"/inbox/{thread_id or self.thread_id}{self.where.query()}#end", 303)

    async def attempt(self, name: str, deed: Deed, unsent: Unsent | None = None) -> Response:
        """Do it and go back to the thread (or 204); or show the page again, with why not and with what was written."""
        try:
            async with self.here.database.transaction(f"inbox.{name}") as session:
                await deed(session)
        except errors.NoSuchCase:
            raise
        except errors.CaseError as error:
            return await self._refused(error, unsent)
        return Response(status_code=204) if self.is_brief else self.back()

    async def _refused(self, error: errors.CaseError, unsent: Unsent | None) -> Response:
        status = 422 if isinstance(error, TO_MEND) else 409
        if unsent is not None and isinstance(error, errors.SomebodyReplied):
            unsent = replace(unsent, again=True)
        at = (self.here, self.me, self.thread_id, self.where)
        return await inbox_page(*at, status=status, problem=error.sentence, unsent=unsent)


At = Annotated[Desk, at_once(Desk)]

router = APIRouter(prefix="/inbox/{thread_id}")


@router.post("/claim")
async def claim(at: At) -> Response:
    """Take the case."""
    return await at.attempt("claim", lambda session: cases.claim(session, at.thread_id, at.me))


@router.post("/release")
async def release(at: At) -> Response:
    """Give the case back."""
    return await at.attempt("release", lambda session: cases.release(session, at.thread_id, at.me))


@router.post("/close")
async def close(at: At, stay: Annotated[bool, Form()] = False) -> Response:
    """End the case, and go on with the next one of the tab, or stay."""
    answer = await at.attempt("close", lambda session: cases.close(session, at.thread_id, at.me))
    if stay or answer.status_code != 303 or at.where.view == "closed":
        return answer
    async with at.here.database.reading() as session:
        following = await next_thread(session, at.me, at.where)
    return at.back(following) if following else RedirectResponse(f"/inbox{at.where.query()}", 303)


@router.post("/reply")
async def reply(
    at: At,
    client_id: ClientId,
    seen_seq: Seq,
    text: Text = "",
    then: Annotated[Literal["", "close"], Form()] = "",
    file: Files = (),
    attach: Annotated[str, Form()] = "",
) -> Response:
    """Say something to the customer, and close the case with it if that is all. `file`: what goes with it.

    `attach` is what was chosen and not attached, which without scripts comes as its name only.
    """
    text, undo = lines(text), at.here.settings.undo

    async def saying(session: AsyncSession) -> None:
        if attach:
            raise errors.FileLeft
        said: dict[str, Any] = {"client_id": client_id, "seen_seq": seen_seq, "undo": undo, "files": file}
        if await cases.reply(session, at.thread_id, at.me, text, **said) and then:
            await cases.close(session, at.thread_id, at.me)

    return await at.attempt("reply", saying, Unsent("reply", text))


@router.post("/note")
async def note(at: At, client_id: ClientId, text: Text = "") -> Response:
    """Say something to the team only."""
    text = lines(text)
    noting = partial(cases.note, thread_id=at.thread_id, agent=at.me, text=text, client_id=client_id)
    return await at.attempt("note", noting, Unsent("note", text))


@router.post("/messages/{message_id}/again")
async def again(at: At, message_id: Annotated[int, Path(ge=1, le=2**62)]) -> Response:
    """Try again to deliver a reply that did not go out."""
    return await at.attempt("again", lambda session: cases.try_again(session, at.thread_id, message_id))


def lines(text: str) -> str:
    """The text with the line ends that everybody else uses: forms send two characters for one."""
    return text.replace("\r\n", "\n")
