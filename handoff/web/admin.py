"""/admin: who works here, what the bot did today, which offers wait for a person's word, and the square's reports."""

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from handoff import agents, deeds, errors, factors, halts, members, offers, spendings, square
from handoff.base import Role
from handoff.models import Agent, Message, Offer
from handoff.square_errors import NoSuchPost
from handoff.tallies import Tally
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAdmin, Site

router = APIRouter(prefix="/admin")

Id = Annotated[int, Path(ge=1, le=2**62)]

UNCONFIRMED = ("in_doubt", "human")


@router.get("")
async def admin(here: Here, me: MeAdmin) -> HTMLResponse:
    """The page."""
    return await _page(here, me)


@router.post("/invite")
async def invite(here: Here, me: MeAdmin, role: Annotated[Role, Form()] = "agent") -> HTMLResponse:
    """Make a one-time link and show it, once."""
    async with here.database.transaction("inbox.invite") as session:
        token = await agents.invite(session, role=role, invited_by=me)
        deeds.tell(session, role)
    return await _page(here, me, link=f"{here.settings.inbox_origin}/join/{token}")


@router.get("/invite")
async def invited(here: Here, me: MeAdmin) -> Response:
    """Whoever loads the page with the link anew sees the page without it."""
    return RedirectResponse("/admin", 303)


@router.post("/agents/{agent_id}/disable")
async def disable(here: Here, me: MeAdmin, agent_id: Id) -> Response:
    """Shut somebody out, at once."""
    try:
        async with here.database.transaction("inbox.disable") as session:
            await agents.disable(session, agent_id, me)
    except errors.AgentError as error:
        return await _page(here, me, 409, problem=error.sentence)
    return RedirectResponse("/admin", 303)


@router.post("/agents/{agent_id}/enable")
async def enable(here: Here, me: MeAdmin, agent_id: Id) -> Response:
    """Let somebody in again."""
    async with here.database.transaction("inbox.enable") as session:
        await agents.enable(session, agent_id)
    return RedirectResponse("/admin", 303)


@router.post("/agents/{agent_id}/role")
async def change_role(here: Here, me: MeAdmin, agent_id: Id, role: Annotated[Role, Form()]) -> Response:
    """Let somebody do more, or less, from now on."""
    try:
        async with here.database.transaction("inbox.change role") as session:
            await agents.change_role(session, agent_id, role)
            deeds.tell(session, role)
    except errors.AgentError as error:
        return await _page(here, me, 409, problem=error.sentence)
    return RedirectResponse("/admin", 303)


@router.post("/agents/{agent_id}/reset")
async def reset(here: Here, me: MeAdmin, agent_id: Id) -> Response:
    """Take away the second factor of a colleague who lost it, and sign them out; their password still counts."""
    async with here.database.transaction("inbox.reset second factor") as session:
        await factors.reset(session, agent_id)
        await agents.sign_out_everywhere(session, agent_id)
    return RedirectResponse("/admin", 303)


@router.post("/offers/{offer_id}/seen")
async def offer_seen(here: Here, me: MeAdmin, offer_id: Id) -> Response:
    """A person's word that an unconfirmed offer is there. Nobody can say the opposite: it might be said twice."""
    async with here.database.transaction("inbox.offer seen") as session:
        found = select(Offer.id).where(Offer.id == offer_id, Offer.state.in_(UNCONFIRMED))
        if await session.scalar(found):
            offer = await offers.locked(session, offer_id)
            await offers.mark_sent(session, offer, f"seen by {me.name}")
    return RedirectResponse("/admin", 303)


@router.post("/channels/{channel}/resume")
async def resume(here: Here, me: MeAdmin, channel: Annotated[str, Path(max_length=40)]) -> Response:
    """Let the bot speak again where it fell silent until somebody looks."""
    async with here.database.transaction("inbox.resume") as session:
        await halts.end(session, channel)
    return RedirectResponse("/admin", 303)


@router.post("/square/{post_id}/{deed}")
async def moderate(here: Here, me: MeAdmin, post_id: Id, deed: Literal["remove", "keep", "silence"]) -> Response:
    """Remove or keep a reported post, or silence who wrote it. A post that is gone already needs nothing more."""
    with suppress(NoSuchPost):
        async with here.database.transaction("inbox.moderate") as session:
            if deed == "remove":
                await square.remove(session, post_id, me.name)
            elif deed == "keep":
                await square.keep(session, post_id)
            else:
                await members.silence(session, (await square.get(session, post_id)).member_id)
    return RedirectResponse("/admin", 303)


async def _page(
    here: Site, me: Agent, status: int = 200, *, link: str | None = None, problem: str | None = None
) -> HTMLResponse:
    async with here.database.reading() as session:
        values = {
            "agents": await agents.everybody(session),
            "guarded": await factors.guarded(session),
            "tallies": await _today(session),
            "unconfirmed": await _unconfirmed(session),
            "halts": await halts.standing(session),
            "queued": await offers.waiting(session),
            "spent": await spendings.today(session),
            "reported": await square.reported(session),
            "rail": await rail_of(session, me),
        }
    return here.page("admin.html", status, me=me, place="admin", link=link, problem=problem, **values)


async def _today(session: AsyncSession) -> list[Tally]:
    query = select(Tally).where(Tally.day == func.current_date()).order_by(Tally.channel, Tally.posts.desc())
    return list(await session.scalars(query))


async def _unconfirmed(session: AsyncSession) -> list[tuple[Offer, str | None]]:
    """Offers that may or may not be there, and where to look: the address of the post that they answer."""
    answered = (Message.thread_id == Offer.thread_id) & (Message.external_id == Offer.post_id)
    query = select(Offer, Message.url).outerjoin(Message, answered).where(Offer.state.in_(UNCONFIRMED))
    query = query.order_by(Offer.created_at).limit(100).options(joinedload(Offer.thread))
    return [(offer, url) for offer, url in (await session.execute(query)).all()]
