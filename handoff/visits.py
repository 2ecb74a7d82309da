"""Visits: a browser that wants to show, or has shown, that an offer was made to the person in front of it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import database, tokens
from handoff.base import Base, identity, now
from handoff.codes import new_code
from handoff.models import Customer, Offer, Thread
from handoff.offers import Said

SIGN_IN = timedelta(minutes=10)
"""How long somebody may take to sign in on the platform."""

CODE = timedelta(minutes=15)
"""How long a code can be posted, and how long the browser may take to go on after that."""

PROVEN = timedelta(days=30)
"""How long a browser is known for the author's."""

LAST_LOOK = timedelta(minutes=10)
"""What is left of that after a STOP: time to read that it was heard, and to change one's mind."""


class Visit(Base):
    """A browser before the page of one offer's link; its cookie is kept as a hash. Proven: it is the author's."""

    __tablename__ = "visits"

    id: Mapped[int] = identity()
    cookie_hash: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    language: Mapped[str]
    """In which the page showed what the person agrees to."""
    state_hash: Mapped[str | None] = mapped_column(unique=True)
    """Of the sign-in under way; used once."""
    verifier: Mapped[str | None]
    """PKCE: what we show the platform to prove that we began this sign-in."""
    code: Mapped[str | None] = mapped_column(unique=True)
    """What the author posts from their account, if they do not sign in; used once, gone when the browser went on."""
    began_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    how: Mapped[str | None]


@dataclass(frozen=True, slots=True)
class Spent:
    """A sign-in that came back to the browser that began it; it cannot come back again."""

    visit_id: int
    offer_id: int
    verifier: str
    language: str


@dataclass(frozen=True, slots=True)
class Known:
    """Whose browser it is, and how we know."""

    account: str
    offer_id: int
    how: str
    customer: Customer


async def begin(session: AsyncSession, offer: Offer, held: str, language: str) -> tuple[Visit, str]:
    """The visit under way in the browser that holds the cookie `held`, or a new one; and the cookie it is to hold."""
    query = select(Visit).where(Visit.cookie_hash == tokens.digest(held), Visit.offer_id == offer.id, *_under_way())
    visit = (await session.scalars(query.with_for_update())).one_or_none()
    if visit is not None:
        visit.language = language
        return visit, held
    await leave(session, held)
    cookie = secrets.token_urlsafe(32)
    soon = func.clock_timestamp() + SIGN_IN
    visit = Visit(cookie_hash=tokens.digest(cookie), offer_id=offer.id, language=language, expires_at=soon)
    session.add(visit)
    await session.flush()
    return visit, cookie


async def ask_to_sign_in(session: AsyncSession, visit: Visit, state: str, verifier: str) -> None:
    """The browser leaves for the platform, and shall come back with `state`."""
    visit.state_hash, visit.verifier = tokens.digest(state), verifier
    visit.expires_at = func.greatest(Visit.expires_at, func.clock_timestamp() + SIGN_IN)
    await session.flush()


async def ask_for_code(session: AsyncSession, visit: Visit) -> None:
    """Give the visit a code that no other visit has."""
    code = new_code()
    while await session.scalar(select(Visit.id).where(Visit.code == code)) is not None:
        code = new_code()
    visit.code, visit.expires_at = code, func.clock_timestamp() + CODE
    await session.flush()


async def spend(session: AsyncSession, held: str, state: str) -> Spent | None:
    """The sign-in that began in this very browser with this state, taken once, by one of us; `None` if there is none.

    The visit lives for another minute at least, so that the platform can be asked who it was.
    """
    this = (Visit.cookie_hash == tokens.digest(held), Visit.state_hash == tokens.digest(state), *_under_way())
    visit = (await session.scalars(select(Visit).where(*this).with_for_update())).one_or_none()
    if visit is None or visit.verifier is None:
        return None
    spent = Spent(visit.id, visit.offer_id, visit.verifier, visit.language)
    visit.state_hash = visit.verifier = None
    visit.expires_at = func.greatest(Visit.expires_at, func.clock_timestamp() + timedelta(minutes=1))
    await session.flush()
    return spent


async def by_codes(session: AsyncSession, codes: Sequence[str]) -> Visit | None:
    """A visit under way that waits for one of the codes."""
    return (await session.scalars(select(Visit).where(Visit.code.in_(codes), *_under_way()))).first()


async def code_of(session: AsyncSession, codes: Sequence[str]) -> Said | None:
    """Where one of the codes is to be posted and since when, for whoever asks."""
    query = select(Thread.channel, Visit.began_at).select_from(Visit).join(Offer).join(Thread)
    found = (await session.execute(query.where(Visit.code.in_(codes), *_under_way()).limit(1))).first()
    return Said(found.channel, found.began_at) if found else None


async def locked(session: AsyncSession, visit_id: int) -> Visit | None:
    """A visit under way, which nobody else changes until this transaction ends. Lock the promise first."""
    query = select(Visit).where(Visit.id == visit_id, *_under_way()).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one_or_none()


async def waiting(session: AsyncSession, held: str, token_hash: str) -> Visit | None:
    """The visit before a link whose code was not used yet, or was, while its browser did not go on yet."""
    this = select(Visit).join(Offer).where(Visit.cookie_hash == tokens.digest(held), Offer.token_hash == token_hash)
    return (await session.scalars(this.where(Visit.code.is_not(None), _alive()))).one_or_none()


async def prove(session: AsyncSession, visit: Visit, how: str, cookie: str | None = None) -> None:
    """It is the author. With a new `cookie` the browser is known by that from now on; else it must `enter`."""
    visit.proven_at, visit.how, visit.state_hash, visit.verifier = func.clock_timestamp(), how, None, None
    visit.expires_at = func.clock_timestamp() + CODE
    if cookie:
        _know(visit, cookie)
    await session.flush()
    offer = await session.get_one(Offer, visit.offer_id)
    database.changed(session, offer.thread_id)


async def enter(session: AsyncSession, held: str, token_hash: str) -> str | None:
    """Let the browser whose code was used go on under a new cookie, which is the answer; `None` if it was not used."""
    visit = await waiting(session, held, token_hash)
    if visit is None:
        return None
    again = select(Visit).where(Visit.id == visit.id, Visit.cookie_hash == tokens.digest(held)).with_for_update()
    visit = (await session.scalars(again.execution_options(populate_existing=True))).one_or_none()
    if visit is None or visit.proven_at is None:
        return None
    cookie = secrets.token_urlsafe(32)
    _know(visit, cookie)
    return cookie


async def known(session: AsyncSession, held: str) -> Known | None:
    """Whose browser holds the cookie `held`. Who was forgotten since has to prove it again."""
    this = (Visit.cookie_hash == tokens.digest(held), Visit.proven_at.is_not(None), Visit.code.is_(None), _alive())
    query = select(Offer.account, Offer.id, Visit.how, Customer).select_from(Visit).join(Offer)
    query = query.join(Customer, Customer.account == Offer.account).where(*this, Customer.external_id.is_not(None))
    found = (await session.execute(query)).one_or_none()
    return Known(found[0], found[1], found[2] or "", found[3]) if found else None


async def leave(session: AsyncSession, held: str) -> None:
    """The browser is signed out."""
    await session.execute(delete(Visit).where(Visit.cookie_hash == tokens.digest(held)))


async def end(session: AsyncSession, account: str) -> None:
    """No browser is the account's any more, and none can become it without beginning anew."""
    await session.execute(delete(Visit).where(_of(account)))


async def let_go(session: AsyncSession, account: str) -> None:
    """After a STOP: what is under way ends now, and the author's browsers are known for `LAST_LOOK` at most."""
    await session.execute(delete(Visit).where(_of(account), Visit.proven_at.is_(None)))
    soon = func.least(Visit.expires_at, func.clock_timestamp() + LAST_LOOK)
    await session.execute(update(Visit).where(_of(account)).values(expires_at=soon))


async def stay(session: AsyncSession, account: str) -> None:
    """Who came back after a STOP is known as long as anybody."""
    proven = (_of(account), Visit.proven_at.is_not(None), Visit.code.is_(None), _alive())
    await session.execute(update(Visit).where(*proven).values(expires_at=func.clock_timestamp() + PROVEN))


async def forget(session: AsyncSession) -> Sequence[str]:
    """Delete what has expired; the accounts that it was about."""
    over = delete(Visit).where(Visit.expires_at <= func.clock_timestamp()).returning(Visit.offer_id)
    offers = (await session.scalars(over)).all()
    return (await session.scalars(select(Offer.account).where(Offer.id.in_(offers)).distinct())).all()


def _know(visit: Visit, cookie: str) -> None:
    visit.cookie_hash, visit.code = tokens.digest(cookie), None
    visit.expires_at = func.clock_timestamp() + PROVEN


def _of(account: str) -> ColumnElement[bool]:
    return Visit.offer_id.in_(select(Offer.id).where(Offer.account == account))


def _alive() -> ColumnElement[bool]:
    return Visit.expires_at > func.clock_timestamp()


def _under_way() -> tuple[ColumnElement[bool], ...]:
    return Visit.proven_at.is_(None), _alive()
