"""What is there to do? One question to the record for all steps, so that a hint wakes only those that have work."""

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from handoff.attachments import Attachment
from handoff.claims import GIVING, Switch
from handoff.models import Case, Message, Offer, Thread, Update
from handoff.trainings import Training
from handoff.versions import Promotion
from handoff.webhooks import Telling, Webhook

NOW = func.clock_timestamp()

WORK: dict[str, ColumnElement[bool]] = {
    "updates": exists().where(Update.handled_at.is_(None)),
    "offers": exists().where(Offer.state == "ready", Offer.due_at <= NOW),
    "talks": exists().where(Thread.speaker == "bot", Thread.ended_at.is_(None), Thread.due_at <= NOW),
    "lines": exists().where(Message.delivery == "pending", Message.due_at <= NOW),
    "cases": and_(
        exists().where(Switch.name == GIVING), exists().where(Case.closed_at.is_(None), Case.claimed_by.is_(None))
    ),
    "files": exists().where(Attachment.due_at <= NOW),
    "trainings": exists().where(
        (Training.state == "waiting") | ((Training.state == "running") & (Training.lease_until < NOW))
    ),
    "models": exists().where(Promotion.at_work_at.is_(None), Promotion.trouble.is_(None)),
    "tellings": exists().where(
        Telling.state == "pending",
        Telling.due_at <= NOW,
        Telling.webhook_id == Webhook.id,
        Webhook.off_at.is_(None),
        Webhook.removed_at.is_(None),
        Webhook.busy_until.is_(None) | (Webhook.busy_until < NOW),
    ),
}
"""The kinds of work, each with what it looks like in the record."""


async def look(session: AsyncSession) -> set[str]:
    """The kinds of work that are due."""
    row = (await session.execute(select(*(is_due.label(name) for name, is_due in WORK.items())))).one()
    return {name for name, is_due in row._mapping.items() if is_due}
