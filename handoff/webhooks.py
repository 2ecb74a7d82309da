"""Webhooks: addresses of other systems that are told what happened here. Triggers write down what each is told.

A telling says which thing changed, by its id, and never what anybody said: who wants the words asks the API for them.
"""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column, relationship

from handoff import addresses
from handoff import integration_errors as errors
from handoff.base import Base, identity, now, one_of
from handoff.credentials import Seal
from handoff.models import Agent

Event = Literal[
    "case.opened",
    "case.claimed",
    "case.closed",
    "case.due_soon",
    "case.overdue",
    "message.created",
    "customer.stopped",
    "thread.ended",
    "desk.empty",
]
EVENTS: tuple[Event, ...] = get_args(Event)
TellingState = Literal["pending", "sent", "failed"]

KEPT = timedelta(days=30)
"""How long we remember what a webhook was told."""


class Webhook(Base):
    """An address that is told of some events. One call at a time: who makes it holds `busy_until` meanwhile."""

    __tablename__ = "webhooks"

    id: Mapped[int] = identity()
    url: Mapped[str]
    sealed_secret: Mapped[str]
    events: Mapped[list[Any]]
    made_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    made_at: Mapped[datetime] = now()
    failing_since: Mapped[datetime | None]
    off_at: Mapped[datetime | None]
    off_why: Mapped[str | None]
    removed_at: Mapped[datetime | None]
    busy_until: Mapped[datetime | None]


class Telling(Base):
    """One event for one webhook. It keeps its `uid` however often it is sent, so that the other side knows a twin."""

    __tablename__ = "tellings"
    __table_args__ = (
        one_of("state", TellingState),
        Index("ix_tellings_webhook_id", "webhook_id", "id"),
        Index("ix_tellings_pending", "webhook_id", "due_at", postgresql_where=text("state = 'pending'")),
    )

    id: Mapped[int] = identity()
    uid: Mapped[UUID] = mapped_column(unique=True, server_default=func.gen_random_uuid())
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    type: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime] = now()
    state: Mapped[TellingState] = mapped_column(String, server_default="pending")
    due_at: Mapped[datetime] = now()
    first_tried_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(server_default="0")

    webhook: Mapped[Webhook] = relationship(lazy="raise")
    calls: Mapped[list["Call"]] = relationship(lazy="raise", order_by="Call.id", passive_deletes=True)


class Call(Base):
    """One try to tell a webhook: the status it answered with, or what went wrong, and how many milliseconds it took."""

    __tablename__ = "calls"

    id: Mapped[int] = identity()
    telling_id: Mapped[int] = mapped_column(ForeignKey("tellings.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = now()
    status: Mapped[int | None]
    took: Mapped[int]
    trouble: Mapped[str | None]


async def make(
    session: AsyncSession, seal: Seal, url: str, events: list[Event], by: Agent | None = None, *, loopback: bool = False
) -> str:
    """A new webhook; its secret, which is shown once. Raises `NotAWebhook`, `NoEvents`."""
    checked = addresses.checked(url, loopback=loopback)
    if not events:
        raise errors.NoEvents
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    told = [event for event in EVENTS if event in events]
    made_by = by.id if by else None
    session.add(Webhook(url=checked, sealed_secret=seal.seal(secret), events=told, made_by=made_by))
    await session.flush()
    return secret


async def everything(session: AsyncSession) -> list[Webhook]:
    """All webhooks that were not removed."""
    return list(await session.scalars(select(Webhook).where(Webhook.removed_at.is_(None)).order_by(Webhook.id)))


async def get(session: AsyncSession, webhook_id: int) -> Webhook:
    """One webhook. Raises `NoSuchWebhook`."""
    found = await session.get(Webhook, webhook_id)
    if found is None or found.removed_at is not None:
        raise errors.NoSuchWebhook
    return found


async def switch_on(session: AsyncSession, webhook_id: int) -> None:
    """Tell it again what happens, and first what still waits."""
    await _change(session, webhook_id, off_at=None, off_why=None, failing_since=None)


async def switch_off(session: AsyncSession, webhook_id: int, why: str) -> None:
    """Tell it nothing any more, until it is switched on again."""
    await _change(session, webhook_id, off_at=func.clock_timestamp(), off_why=why)


async def remove(session: AsyncSession, webhook_id: int) -> None:
    """Forget it."""
    await _change(session, webhook_id, removed_at=func.clock_timestamp())


async def _change(session: AsyncSession, webhook_id: int, **values: Any) -> None:
    standing = update(Webhook).where(Webhook.id == webhook_id, Webhook.removed_at.is_(None))
    await session.execute(standing.values(**values))


async def replay(session: AsyncSession, webhook_id: int, which: UUID) -> None:
    """Tell it once more what it was told, under the same id. Raises `NoSuchTelling`."""
    query = select(Telling).where(Telling.webhook_id == webhook_id, Telling.uid == which).with_for_update()
    telling = (await session.scalars(query)).one_or_none()
    if telling is None:
        raise errors.NoSuchTelling
    telling.state, telling.due_at, telling.first_tried_at, telling.tries = "pending", func.clock_timestamp(), None, 0


def public_id(uid: UUID) -> str:
    """The `webhook-id` of a telling."""
    return f"msg_{uid.hex}"


def uid(public: str) -> UUID:
    """The telling of a `webhook-id`. Raises `NoSuchTelling` for what is none."""
    try:
        return UUID(public.removeprefix("msg_"))
    except ValueError:
        raise errors.NoSuchTelling from None
