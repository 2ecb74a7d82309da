"""The tags of all cases, for whoever keeps them in order."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, distinct, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import database, errors
from handoff.base import clean
from handoff.marks import tidy
from handoff.models import Case


async def every(session: AsyncSession) -> Sequence[tuple[str, int, int]]:
    """Each tag, how many cases have it, and how many of those are open; by name."""
    tags = select(func.unnest(Case.tags).label("tag"), Case.closed_at).subquery()
    numbers = func.count(), func.count().filter(tags.c.closed_at.is_(None))
    query = select(tags.c.tag, *numbers).group_by(tags.c.tag).order_by(tags.c.tag)
    return [(tag, cases, still_open) for tag, cases, still_open in await session.execute(query)]


async def rename(session: AsyncSession, tag: str, to: str) -> None:
    """Call a tag something else in every case; one that has the other name already has it once. Raises `NoTag`."""
    to = tidy(to)
    if not to:
        raise errors.NoTag
    renamed = func.unnest(func.array_replace(Case.tags, clean(tag), to)).column_valued("tag")
    once = select(func.array_agg(distinct(renamed))).correlate(Case).scalar_subquery()
    await session.execute(update(Case).where(_has(tag)).values(tags=once))
    database.changed(session, database.LISTS)


async def remove(session: AsyncSession, tag: str) -> None:
    """Take a tag off every case."""
    await session.execute(update(Case).where(_has(tag)).values(tags=func.array_remove(Case.tags, clean(tag))))
    database.changed(session, database.LISTS)


def _has(tag: str) -> ColumnElement[bool]:
    return Case.tags.contains([clean(tag)])
