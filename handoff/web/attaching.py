"""Files: attached to the reply that an agent writes, taken away again, and handed out to who may see the thread."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, cases, deeds, drafts, errors
from handoff.drafts import Mode
from handoff.web.composer import Unsent
from handoff.web.panes import ThreadId
from handoff.web.site import Here, Me
from handoff.web.uploads import files_in, form_of, words_in
from handoff.web.witness import address
from handoff.web.writing import At, Desk, Text, lines

router = APIRouter(prefix="/inbox/{thread_id}/files")

AttachmentId = Annotated[int, Path(ge=1, le=2**62)]


@router.post("")
async def attach(request: Request, at: At) -> Response:
    """Put files beside the reply. Nothing is read of a request before it is known who asks."""
    async with at.here.database.reading() as session:
        await cases.known(session, at.thread_id)
    async with form_of(request) as form:
        mode: Mode = "note" if form.get("mode") == "note" else "reply"
        text, largest = words_in(form, "text")[: drafts.LONGEST], at.here.settings.largest_file

        async def attaching(session: AsyncSession) -> None:
            files = await files_in(form, "attach", largest)
            await cases.locked(session, at.thread_id)
            await cases.known(session, at.thread_id)  # it may have been deleted while the files came
            await attachments.begin(session, at.thread_id, at.me, files, largest)
            await _keep(session, at, mode, text)

        return await at.attempt("attach", attaching, Unsent(mode, text) if text else None)


@router.post("/{attachment_id}/remove")
async def remove(
    at: At, attachment_id: AttachmentId, mode: Annotated[Mode, Form()] = "reply", text: Text = ""
) -> Response:
    """Take a file away from the reply."""

    async def removing(session: AsyncSession) -> None:
        await cases.known(session, at.thread_id, hold=True)
        await attachments.drop(session, at.thread_id, at.me, attachment_id)
        await _keep(session, at, mode, lines(text))

    return await at.attempt("detach", removing)


async def _keep(session: AsyncSession, at: Desk, mode: Mode, text: str) -> None:
    """What was written so far, where the page has no script that keeps it."""
    if text.strip():
        await drafts.keep(session, at.thread_id, at.me, mode, text)


@router.get("/{attachment_id}")
async def file(request: Request, here: Here, me: Me, thread_id: ThreadId, attachment_id: AttachmentId) -> Response:
    """A file of a thread that was handed off, or of one's own reply. It can do nothing in the browser."""
    async with here.database.reading() as session:
        await cases.known(session, thread_id)
        found = (await session.scalars(attachments.whole(thread_id, attachment_id))).one_or_none()
    if found is None or found.agent_id not in (None, me.id):
        raise errors.NoSuchCase
    async with here.database.transaction("inbox.read file") as session:
        await deeds.write_reading(session, me, thread_id, address(request))
    return Response(found.content, headers=dict(attachments.headers(found)))
