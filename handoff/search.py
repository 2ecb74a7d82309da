"""What is found by words: everything said, names and handles, summaries and tags.

PostgreSQL keeps a list of the words of each row beside it, so that a text that is forgotten is also no longer found.
"""

import re
from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Computed,
    Index,
    Select,
    Subquery,
    Table,
    exists,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSVECTOR, array
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import threads
from handoff.base import Base, clean
from handoff.models import Case, Customer, Message, Thread

NEWEST = 1000
"""Lines that a search looks at, the newest ones: a word that everybody says finds the latest who said it."""

WINDOW, ENOUGH = 20_000, 300
"""A word is common if so many of the newest lines have it. Both measured: a look at this window takes 30 ms at most."""

MARKS = "-_./:@&=+#<>~%?"
"""Signs that part words: "20418" finds "NW-20418"."""


def _words_of(model: type[Base], name: str, source: str) -> Column[Any]:
    """A column with the words of another, and its index."""
    parted = f"translate({source}, '{MARKS}'::text, '{' ' * len(MARKS)}'::text)"
    column = Column(name, TSVECTOR, Computed(f"to_tsvector('simple'::regconfig, {parted})", persisted=True))
    table = cast(Table, model.__table__)
    table.append_column(column)
    Index(f"ix_{table.name}_{name}", column, postgresql_using="gin")
    return column


SAID = _words_of(Message, "said", "(text)::text")
NAMED = _words_of(
    Customer,
    "named",
    "(((COALESCE(name, ''::character varying))::text || ' '::text) || (COALESCE(handle, ''::character varying))::text)",
)
ABOUT = _words_of(Case, "about", "(summary)::text")
Index("ix_cases_tags", Case.tags, postgresql_using="gin")


def words(search: str) -> list[str]:
    """The words of a search, parted as those of the texts are."""
    signs = MARKS + "'\\"
    return str(clean(search)).translate(str.maketrans(signs, " " * len(signs))).lower().split()


async def found(session: AsyncSession, search: str, *which: ColumnElement[bool], few: bool = False) -> Subquery:
    """Threads in which all the words begin a word of one line, of the name, of the summary, or one of them is a tag.

    Columns: `thread_id`, and `message_id` of the newest line, if it is a line. `which` says which cases count, and
    `few` that they are few among all. Words that everybody says find the newest lines, as no list of all would help.
    """
    wanted = words(search)
    query = func.to_tsquery("simple", " & ".join(f"'{word}':*" for word in wanted))
    no_line = type_coerce(literal_column("NULL::bigint"), BigInteger)
    is_common = await _is_common(session, query)
    said = _said(query, which, is_common, few).order_by(literal_column("message_id").desc()).limit(NEWEST).subquery()
    about = _about(query, wanted, is_common and not few).where(*which).add_columns(no_line)
    named = (
        select(Thread.id, no_line)
        .join(Customer, Customer.id == Thread.customer_id)
        .where(NAMED.op("@@")(query), exists().where(Case.thread_id == Thread.id, *which))
        .where(Thread.ended_why.is_distinct_from(threads.ERASED))
        .limit(NEWEST)
    )
    lines = select(said.c.thread_id, said.c.message_id)
    parts = union_all(lines, select(about.subquery()), select(named.subquery())).subquery()
    best = func.max(parts.c.message_id).label("message_id")
    return select(parts.c.thread_id, best).group_by(parts.c.thread_id).subquery()


async def _is_common(session: AsyncSession, query: ColumnElement[Any]) -> bool:
    """Whether the newest lines alone hold enough: what the planner guesses for beginnings of words is too rough."""
    lately = select(Message.id).where(*_lately(Message, SAID, query)).limit(ENOUGH).subquery()
    return (await session.scalar(select(func.count()).select_from(lately))) == ENOUGH


def _lately(
    model: type[Message] | type[Case], has: ColumnElement[Any], query: ColumnElement[Any]
) -> tuple[ColumnElement[bool], ...]:
    """The newest with the words, looked through one by one.

    The index of words is kept out by `coalesce`: of two common words it would first gather each line of all time.
    """
    newest = select(func.max(model.id)).scalar_subquery()
    return model.id > newest - WINDOW, func.coalesce(has, has).op("@@")(query)


def _about(query: ColumnElement[Any], wanted: Sequence[str], is_common: bool) -> Select[Any]:
    """The cases with the words in their summary, the newest first, or with one of them as a tag."""
    tagged = Case.tags.overlap(array(wanted or [""]))
    hits = select(Case.id).where(*_lately(Case, ABOUT, query)) if is_common else None
    summed_up = ABOUT.op("@@")(query) if hits is None else Case.id.in_(hits)
    return select(Case.thread_id).where(or_(summed_up, tagged)).order_by(Case.id.desc()).limit(NEWEST)


def _said(
    query: ColumnElement[Any], which: Sequence[ColumnElement[bool]], is_common: bool, few: bool
) -> Select[Any, Any]:
    """The lines with the words: by the index of words, through the cases if those are few, or the newest first."""
    if not is_common:
        hits = select(Message.id, Message.thread_id).where(SAID.op("@@")(query)).cte().prefix_with("MATERIALIZED")
        line = select(hits.c.thread_id, hits.c.id.label("message_id"))
        return line.where(exists().where(Case.thread_id == hits.c.thread_id, *which))
    lines = select(Message.thread_id, Message.id.label("message_id"))
    if few:
        own = select(Case.thread_id).where(*which).cte()
        return lines.where(SAID.op("@@")(query)).join(own, own.c.thread_id == Message.thread_id)
    return lines.where(*_lately(Message, SAID, query), exists().where(Case.thread_id == Message.thread_id))


def snippet(text: str, search: str, around: int = 36) -> list[tuple[str, bool]]:
    """The place of a text where the first word was found, in parts; `True` marks what matched."""
    hit = re.compile("|".join(rf"(?<!\w){re.escape(word)}\w*" for word in words(search)) or r"(?!)", re.IGNORECASE)
    first = hit.search(text)
    if first is None:
        return []
    start, end = max(0, first.start() - around), first.end() + 2 * around
    shown = ("…" if start else "") + text[start:end] + ("…" if end < len(text) else "")
    return list(_parts(shown, list(hit.finditer(shown))))


def _parts(shown: str, hits: Sequence[re.Match[str]]) -> list[tuple[str, bool]]:
    parts, at = [], 0
    for hit in hits:
        parts += [(shown[at : hit.start()], False), (hit.group(), True)]
        at = hit.end()
    return [part for part in [*parts, (shown[at:], False)] if part[0]]
