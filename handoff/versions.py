"""Versions of the model: what each was trained on, which one is at work, and since when by whose word."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, exists, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, defer, joinedload, mapped_column, relationship

from handoff import database
from handoff import version_errors as errors
from handoff.base import Base, now
from handoff.database import MODELS
from handoff.examples import Example
from handoff.models import Agent

ROLLED_BACK = "rolled back"
"""The reason of a promotion that goes back to the version before."""


class Model(Base):
    """A version. Its file may be gone; what it was trained on, by hash and number, and its answers stay."""

    __tablename__ = "models"
    __table_args__ = (
        Index("uq_models_beside", text("(1)"), unique=True, postgresql_where=text("beside_since IS NOT NULL")),
    )

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), unique=True)
    file: Mapped[str] = mapped_column(unique=True)
    """Its name in the folder of models."""
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes of the file."""
    made_at: Mapped[datetime] = now()
    corpus: Mapped[str]
    """The hash of what it was trained on."""
    config: Mapped[str]
    """The hash of how it was trained."""
    counts: Mapped[dict[str, Any]]
    example_ids: Mapped[list[Any]]
    """The examples of the record among what it was trained on, so that forgetting can name it."""
    threshold: Mapped[float]
    """The confidence below which it says that it is not sure."""
    recent: Mapped[list[Any]] = mapped_column(server_default="[]")
    """What it made of utterances that were labelled lately: id of the example, right intent, said, confidence."""
    gone_at: Mapped[datetime | None]
    gone_why: Mapped[str | None]
    beside_since: Mapped[datetime | None]
    """Since when it reads beside the one at work."""
    beside_agreed: Mapped[int] = mapped_column(server_default="0")

    beside_seen: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """The last message that it read there."""

    @property
    def examples(self) -> int:
        """How many it was trained on."""
        return sum(sum(by_language.values()) for by_language in self.counts.values())


class Promotion(Base):
    """A version was put to work in place of another. The newest says what is at work."""

    __tablename__ = "promotions"

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Counts up by one: of two who promote at once, one comes too late."""
    version: Mapped[int] = mapped_column(ForeignKey("models.version"))
    before: Mapped[int | None] = mapped_column(ForeignKey("models.version"))
    at: Mapped[datetime] = now()
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    at_work_at: Mapped[datetime | None]
    """When Rasa first answered with it."""
    trouble: Mapped[str | None]
    """Why Rasa does not."""

    agent: Mapped[Agent | None] = relationship(lazy="raise")


@dataclass(frozen=True, slots=True)
class Made:
    """A model that a training made."""

    file: str
    size: int
    corpus: str
    config: str
    counts: dict[str, Any]
    example_ids: Sequence[int]
    threshold: float


async def add(session: AsyncSession, training_id: int, made: Made) -> Model:
    """Write down a new version, with the next number."""
    await alone(session)
    last = await session.scalar(select(func.max(Model.version))) or 0
    model = Model(
        version=last + 1,
        training_id=training_id,
        file=made.file,
        size=made.size,
        corpus=made.corpus,
        config=made.config,
        counts=made.counts,
        example_ids=list(made.example_ids),
        threshold=made.threshold,
        recent=[],
    )
    session.add(model)
    await session.flush()
    return model


async def every(session: AsyncSession) -> list[Model]:
    """All versions, the newest first, without the long lists of examples that belong to each."""
    short = defer(Model.example_ids, raiseload=True), defer(Model.recent, raiseload=True)
    return list(await session.scalars(select(Model).order_by(Model.version.desc()).options(*short)))


async def is_trained(session: AsyncSession, corpus: str) -> bool:
    """Whether a version was trained on what has this hash."""
    return bool(await session.scalar(select(exists().where(Model.corpus == corpus))))


async def get(session: AsyncSession, version: int) -> Model:
    """A version. Raises `NoSuchVersion`."""
    if (found := await session.get(Model, version)) is None:
        raise errors.NoSuchVersion(version=version)
    return found


async def newest(session: AsyncSession) -> Model | None:
    """The one that was made last."""
    return (await session.scalars(select(Model).order_by(Model.version.desc()).limit(1))).one_or_none()


async def of_training(session: AsyncSession, training_id: int) -> Model | None:
    """What a training made."""
    return (await session.scalars(select(Model).where(Model.training_id == training_id))).one_or_none()


async def holding(session: AsyncSession) -> set[int]:
    """The versions whose files still hold examples that are to be forgotten: the record does not hold them any more.

    Only who is forgotten, or takes back the consent, has them deleted; what an admin removes stays there as removed.
    """
    there = set(await session.scalars(select(Example.id)))
    learnt = await session.execute(select(Model.version, Model.example_ids).where(Model.gone_at.is_(None)))
    return {version for version, example_ids in learnt if not there.issuperset(example_ids)}


async def newest_promotion(session: AsyncSession) -> Promotion | None:
    """The one that says what is at work."""
    query = select(Promotion).order_by(Promotion.n.desc()).limit(1).options(joinedload(Promotion.agent))
    return (await session.scalars(query)).one_or_none()


async def promotions(session: AsyncSession, most: int = 20) -> list[Promotion]:
    """The last ones, the newest first."""
    query = select(Promotion).order_by(Promotion.n.desc()).limit(most).options(joinedload(Promotion.agent))
    return list(await session.scalars(query))


async def live(session: AsyncSession) -> Model | None:
    """The version that is at work; `None` before there is any."""
    newest = await newest_promotion(session)
    return await session.get(Model, newest.version) if newest else None


async def promote(session: AsyncSession, version: int, by: Agent | None, reason: str, *, seen: int | None) -> Promotion:
    """Put a version to work. `seen`: which one was at work for whoever decided that.

    Raises `NoSuchVersion`, `FileIsGone`, `AlreadyLive`, `PromotedMeanwhile`.
    """
    await alone(session)
    newest = await newest_promotion(session)
    before = newest.version if newest else None
    model = await get(session, version)
    if newest and before != seen:
        raise errors.PromotedMeanwhile(who=newest.agent.name if newest.agent else "Knock itself", version=before)
    if model.gone_at is not None:
        raise errors.FileIsGone(version=version)
    if before == version:
        raise errors.AlreadyLive(version=version)
    made = Promotion(n=newest.n + 1 if newest else 1, version=version, before=before, reason=reason)
    made.agent_id = by.id if by else None
    session.add(made)
    model.beside_since = None
    await session.flush()
    database.changed(session, MODELS)
    return made


async def settle(session: AsyncSession, n: int, trouble: str | None) -> None:
    """Write down that Rasa answers with what was promoted, or why it does not."""
    found = await session.get_one(Promotion, n, with_for_update=True)
    found.trouble = trouble
    if trouble is None and found.at_work_at is None:
        found.at_work_at = await database.clock(session)
    await session.flush()


async def to_roll_back_to(session: AsyncSession) -> Model | None:
    """The version that was put to work before the one that is, if its file is still there; what was rolled back is
    never gone back to."""
    stood: list[int] = []
    for version, reason in await session.execute(select(Promotion.version, Promotion.reason).order_by(Promotion.n)):
        if reason == ROLLED_BACK and stood[-2:-1] == [version]:
            stood.pop()
        else:
            stood.append(version)
    before = await session.get(Model, stood[-2]) if len(stood) > 1 else None
    return before if before is not None and before.gone_at is None else None


async def roll_back(session: AsyncSession, by: Agent, *, seen: int | None) -> Promotion:
    """Put the version before to work again. Raises `NothingToRollBack`, and what `promote` raises."""
    if (before := await to_roll_back_to(session)) is None:
        raise errors.NothingToRollBack
    return await promote(session, before.version, by, ROLLED_BACK, seen=seen)


async def read_beside(session: AsyncSession, version: int, *, on: bool) -> None:
    """Let a version read beside the one at work, silently, or no more; one at a time. Raises `NoSuchVersion`,
    `FileIsGone`, `AlreadyLive`."""
    await alone(session)
    model, now_live = await get(session, version), await live(session)
    if on and model.gone_at is not None:
        raise errors.FileIsGone(version=version)
    if on and now_live is not None and now_live.version == version:
        raise errors.AlreadyLive(version=version)
    await session.execute(update(Model).where(Model.beside_since.is_not(None)).values(beside_since=None))
    if on:
        model.beside_since = await database.clock(session)
    await session.flush()
    database.changed(session, MODELS)


async def beside(session: AsyncSession) -> Model | None:
    """The version that reads beside the one at work."""
    return (await session.scalars(select(Model).where(Model.beside_since.is_not(None)))).one_or_none()


def to_delete(models: Sequence[Model], guarded: Collection[int | None], keep: int) -> list[Model]:
    """The files beyond the newest `keep`; never of those that are guarded, or of one that reads beside."""
    kept = [model for model in models if model.gone_at is None]
    return [model for model in kept[keep:] if model.version not in guarded and model.beside_since is None]


async def mark_gone(session: AsyncSession, version: int, why: str) -> None:
    """Its file is, or is about to be, deleted."""
    model = await get(session, version)
    model.gone_at, model.gone_why, model.beside_since = await database.clock(session), why, None
    await session.flush()


async def alone(session: AsyncSession) -> None:
    """Nobody else numbers or promotes versions until the end of this transaction."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('knock models'))"))
