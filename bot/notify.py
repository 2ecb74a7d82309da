"""Tell webhooks what happened: one call at a time to each, again and again for a day if need be, at least once."""

import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, timedelta

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.reach import PATIENCE, Reach
from handoff import database, signatures, webhooks
from handoff.credentials import Seal
from handoff.database import Database
from handoff.failpoints import outside
from handoff.webhooks import Call, Telling, Webhook

LEASE = timedelta(seconds=PATIENCE * 3)
"""How long a webhook is left to who calls it; longer than a call."""

DAY = timedelta(days=1)
"""For so long we try; a webhook that fails for so long is switched off."""

GONE = 410
"""The status by which the other side says: never again."""


@dataclass(frozen=True, slots=True)
class Due:
    """A call to be made now."""

    telling_id: int
    webhook_id: int
    url: str
    sealed_secret: str
    uid: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call went. `took`: milliseconds."""

    status: int | None
    took: int
    trouble: str | None

    @property
    def is_good(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300


async def claim(session: AsyncSession) -> Due | bool:
    """Take the next call: of a webhook that nobody calls right now, what is due first. `False`: there is none."""
    now = func.clock_timestamp()
    due = (Telling.state == "pending", Telling.due_at <= now)
    free = (Webhook.off_at.is_(None), Webhook.removed_at.is_(None))
    idle = Webhook.busy_until.is_(None) | (Webhook.busy_until < now)
    query = select(Webhook).where(*free, idle, exists().where(Telling.webhook_id == Webhook.id, *due))
    query = query.order_by(Webhook.busy_until.nulls_first(), Webhook.id).limit(1)
    webhook = (await session.scalars(query.with_for_update(skip_locked=True, key_share=True))).one_or_none()
    if webhook is None:
        return False
    first = select(Telling).where(Telling.webhook_id == webhook.id, *due).order_by(Telling.id).limit(1)
    telling = (await session.scalars(first.with_for_update())).one_or_none()
    if telling is None:
        return True
    webhook.busy_until = now + LEASE
    telling.tries += 1
    if telling.first_tried_at is None:
        telling.first_tried_at = now
    told = {"type": telling.type, "timestamp": telling.at.astimezone(UTC).isoformat(), "data": telling.data}
    body = json.dumps(told, ensure_ascii=False).encode()
    return Due(telling.id, webhook.id, webhook.url, webhook.sealed_secret, webhooks.public_id(telling.uid), body)


async def call(reach: Reach, seal: Seal, due: Due) -> Outcome:
    """Make the call. Whatever goes wrong is an outcome."""
    began = time.monotonic()
    status, trouble = None, None
    try:
        signed = signatures.headers(seal.open(due.sealed_secret), due.uid, int(time.time()), due.body)
        status = await reach.post(due.url, due.body, {**signed, "Content-Type": "application/json"})
    except Exception as error:
        trouble = f"{type(error).__name__}: {error}"[:300]
    return Outcome(status, round((time.monotonic() - began) * 1000), trouble)


async def settle(session: AsyncSession, due: Due, outcome: Outcome) -> None:
    """Write down how a call went, and when the next one is if it went wrong."""
    mine = select(Webhook).where(Webhook.id == due.webhook_id).with_for_update(key_share=True)
    webhook = (await session.scalars(mine)).one()
    telling = (await session.scalars(select(Telling).where(Telling.id == due.telling_id).with_for_update())).one()
    session.add(Call(telling_id=telling.id, status=outcome.status, took=outcome.took, trouble=outcome.trouble))
    time_now = await database.clock(session)
    webhook.busy_until = None
    if outcome.is_good:
        telling.state, webhook.failing_since = "sent", None
        return
    webhook.failing_since = webhook.failing_since or time_now
    telling.due_at = time_now + wait(telling.tries)
    if time_now - (telling.first_tried_at or time_now) > DAY:
        telling.state = "failed"
    if outcome.status == GONE:
        webhook.off_at, webhook.off_why = time_now, "it answered 410: Gone"
    elif time_now - webhook.failing_since > DAY:
        webhook.off_at, webhook.off_why = time_now, "it failed for a day"


def wait(tries: int) -> timedelta:
    """How long until the next try: 5 s, then four times as long each time, but never more than 6 hours."""
    return timedelta(seconds=min(5 * 4 ** min(tries - 1, 10), 6 * 3600))


async def forget(session: AsyncSession) -> None:
    """Forget what webhooks were told long ago."""
    old = Telling.at < func.clock_timestamp() - webhooks.KEPT
    await session.execute(delete(Telling).where(old, Telling.state != "pending"))
    gone = select(Webhook.id).where(Webhook.removed_at.is_not(None))
    await session.execute(
        update(Telling).where(Telling.webhook_id.in_(gone), Telling.state == "pending").values(state="failed")
    )


class Notify:
    """The loop's work: claim, call, settle."""

    def __init__(self, database: Database, seal: Seal, reach: Reach) -> None:
        self._database, self._seal, self._reach = database, seal, reach

    async def claim(self) -> bool | Callable[[], Awaitable[None]]:
        """Claim the next call; the work is to make it."""
        async with self._database.transaction("notify.claim") as session:
            due = await claim(session)
        if isinstance(due, bool):
            return due
        return lambda: self._tell(due)

    async def _tell(self, due: Due) -> None:
        async with outside("notify.call"):
            outcome = await call(self._reach, self._seal, due)
        async with self._database.transaction("notify.settle") as session:
            await settle(session, due, outcome)

    async def forget(self) -> None:
        """Forget what is due."""
        async with self._database.transaction("notify.forget") as session:
            await forget(session)
