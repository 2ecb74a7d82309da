"""/square/p: what an author, or a reader, may do with one post: find it, edit, delete, report."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy.ext.asyncio import AsyncSession

from bot.pages.site import see, site
from bot.pages.speak import _
from bot.pages.square import Id
from handoff import square
from handoff.members import Member
from handoff.square import SquarePost
from handoff.square_errors import NothingWritten, NotYours, PostTooLong, Silenced

router = APIRouter(prefix="/square/p")


@router.get("/{post_id}")
async def post(request: Request, post_id: Id) -> Response:
    """The post, in its topic."""
    async with site(request).database.reading() as session:
        found = await square.get(session, post_id)
        return see(await _place(session, found))


@router.get("/{post_id}/edit")
async def edit_form(request: Request, post_id: Id) -> Response:
    """The form to change or delete one's own post."""
    member, found = await _mine(request, post_id)
    return site(request).page("edit.html", member=member, post=found, text=found.text)


@router.post("/{post_id}/edit")
async def edit(request: Request, post_id: Id, text: Annotated[str, Form()] = "") -> Response:
    """Change one's own post."""
    member, found = await _mine(request, post_id)
    try:
        return await _do(request, "square.edit", lambda session: square.edit(session, post_id, member, text))
    except (NothingWritten, PostTooLong, Silenced) as error:
        return site(request).page("edit.html", 422, member=member, post=found, text=text, error=_(error.sentence))


@router.post("/{post_id}/delete")
async def delete(request: Request, post_id: Id) -> Response:
    """Delete one's own post."""
    member, _ = await _mine(request, post_id)
    return await _do(request, "square.delete", lambda session: square.delete(session, post_id, member))


@router.get("/{post_id}/report")
async def report_form(request: Request, post_id: Id) -> Response:
    """Ask before reporting."""
    member, found = await _member(request), await _found(request, post_id)
    return site(request).page("report.html", member=member, post=found)


@router.post("/{post_id}/report")
async def report(request: Request, post_id: Id) -> Response:
    """Ask the moderators to look at a post."""
    here, member = site(request), await _member(request)
    await here.pace.keep("report", member.id)
    await _do(request, "square.report", lambda session: square.report(session, post_id))
    thanks = _("A moderator will look at that post. It stays where it is until then.")
    return here.plain(200, _("Thank you"), thanks, f"/square/p/{post_id}", _("Back to the topic"))


async def _do(request: Request, name: str, act: Callable[[AsyncSession], Awaitable[SquarePost]]) -> Response:
    async with site(request).database.transaction(name) as session:
        done = await act(session)
        return see(await _place(session, done))


async def _place(session: AsyncSession, found: SquarePost) -> str:
    return f"/square/t/{found.topic}?page={await square.page_of(session, found)}#p{found.id}"


async def _member(request: Request) -> Member:
    member = await site(request).member(request)
    if member is None:
        raise NotYours
    return member


async def _mine(request: Request, post_id: Id) -> tuple[Member, SquarePost]:
    member, found = await _member(request), await _found(request, post_id)
    if found.member_id != member.id:
        raise NotYours
    return member, found


async def _found(request: Request, post_id: int) -> SquarePost:
    async with site(request).database.reading() as session:
        return await square.get(session, post_id)
