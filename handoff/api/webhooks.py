"""/webhooks: what each was told and how it answered, and telling it once more."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from fastapi import Query as FromQuery
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from handoff import webhooks
from handoff.api import cursor
from handoff.api.cursor import Page, Paging
from handoff.api.deed import Body, Key, once
from handoff.api.gate import Record
from handoff.api.shapes import Time
from handoff.webhooks import Telling, TellingState

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

WebhookId = Annotated[int, Path(ge=1, le=2**62)]


class Webhook(BaseModel):
    """An address that is told of some events."""

    id: int
    url: str
    events: list[webhooks.Event]
    off_at: Annotated[Time | None, Field(description="Since when it is told nothing.")]
    off_why: str | None


class Call(BaseModel):
    """One try to tell it."""

    at: Time
    status: Annotated[int | None, Field(description="HTTP status of its answer; null if there was none.")]
    took_ms: int
    trouble: str | None


class Told(BaseModel):
    """One event and what became of it."""

    id: Annotated[str, Field(description="The `webhook-id` it was sent with, however often.")]
    type: webhooks.Event
    data: dict[str, Any]
    at: Time
    state: TellingState
    calls: list[Call]


class Again(BaseModel):
    """It waits to be told again."""

    id: str
    state: Literal["pending"]


class Webhooks(BaseModel):
    """All webhooks."""

    items: list[Webhook]


class Asked(Paging):
    """Which events, and which page of them."""

    state: TellingState | None = None


@router.get("", response_model=Webhooks)
async def listed(record: Record) -> Webhooks:
    """List webhooks. Admins make them at /admin/api of the inbox."""
    async with record.reading() as session:
        found = await webhooks.everything(session)
    names = ("id", "url", "events", "off_at", "off_why")
    return Webhooks(items=[Webhook(**{name: getattr(row, name) for name in names}) for row in found])


@router.get("/{webhook_id}/events", response_model=Page[Told])
async def told(record: Record, webhook_id: WebhookId, asked: Annotated[Asked, FromQuery()]) -> Page[Told]:
    """List what a webhook was told in the last 30 days, the newest first."""
    query = select(Telling).where(Telling.webhook_id == webhook_id).options(selectinload(Telling.calls))
    if asked.state is not None:
        query = query.where(Telling.state == asked.state)
    async with record.reading() as session:
        await webhooks.get(session, webhook_id)
        return await cursor.read(session, query, cursor.newest(Telling.id), _told, asked)


@router.post("/{webhook_id}/events/{event_id}/replay", response_model=Again)
async def replay(request: Request, webhook_id: WebhookId, event_id: str, key: Key) -> Any:
    """Tell a webhook once more what it was told, under the same id."""

    async def work(session: AsyncSession) -> Again:
        await webhooks.get(session, webhook_id)
        await webhooks.replay(session, webhook_id, webhooks.uid(event_id))
        return Again(id=event_id, state="pending")

    return await once(request, key, "replay", Body(), work)


def _told(row: Telling) -> Told:
    calls = [Call(at=call.at, status=call.status, took_ms=call.took, trouble=call.trouble) for call in row.calls]
    names = {name: getattr(row, name) for name in ("type", "data", "at", "state")}
    return Told(**names, id=webhooks.public_id(row.uid), calls=calls)
