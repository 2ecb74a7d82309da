"""Trainings: asked for on a page, done by the bot, one at a time; what is known of each meanwhile and afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from handoff import database
from handoff.base import Base, identity, now, one_of
from handoff.database import MODELS
from handoff.models import Agent
from handoff.version_errors import TrainingRuns

State = Literal["waiting", "running", "done", "failed", "cancelled"]

LEASE = timedelta(seconds=15)
"""After which whoever trains and has not said so is taken for dead."""

MOST_TRIES = 3
"""How often a training that was cut short is taken up."""

MOST_LINES = 200
LONGEST_LINE = 300

CUT_SHORT = f"The program ended in the middle of it, {MOST_TRIES} times. What is at work is still at work."


class Training(Base):
    """Somebody wants a model of the examples as they are."""

    __tablename__ = "trainings"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("(state IN ('waiting', 'running')) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("state <> 'done' OR version IS NOT NULL", name="done_has_version"),
        Index("uq_trainings_open", text("(1)"), unique=True, postgresql_where=text("state IN ('waiting', 'running')")),
    )

    id: Mapped[int] = identity()
    state: Mapped[State] = mapped_column(String, server_default="waiting")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    """Nobody: Knock needed a model of its own."""
    asked_at: Mapped[datetime] = now()
    began_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease: Mapped[str | None]
    """Whose it is: who takes it up anew has another one."""
    tries: Mapped[int] = mapped_column(server_default="0")
    cancel_at: Mapped[datetime | None]
    cancelled_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    step: Mapped[str] = mapped_column(server_default="")
    part: Mapped[float] = mapped_column(server_default="0")
    """How much of it is done, from 0 to 1."""
    left: Mapped[float | None]
    """Seconds that it will go on, by what the one before took."""
    took: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Seconds of each step that is done."""
    lines: Mapped[list[Any]] = mapped_column(server_default="[]")
    trouble: Mapped[str | None]
    corpus: Mapped[str | None]
    config: Mapped[str | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """How many examples each intent had, by language."""
    version: Mapped[int | None]
    then_promote: Mapped[bool] = mapped_column(server_default="false")
    """Whether the model is put to work at once: nothing else can be."""

    asker: Mapped[Agent | None] = relationship(lazy="raise", foreign_keys=[asked_by])

    @property
    def percent(self) -> int:
        """For people."""
        return 100 if self.state == "done" else min(99, int(100 * self.part))

    @property
    def is_open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in ("waiting", "running")


@dataclass(frozen=True, slots=True)
class Beat:
    """What whoever trains has to tell; and how long each step took so far."""

    step: str
    part: float
    left: float | None
    took: Mapping[str, float]
    lines: Sequence[str]


async def ask(session: AsyncSession, by: Agent | None, *, then_promote: bool = False) -> int:
    """Ask for a training; its number. Raises `TrainingRuns` while there is another."""
    values = {"asked_by": by.id if by else None, "then_promote": then_promote}
    made: int | None = await session.scalar(
        insert(Training).values(**values).on_conflict_do_nothing().returning(Training.id)
    )
    if made is None:
        running = await current(session)
        who = running.asker.name if running and running.asker else "Knock itself"
        raise TrainingRuns(who=who)
    database.changed(session, MODELS)
    return made


async def of_nobody(session: AsyncSession, corpus: str, config: str, counts: Mapping[str, Any]) -> Training:
    """One that was not asked for: Knock trained on the seeds because there was no model at all."""
    now = await database.clock(session)
    made = Training(state="running", began_at=now, corpus=corpus, config=config, counts=dict(counts), lines=[], took={})
    session.add(made)
    await session.flush()
    return made


async def cancel(session: AsyncSession, training_id: int, by: Agent) -> None:
    """Wish that a training ends; one that nobody has taken up is over at once, and one that is over stays as it is."""
    found = await _locked(session, training_id)
    if found is None or not found.is_open:
        return
    found.cancel_at, found.cancelled_by = func.clock_timestamp(), by.id
    if found.state == "waiting":
        found.state, found.ended_at = "cancelled", func.clock_timestamp()
    database.changed(session, MODELS)


async def current(session: AsyncSession) -> Training | None:
    """The one that waits or runs."""
    query = select(Training).where(Training.state.in_(("waiting", "running"))).options(joinedload(Training.asker))
    return (await session.scalars(query)).first()


async def newest(session: AsyncSession, most: int = 20) -> list[Training]:
    """The last ones, the newest first."""
    query = select(Training).order_by(Training.id.desc()).limit(most).options(joinedload(Training.asker))
    return list(await session.scalars(query))


async def one(session: AsyncSession, training_id: int) -> Training | None:
    """A training by its number."""
    query = select(Training).where(Training.id == training_id).options(joinedload(Training.asker))
    return (await session.scalars(query)).one_or_none()


async def last_took(session: AsyncSession) -> Mapping[str, float]:
    """What the steps of the last training that ended well took."""
    query = select(Training.took).where(Training.state == "done", Training.took != {}).order_by(Training.id.desc())
    return await session.scalar(query.limit(1)) or {}


async def take_up(session: AsyncSession, lease: str) -> Training | None:
    """Claim the training that waits, or whose trainer is dead. One that was cut short too often fails."""
    now = await database.clock(session)
    is_due = (Training.state == "waiting") | ((Training.state == "running") & (Training.lease_until < now))
    found = (await session.scalars(select(Training).where(is_due).with_for_update(skip_locked=True))).first()
    if found is None:
        return None
    database.changed(session, MODELS)
    if found.cancel_at is not None:
        _end(found, "cancelled")
        return None
    if found.tries >= MOST_TRIES:
        found.trouble = CUT_SHORT
        _end(found, "failed")
        return None
    if found.tries:
        found.lines = [*found.lines, "It was cut short, and is taken up again."][-MOST_LINES:]
    found.state, found.lease, found.lease_until = "running", lease, now + LEASE
    found.began_at, found.tries, found.part, found.step = now, found.tries + 1, 0.0, "looking at the examples"
    found.took = {}
    await session.flush()
    return found


async def beat(session: AsyncSession, training_id: int, lease: str, told: Beat) -> bool:
    """Write down how far it is. Whether to go on: somebody may have cancelled it, or taken it for dead."""
    found = await held(session, training_id, lease)
    if found is None:
        return False
    found.lease_until = await database.clock(session) + LEASE
    found.step, found.part, found.left, found.took = told.step, max(found.part, told.part), told.left, dict(told.took)
    if told.lines:
        found.lines = [*found.lines, *(line[:LONGEST_LINE] for line in told.lines)][-MOST_LINES:]
    database.changed(session, MODELS)
    return found.cancel_at is None


async def held(session: AsyncSession, training_id: int, lease: str) -> Training | None:
    """The training, locked, if it is still ours."""
    found = await _locked(session, training_id)
    return found if found is not None and found.state == "running" and found.lease == lease else None


async def fail(session: AsyncSession, training_id: int, lease: str, trouble: str) -> None:
    """It came to nothing; why, as a sentence. A wish to cancel it is fulfilled by that."""
    found = await held(session, training_id, lease)
    if found is not None:
        found.trouble = None if found.cancel_at else trouble
        _end(found, "cancelled" if found.cancel_at else "failed")
        database.changed(session, MODELS)


async def done(session: AsyncSession, found: Training, version: int) -> None:
    """It made a model."""
    found.version, found.part, found.left = version, 1.0, None
    _end(found, "done")
    await session.flush()
    database.changed(session, MODELS)


def _end(found: Training, state: State) -> None:
    found.state, found.ended_at, found.lease, found.lease_until = state, func.clock_timestamp(), None, None


async def _locked(session: AsyncSession, training_id: int) -> Training | None:
    query = select(Training).where(Training.id == training_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()
