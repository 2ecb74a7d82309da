"""/admin/tags: every tag there is, renamed, put together, taken off."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import errors, tags
from handoff.models import Agent
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAdmin, Site

router = APIRouter(prefix="/admin/tags")

Tag = Annotated[str, Form(max_length=200)]


@router.get("")
async def page(here: Here, me: MeAdmin) -> HTMLResponse:
    """The list."""
    return await _page(here, me)


@router.post("/rename")
async def rename(here: Here, me: MeAdmin, tag: Tag, to: Tag = "") -> Response:
    """Call a tag something else; the name of another tag makes one of both."""
    try:
        async with here.database.transaction("inbox.rename tag") as session:
            await tags.rename(session, tag, to)
    except errors.NoTag as error:
        return await _page(here, me, 422, error.sentence)
    return RedirectResponse("/admin/tags", 303)


@router.post("/remove")
async def remove(here: Here, me: MeAdmin, tag: Tag) -> Response:
    """Take a tag off every case."""
    async with here.database.transaction("inbox.remove tag") as session:
        await tags.remove(session, tag)
    return RedirectResponse("/admin/tags", 303)


async def _page(here: Site, me: Agent, status: int = 200, problem: str | None = None) -> HTMLResponse:
    async with here.database.reading() as session:
        found = await tags.every(session)
        rail = await rail_of(session, me)
    return here.page("tags.html", status, me=me, place="admin", rail=rail, found=found, problem=problem)
