"""/admin/api: the tokens of other systems, and the webhooks that are told what happens here."""

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from handoff import deeds, integration_errors, integrations, webhooks
from handoff.credentials import Seal
from handoff.integrations import Access
from handoff.models import Agent
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAdmin, Site
from handoff.webhooks import EVENTS, Event, Telling

router = APIRouter(prefix="/admin/api")

Id = Annotated[int, Path(ge=1, le=2**62)]

SHOWN = 50
"""Tellings on the page; the API lists them all."""


@router.get("")
async def page(here: Here, me: MeAdmin) -> HTMLResponse:
    """The page."""
    return await _page(here, me)


@router.get("/tokens")
@router.get("/webhooks")
async def shown_once(me: MeAdmin) -> Response:
    """Whoever loads the page with a token or a secret anew sees the page without it."""
    return _back()


@router.post("/tokens")
async def make_token(
    here: Here, me: MeAdmin, name: Annotated[str, Form(max_length=200)] = "", access: Annotated[Access, Form()] = "read"
) -> Response:
    """Make a token and show it, once."""
    try:
        async with here.database.transaction("inbox.token") as session:
            token = await integrations.make(session, name, access, me)
    except integration_errors.IntegrationError as error:
        return await _page(here, me, 422, problem=error.sentence)
    return await _page(here, me, token=token)


@router.post("/tokens/{integration_id}/revoke")
async def revoke(here: Here, me: MeAdmin, integration_id: Id) -> Response:
    """Let a token open nothing any more, at once."""
    async with here.database.transaction("inbox.revoke token") as session:
        await integrations.revoke(session, integration_id)
        deeds.tell(session, f"integration {integration_id}")
    return _back()


@router.post("/webhooks")
async def make_webhook(
    here: Here,
    me: MeAdmin,
    url: Annotated[str, Form(max_length=2000)] = "",
    events: Annotated[list[Event] | None, Form()] = None,
) -> Response:
    """Make a webhook and show its secret, once."""
    seal, loopback = Seal(here.settings.key), here.settings.webhooks_to_loopback
    try:
        async with here.database.transaction("inbox.webhook") as session:
            secret = await webhooks.make(session, seal, url, events or [], me, loopback=loopback)
    except integration_errors.IntegrationError as error:
        return await _page(here, me, 422, problem=error.sentence, url=url)
    return await _page(here, me, secret=secret)


@router.post("/webhooks/{webhook_id}/on")
async def switch_on(here: Here, me: MeAdmin, webhook_id: Id) -> Response:
    """Tell it again what happens."""
    async with here.database.transaction("inbox.webhook on") as session:
        await webhooks.switch_on(session, webhook_id)
        deeds.tell(session, f"webhook {webhook_id}")
    return _back()


@router.post("/webhooks/{webhook_id}/off")
async def switch_off(here: Here, me: MeAdmin, webhook_id: Id) -> Response:
    """Tell it nothing for now."""
    async with here.database.transaction("inbox.webhook off") as session:
        await webhooks.switch_off(session, webhook_id, f"switched off by {me.name}")
        deeds.tell(session, f"webhook {webhook_id}")
    return _back()


@router.post("/webhooks/{webhook_id}/remove")
async def remove(here: Here, me: MeAdmin, webhook_id: Id) -> Response:
    """Tell it nothing for ever."""
    async with here.database.transaction("inbox.webhook removed") as session:
        await webhooks.remove(session, webhook_id)
        deeds.tell(session, f"webhook {webhook_id}")
    return _back()


@router.post("/webhooks/{webhook_id}/replay/{event_id}")
async def replay(here: Here, me: MeAdmin, webhook_id: Id, event_id: str) -> Response:
    """Tell it once more. What we do not remember any more is not told."""
    with suppress(integration_errors.WebhookError):
        async with here.database.transaction("inbox.replay") as session:
            await webhooks.replay(session, webhook_id, webhooks.uid(event_id))
    return _back()


def _back() -> RedirectResponse:
    return RedirectResponse("/admin/api", 303)


async def _page(
    here: Site,
    me: Agent,
    status: int = 200,
    *,
    token: str | None = None,
    secret: str | None = None,
    problem: str | None = None,
    url: str = "",
) -> HTMLResponse:
    async with here.database.reading() as session:
        values = {
            "integrations": await integrations.everything(session),
            "webhooks": await webhooks.everything(session),
            "told": await _told(session),
            "pending": await _pending(session),
            "rail": await rail_of(session, me),
        }
    shown = {"token": token, "secret": secret, "problem": problem, "url": url, "events": EVENTS}
    return here.page("api.html", status, me=me, place="admin", public_id=webhooks.public_id, **shown, **values)


async def _told(session: AsyncSession) -> list[Telling]:
    query = select(Telling).options(joinedload(Telling.webhook), selectinload(Telling.calls))
    return list(await session.scalars(query.order_by(Telling.id.desc()).limit(SHOWN)))


async def _pending(session: AsyncSession) -> dict[int, int]:
    """How many tellings wait for each webhook."""
    query = select(Telling.webhook_id, func.count()).where(Telling.state == "pending").group_by(Telling.webhook_id)
    return {row[0]: row[1] for row in await session.execute(query)}
