"""What was done by whom: one row a deed, written with it, and never changed. No word of a customer is in it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from ipaddress import ip_address, ip_network

from sqlalchemy import BigInteger, ForeignKey, Index, Select, cast, func, select
from sqlalchemy import Date as DateOf
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship

from handoff.base import Base, identity, now
from handoff.models import Agent, Case

READING = timedelta(hours=1)
"""Reading the same thread again within this time is the same deed."""


class Deed(Base):
    """Something that somebody of the team did, from where, and to what."""

    __tablename__ = "deeds"
    __table_args__ = (
        Index("ix_deeds_agent_id", "agent_id", "id"),
        Index("ix_deeds_thread_id", "thread_id", "id"),
    )

    id: Mapped[int] = identity()
    at: Mapped[datetime] = now()
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    """Nobody: it was done on the terminal, or by somebody who had not signed in."""
    what: Mapped[str]
    thread_id: Mapped[int | None] = mapped_column(BigInteger)
    """Not a foreign key: a thread may be forgotten, what was done stays."""
    about: Mapped[str | None]
    """What else it was done to or became: "agent 5", "lead"."""
    address: Mapped[str | None]

    agent: Mapped[Agent | None] = relationship(lazy="raise")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which deeds are looked for; `None` is all."""

    agent_id: int | None = None
    what: str | None = None
    thread_id: int | None = None
    day: date | None = None


def tell(
    session: AsyncSession, about: str | None = None, *, by: Agent | None = None, thread_id: int | None = None
) -> None:
    """What the address of a request does not say about the deed of this transaction."""
    told = {"about": about, "by": by and by.id, "thread": thread_id}
    session.info.update({name: value for name, value in told.items() if value is not None})


def write(
    session: AsyncSession,
    what: str,
    *,
    agent_id: int | None = None,
    thread_id: int | None = None,
    about: str | None = None,
    address: str | None = None,
) -> None:
    """Write down a deed in its own transaction; what `tell` said of it goes in as well."""
    told = session.info.get("about")
    words = ", ".join(part for part in (about, told) if part) or None
    by = session.info.get("by", agent_id)
    thread_id = session.info.get("thread", thread_id)
    session.add(Deed(what=what, agent_id=by, thread_id=thread_id, about=words, address=roughly(address)))


async def write_reading(session: AsyncSession, me: Agent, thread_id: int, address: str | None) -> None:
    """Write down that somebody read a thread whose case is not theirs; once an hour is enough."""
    newest = select(Case).where(Case.thread_id == thread_id).order_by(Case.id.desc()).limit(1)
    await write_reading_of(session, me, (await session.scalars(newest)).one(), address)


async def write_reading_of(session: AsyncSession, me: Agent, case: Case, address: str | None) -> None:
    """The same, where the newest case of the thread is known."""
    if case.claimed_by == me.id:
        return
    lately = func.clock_timestamp() - READING
    mine = (Deed.agent_id == me.id, Deed.thread_id == case.thread_id, Deed.what == "read", Deed.at > lately)
    if await session.scalar(select(Deed.id).where(*mine).limit(1)) is None:
        write(session, "read", agent_id=me.id, thread_id=case.thread_id, address=address)


async def write_reading_customer(session: AsyncSession, me: Agent, customer_id: int, address: str | None) -> None:
    """Write down that somebody read all about a customer; once an hour is enough."""
    about, lately = f"customer {customer_id}", func.clock_timestamp() - READING
    mine = (Deed.agent_id == me.id, Deed.what == "read", Deed.about == about, Deed.at > lately)
    if await session.scalar(select(Deed.id).where(*mine).limit(1)) is None:
        write(session, "read", agent_id=me.id, about=about, address=address)


UNMASKED = timedelta(minutes=15)
"""For so long somebody who asked to see what is masked in a thread sees it."""


async def write_unmasking(
    session: AsyncSession, me: Agent, thread_id: int | None, address: str | None, about: str | None = None
) -> int:
    """Write down that somebody asked to see the masked addresses and numbers of a thread, or of what `about` says. The
    deed's number."""
    where = roughly(address)
    deed = Deed(what="read masked contacts", agent_id=me.id, thread_id=thread_id, about=about, address=where)
    session.add(deed)
    await session.flush()
    return deed.id


async def is_unmasked(
    session: AsyncSession, me: Agent, thread_id: int | None, deed_id: int, about: str | None = None
) -> bool:
    """Whether it was by this deed, and lately, that somebody asked to see what is masked there."""
    asked = (Deed.id == deed_id, Deed.agent_id == me.id, Deed.thread_id == thread_id, Deed.about == about)
    lately = Deed.at > func.clock_timestamp() - UNMASKED
    query = select(Deed.id).where(*asked, Deed.what == "read masked contacts", lately)
    return await session.scalar(query) is not None


async def found(session: AsyncSession, sought: Sought, *, before: int | None = None, most: int = 100) -> list[Deed]:
    """The deeds that are sought, the newest first, each with its agent; `before`: only those older than this one."""
    query = _sought(sought).options(joinedload(Deed.agent)).order_by(Deed.id.desc()).limit(most)
    return list(await session.scalars(query if before is None else query.where(Deed.id < before)))


async def about(session: AsyncSession, what: str, *, most: int = 100) -> list[Deed]:
    """The deeds that something is named in ("intent refund"), the newest first, each with its agent."""
    named = func.concat(", ", Deed.about, ",").contains(f", {what},", autoescape=True)
    query = select(Deed).where(Deed.about.is_not(None), named).options(joinedload(Deed.agent))
    return list(await session.scalars(query.order_by(Deed.id.desc()).limit(most)))


async def kinds(session: AsyncSession) -> list[str]:
    """Every kind of deed that was ever done, by name."""
    return list(await session.scalars(select(Deed.what).distinct().order_by(Deed.what)))


def roughly(address: str | None) -> str | None:
    """An address as far as it tells the place and not the person: /24 or, of IPv6, /48. `None` if it is none."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return None
    return str(ip_network((known, 24 if known.version == 4 else 48), strict=False))


def _sought(sought: Sought) -> Select[Deed]:
    query = select(Deed)
    if sought.agent_id is not None:
        query = query.where(Deed.agent_id == sought.agent_id)
    if sought.what is not None:
        query = query.where(Deed.what == sought.what)
    if sought.thread_id is not None:
        query = query.where(Deed.thread_id == sought.thread_id)
    if sought.day is not None:
        query = query.where(cast(func.timezone("UTC", Deed.at), DateOf) == sought.day)
    return query
