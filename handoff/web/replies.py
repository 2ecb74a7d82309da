"""/replies and /admin/replies: the saved replies, one's own and the team's."""

from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import errors, saved_replies
from handoff.models import Agent
from handoff.web.rail import rail_of
from handoff.web.site import Here, Me, MeAdmin, MeAnswering, Site
from handoff.web.writing import lines

router = APIRouter()

ReplyId = Annotated[int, Path(ge=1, le=2**62)]
Key = Annotated[str, Form(max_length=200)]
Body = Annotated[str, Form(max_length=20_000)]

OWN, TEAM = "/replies", "/admin/replies"


@router.get(OWN)
async def own(here: Here, me: Me) -> HTMLResponse:
    """An agent's own."""
    return await _page(here, me, me)


@router.get(TEAM)
async def team(here: Here, me: MeAdmin) -> HTMLResponse:
    """What everybody may use."""
    return await _page(here, me, None)


@router.post(OWN)
async def save_own(
    here: Here, me: MeAnswering, key: Key = "", title: Key = "", body: Body = "", id: Key = ""
) -> Response:
    """Make or change one of one's own."""
    return await _save(here, me, me, {"key": key, "title": title, "body": lines(body)}, id)


@router.post(TEAM)
async def save_team(here: Here, me: MeAdmin, key: Key = "", title: Key = "", body: Body = "", id: Key = "") -> Response:
    """Make or change one of the team's."""
    return await _save(here, me, None, {"key": key, "title": title, "body": lines(body)}, id)


@router.post(OWN + "/{reply_id}/delete")
async def delete_own(here: Here, me: MeAnswering, reply_id: ReplyId) -> Response:
    """Delete one of one's own."""
    return await _delete(here, me, reply_id)


@router.post(TEAM + "/{reply_id}/delete")
async def delete_team(here: Here, me: MeAdmin, reply_id: ReplyId) -> Response:
    """Delete one of the team's."""
    return await _delete(here, None, reply_id)


async def _save(here: Site, me: Agent, owner: Agent | None, words: dict[str, str], id: str) -> Response:
    try:
        async with here.database.transaction("inbox.saved reply") as session:
            number = int(id) if id.isdecimal() and len(id) < 18 else None
            await saved_replies.save(session, owner, reply_id=number, **words)
    except errors.SavedReplyError as error:
        return await _page(here, me, owner, 422, problem=error.sentence, begun={**words, "id": id})
    return RedirectResponse(OWN if owner else TEAM, 303)


async def _delete(here: Site, owner: Agent | None, reply_id: int) -> Response:
    async with here.database.transaction("inbox.saved reply delete") as session:
        await saved_replies.remove(session, owner, reply_id)
    return RedirectResponse(OWN if owner else TEAM, 303)


async def _page(
    here: Site,
    me: Agent,
    owner: Agent | None,
    status: int = 200,
    *,
    problem: str | None = None,
    begun: dict[str, str] | None = None,
) -> HTMLResponse:
    async with here.database.reading() as session:
        found = await saved_replies.of(session, owner)
        rail = await rail_of(session, me)
    return here.page(
        "replies.html",
        status,
        me=me,
        place="replies" if owner else "admin",
        at=OWN if owner else TEAM,
        found=found,
        begun=begun,
        problem=problem,
        values=saved_replies.VALUES,
        rail=rail,
    )
