"""Credentials of our own account on a channel, sealed with the secret: who reads the database cannot speak for us.

A refresh token can be spent once, and brings the next one. So whoever wants to spend it takes it first, for a while,
and the others wait. Who dies meanwhile leaves it to the next one, who can but try it.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, func
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import database
from handoff.base import Base, now

LEASE = timedelta(seconds=30)
"""How long a refresh token is left to who took it; longer than a call."""

SOON = timedelta(seconds=60)
"""An access token that ends so soon is renewed before it is used."""


class Credential(Base):
    """The tokens of a channel. A refresh token is spent once, so whoever spends it holds `taken_until` meanwhile."""

    __tablename__ = "credentials"

    channel: Mapped[str] = mapped_column(primary_key=True)
    access_token: Mapped[str]
    refresh_token: Mapped[str | None]
    seed: Mapped[str]
    """Hash of the refresh token in the settings that these came of: another one there begins anew."""
    expires_at: Mapped[datetime]
    changed_at: Mapped[datetime] = now()
    taken_until: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What opens an account. Without a refresh token it ends with the access token."""

    access: str
    refresh: str | None
    ends: datetime

    def end_by(self, time: datetime) -> bool:
        """Whether the access token is worth nothing at that time."""
        return self.ends <= time


class Unsealable(Exception):
    """The tokens in the record were sealed with another secret: set KNOCK_SECRET to that one, or connect again."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Somebody else spends the refresh token; look again after `seconds`."""

    seconds: float


class Seal:
    """Tokens as only we can read them."""

    def __init__(self, key: bytes, purpose: str = "credentials") -> None:
        """`key`: the secret of this Knock, of any length. What is sealed for one purpose opens for no other."""
        derived = HKDF(SHA256(), 32, salt=None, info=f"knock {purpose}".encode()).derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, text: str) -> str:
        """What may be written into the record."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. Raises `Unsealable`."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Unsealable((Unsealable.__doc__ or "").strip()) from None

    def open_fresh(self, sealed: str, seconds: int) -> str | None:
        """What was sealed no longer ago than this; `None` if it is older, or nothing of ours."""
        try:
            return self._fernet.decrypt(sealed.encode("utf-8", "replace"), ttl=seconds).decode()
        except InvalidToken:
            return None


def seed_of(access: str | None, refresh: str | None) -> str | None:
    """By what the tokens in the settings are known again (SHA-256, hex); `None` if there are none."""
    token = refresh or access
    return hashlib.sha256(token.encode()).hexdigest() if token else None


async def current(session: AsyncSession, seal: Seal, channel: str) -> Tokens | None:
    """The newest tokens, whether or not they have ended; `None` if there never were any. Raises `Unsealable`."""
    found = await session.get(Credential, channel)
    return _opened(seal, found) if found else None


async def plant(session: AsyncSession, seal: Seal, channel: str, seed: str, tokens: Tokens) -> None:
    """Begin with the tokens of the settings, unless those in the record came of them."""
    await session.execute(_row(seal, channel, seed, tokens, only_if=Credential.seed != seed))


async def put(session: AsyncSession, seal: Seal, channel: str, seed: str, tokens: Tokens) -> None:
    """Keep new tokens, in place of all that was there."""
    await session.execute(_row(seal, channel, seed, tokens))


async def take(session: AsyncSession, seal: Seal, channel: str, refused: str | None) -> str | Taken | None:
    """Take the refresh token, to spend it after the commit; it is left to us for `LEASE`.

    `refused` is the access token that the channel does not accept, `None` if the newest one only ends soon. `Taken` for
    0 seconds: somebody else was faster, and there are new tokens. `None`: there is nothing to spend, and only a person
    can help. Raises `Unsealable`.
    """
    found = await session.get(Credential, channel, with_for_update=True)
    if found is None:
        return None
    tokens, time = _opened(seal, found), await database.clock(session)
    if tokens.access != refused and not tokens.end_by(time + SOON):
        return Taken(0)
    if tokens.refresh is None:
        return None
    if found.taken_until is not None and found.taken_until > time:
        return Taken((found.taken_until - time).total_seconds())
    found.taken_until = time + LEASE
    return tokens.refresh


async def settle(session: AsyncSession, seal: Seal, channel: str, spent: str, tokens: Tokens | None) -> None:
    """What spending a refresh token brought: the next tokens, or `None` for the word that it opens nothing any more.

    If the tokens in the record are not those that were spent, somebody began anew meanwhile, and nothing changes.
    """
    found = await session.get(Credential, channel, with_for_update=True)
    if found is None or _opened(seal, found).refresh != spent:
        return
    found.taken_until, found.changed_at = None, func.clock_timestamp()
    if tokens is None:
        found.refresh_token = None
        return
    for name, value in _sealed(seal, tokens).items():
        setattr(found, name, value)


def _row(seal: Seal, channel: str, seed: str, tokens: Tokens, only_if: ColumnElement[bool] | None = None) -> Insert:
    values = _sealed(seal, tokens) | {"seed": seed}
    anew = values | {"taken_until": None, "changed_at": func.clock_timestamp()}
    row = insert(Credential).values(channel=channel, **values)
    return row.on_conflict_do_update(index_elements=[Credential.channel], set_=anew, where=only_if)


def _opened(seal: Seal, found: Credential) -> Tokens:
    refresh = seal.open(found.refresh_token) if found.refresh_token else None
    return Tokens(seal.open(found.access_token), refresh, found.expires_at)


def _sealed(seal: Seal, tokens: Tokens) -> dict[str, Any]:
    refresh = seal.seal(tokens.refresh) if tokens.refresh else None
    return {"access_token": seal.seal(tokens.access), "refresh_token": refresh, "expires_at": tokens.ends}
