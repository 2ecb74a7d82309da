"""Patterns: how entities are recognised, as admins say it: regular expressions, lists of words, synonyms."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import training_errors as errors
from handoff.base import Base, clean, identity, now, one_of
from handoff.models import Agent
from nlu import corpus, patterns
from nlu.annotations import legible
from nlu.corpus import PatternKind


class Pattern(Base):
    """One regular expression, one word of a list, or one synonym of the `value` that it stands for."""

    __tablename__ = "patterns"
    __table_args__ = (
        UniqueConstraint("entity", "kind", "text"),
        one_of("kind", PatternKind),
        CheckConstraint("(kind = 'synonym') = (value <> '')", name="synonym_stands_for"),
    )

    id: Mapped[int] = identity()
    entity: Mapped[str]
    kind: Mapped[PatternKind] = mapped_column(String)
    text: Mapped[str]
    value: Mapped[str] = mapped_column(server_default="")
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime] = now()


async def every(session: AsyncSession) -> Sequence[Pattern]:
    """All of them, by entity and kind."""
    return list(await session.scalars(select(Pattern).order_by(Pattern.entity, Pattern.kind, Pattern.text)))


async def add(
    session: AsyncSession, entity: str, kind: PatternKind, text: str, by: Agent | None, *, value: str = ""
) -> None:
    """Add one; one that is there already stays. Raises `BadPattern`, `StandsFor`."""
    made = corpus.Pattern(clean(entity).strip(), kind, legible(clean(text)), legible(clean(value)))
    if why := patterns.objection(made):
        raise errors.BadPattern(why=why)
    values = {"entity": made.entity, "kind": made.kind, "text": made.text, "value": made.value}
    adding = insert(Pattern).values(agent_id=by.id if by else None, **values)
    if (await session.scalars(adding.on_conflict_do_nothing().returning(Pattern.id))).one_or_none() is None:
        same = (Pattern.entity == made.entity, Pattern.kind == made.kind, Pattern.text == made.text)
        there = await session.scalar(select(Pattern.value).where(*same))
        if there is not None and there != made.value:
            raise errors.StandsFor(text=made.text, value=there)


async def remove(session: AsyncSession, pattern_id: int) -> Pattern | None:
    """Remove one, and return what it was; one that is gone already needs nothing more."""
    return (await session.scalars(delete(Pattern).where(Pattern.id == pattern_id).returning(Pattern))).one_or_none()
