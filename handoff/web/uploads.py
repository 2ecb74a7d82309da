"""Files in a form that was sent to us: read as far as they may be, and no further."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from handoff import attachment_errors as errors
from handoff import attachments
from handoff.attachments import MB, MOST, File
from handoff.web.guard import LARGEST_BODY

FIELDS = 20
"""Fields of a form with files, and more than any of ours has."""


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[FormData]:
    """The form that was sent. One in letters that nobody can read is answered with 400."""
    try:
        form = await request.form(max_fields=FIELDS)
    except (UnicodeError, LookupError):
        raise HTTPException(400, "The form is in no encoding that there is. Send it as UTF-8.") from None
    try:
        yield form
    finally:
        await form.close()


def largest_body(largest: int) -> int:
    """Bytes of a request with as many files as go with a message, each as large as it may be."""
    return MOST * largest + LARGEST_BODY


async def files_in(form: FormData, field: str, largest: int) -> Sequence[File]:
    """The files that were chosen. A field without a choice is no file. Raises `TooLarge`, `TooMany`."""
    chosen = [one for one in form.getlist(field) if isinstance(one, UploadFile) and (one.filename or one.size)]
    if len(chosen) > MOST:
        raise errors.TooMany(most=MOST)
    for one in chosen:
        if (one.size or 0) > largest:
            raise errors.TooLarge(name=attachments.clean_name(one.filename or ""), most=f"{largest / MB:g}")
    return [File(one.filename or "", await one.read()) for one in chosen]


def words_in(form: FormData, field: str) -> str:
    """The text of a field, with the line ends that everybody else uses: forms send two characters for one."""
    said = form.get(field)
    return said.replace("\r\n", "\n") if isinstance(said, str) else ""
