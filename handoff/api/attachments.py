"""/threads/{id}/attachments: the files of a thread: which there are, and one of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi import Query as FromQuery
from fastapi.responses import Response
from sqlalchemy import select

from handoff import attachments, errors
from handoff.api import cursor, shapes
from handoff.api.cursor import Page, Paging
from handoff.api.gate import Record
from handoff.api.threads import ThreadId
from handoff.attachments import Attachment
from handoff.models import OptIn

router = APIRouter(prefix="/threads/{thread_id}/attachments", tags=["messages"])

AttachmentId = Annotated[int, Path(ge=1, le=2**62)]

CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {} for kind in attachments.ENDINGS}, "description": "The file."}
}


@router.get("", response_model=Page[shapes.Attachment])
async def listed(record: Record, thread_id: ThreadId, asked: Annotated[Paging, FromQuery()]) -> Page[shapes.Attachment]:
    """List the files of a thread, the newest first, without what is in them."""
    said = (Attachment.thread_id == thread_id, Attachment.message_id.is_not(None))
    async with record.reading() as session:
        if await session.get(OptIn, thread_id) is None:
            raise errors.NoSuchCase
        query = select(Attachment).where(*said)
        return await cursor.read(session, query, cursor.newest(Attachment.id), shapes.attachment, asked)


@router.get("/{attachment_id}", response_class=Response, responses=CONTENT)
async def one(record: Record, thread_id: ThreadId, attachment_id: AttachmentId) -> Response:
    """Read a file. It says by its `Content-Type` what it is, as far as we looked at it."""
    async with record.reading() as session:
        query = attachments.whole(thread_id, attachment_id).where(Attachment.message_id.is_not(None))
        found = (await session.scalars(query)).one_or_none()
        if found is None or await session.get(OptIn, thread_id) is None:
            raise errors.NoSuchCase
    return Response(found.content, headers=dict(attachments.headers(found)))
