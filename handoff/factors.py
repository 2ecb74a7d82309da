"""The second factor of a sign-in: codes of an authenticator app (RFC 6238), and recovery codes for when it is lost."""

import base64
import secrets
from datetime import UTC, datetime

import pyotp
from sqlalchemy import ForeignKey, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import errors
from handoff.base import Base, now
from handoff.credentials import Seal
from handoff.models import Agent
from handoff.passkeys import Passkey
from handoff.tokens import digest

STEP = 30
"""Seconds that a code lasts; the one before and the one after count as well, for clocks that differ."""

CODES = 10
"""Recovery codes that are made at a time."""


class Authenticator(Base):
    """The secret that an agent's authenticator app shares with us, sealed. It counts once a code has proven it."""

    __tablename__ = "authenticators"

    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True)
    secret: Mapped[str]
    made_at: Mapped[datetime] = now()
    proven_at: Mapped[datetime | None]
    used_step: Mapped[int] = mapped_column(server_default="0")
    """The newest step whose code was used: no code counts twice."""


class RecoveryCode(Base):
    """A code that stands in once for a second factor that was lost. We keep its hash; it has 80 bits."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), index=True)
    made_at: Mapped[datetime] = now()
    used_at: Mapped[datetime | None]


async def needed(session: AsyncSession, agent_id: int) -> bool:
    """Whether this agent's password alone does not open the inbox."""
    return await proven(session, agent_id) or bool(
        await session.scalar(select(Passkey.id).where(Passkey.agent_id == agent_id).limit(1))
    )


async def guarded(session: AsyncSession) -> set[int]:
    """The agents who have a second factor."""
    apps = select(Authenticator.agent_id).where(Authenticator.proven_at.is_not(None))
    return set(await session.scalars(apps.union(select(Passkey.agent_id))))


async def proven(session: AsyncSession, agent_id: int) -> bool:
    """Whether the agent's authenticator app has been proven to work."""
    found = await session.get(Authenticator, agent_id)
    return found is not None and found.proven_at is not None


async def begin(session: AsyncSession, seal: Seal, agent_id: int) -> None:
    """Make a secret for an app that is to be set up; one that was not proven is replaced. Raises `FactorIsOn`."""
    found = await session.get(Authenticator, agent_id, with_for_update=True)
    if found is not None and found.proven_at is not None:
        raise errors.FactorIsOn
    sealed = seal.seal(pyotp.random_base32())
    if found is None:
        session.add(Authenticator(agent_id=agent_id, secret=sealed))
    else:
        found.secret, found.made_at = sealed, func.clock_timestamp()


async def secret_of(session: AsyncSession, seal: Seal, agent_id: int) -> str | None:
    """The secret that waits to be proven, to be shown; `None` if none waits. Once proven it is never shown again."""
    found = await session.get(Authenticator, agent_id)
    return seal.open(found.secret) if found is not None and found.proven_at is None else None


async def prove(session: AsyncSession, seal: Seal, agent_id: int, code: str) -> None:
    """Turn the second factor on by a code of the app. Raises `WrongCode`."""
    found = await session.get(Authenticator, agent_id, with_for_update=True)
    if found is None or not _spend(seal, found, code):
        raise errors.WrongCode
    found.proven_at = func.clock_timestamp()


async def accept(session: AsyncSession, seal: Seal, agent_id: int, code: str) -> str:
    """Use up a code of the app, or a recovery code; which of both. Raises `WrongCode`."""
    found = await session.get(Authenticator, agent_id, with_for_update=True)
    if found is not None and found.proven_at is not None and _spend(seal, found, code):
        return "code"
    unused = (RecoveryCode.agent_id == agent_id, RecoveryCode.used_at.is_(None))
    using = update(RecoveryCode).where(RecoveryCode.code_hash == _hash(code), *unused)
    using = using.values(used_at=func.clock_timestamp()).returning(RecoveryCode.code_hash)
    if await session.scalar(using) is None:
        raise errors.WrongCode
    return "recovery code"


async def turn_off(session: AsyncSession, agent_id: int) -> None:
    """Forget the app."""
    await session.execute(delete(Authenticator).where(Authenticator.agent_id == agent_id))
    await tidy(session, agent_id)


async def tidy(session: AsyncSession, agent_id: int) -> None:
    """Without a second factor the recovery codes have nothing to stand in for."""
    if not await needed(session, agent_id):
        await session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))


async def reset(session: AsyncSession, agent_id: int) -> None:
    """Forget every second factor of somebody who lost them: the password alone opens until they set up new ones."""
    for kind in (Authenticator, RecoveryCode, Passkey):
        await session.execute(delete(kind).where(kind.agent_id == agent_id))


async def recovery_codes(session: AsyncSession, agent_id: int) -> list[str]:
    """New recovery codes, to be shown once; the ones before count no more."""
    await session.execute(delete(RecoveryCode).where(RecoveryCode.agent_id == agent_id))
    codes = [_code() for _ in range(CODES)]
    session.add_all(RecoveryCode(code_hash=_hash(code), agent_id=agent_id) for code in codes)
    return codes


async def codes_left(session: AsyncSession, agent_id: int) -> int:
    """How many recovery codes have not been used."""
    unused = (RecoveryCode.agent_id == agent_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(select(func.count()).select_from(RecoveryCode).where(*unused)) or 0


def address_for_apps(secret: str, agent: Agent, brand: str) -> str:
    """The `otpauth:` address of a secret, which authenticator apps read from a QR code."""
    return pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=agent.email, issuer_name=brand)


def _spend(seal: Seal, found: Authenticator, code: str) -> bool:
    """Whether it is a code of now that is newer than the last; it is used up then."""
    typed = "".join(code.split())
    app = pyotp.TOTP(seal.open(found.secret), interval=STEP)
    current = int(datetime.now(UTC).timestamp()) // STEP
    for step in range(max(current - 1, found.used_step + 1), current + 2):
        if secrets.compare_digest(app.generate_otp(step).encode(), typed.encode("utf-8", "replace")):
            found.used_step = step
            return True
    return False


def _code() -> str:
    letters = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def _hash(code: str) -> str:
    return digest("".join(letter for letter in code.lower() if letter.isalnum()))
