"""Passkeys: signing in with a key that a device keeps, without a name and without a password (WebAuthn)."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import BigInteger, ForeignKey, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, exceptions, structs

from handoff import errors
from handoff.base import Base, identity, now
from handoff.models import Agent
from handoff.tokens import digest

PATIENCE = timedelta(minutes=5)
"""How long a browser may take to answer a challenge."""

MOST = 20
"""Passkeys of one agent."""


class Passkey(Base):
    """The public half of a key that a device of an agent keeps."""

    __tablename__ = "passkeys"

    id: Mapped[int] = identity()
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), index=True)
    name: Mapped[str]
    credential_id: Mapped[str] = mapped_column(unique=True)
    public_key: Mapped[str]
    count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    """How often the device says that it signed; it never goes back unless the key was copied. Many always say 0."""
    made_at: Mapped[datetime] = now()
    used_at: Mapped[datetime | None]

    agent: Mapped[Agent] = relationship(lazy="raise")


class Challenge(Base):
    """What a browser has been asked to sign, once. We keep its hash."""

    __tablename__ = "challenges"

    challenge_hash: Mapped[str] = mapped_column(primary_key=True)
    agent_id: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    """Who adds a passkey; nobody: somebody signs in."""
    expires_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Place:
    """Where passkeys count: browsers give them to nobody else."""

    origin: str
    brand: str

    @property
    def host(self) -> str:
        """The name that passkeys are bound to."""
        return urlsplit(self.origin).hostname or "localhost"


async def of(session: AsyncSession, agent_id: int) -> list[Passkey]:
    """The passkeys of an agent, the oldest first."""
    return list(await session.scalars(select(Passkey).where(Passkey.agent_id == agent_id).order_by(Passkey.id)))


async def ask_for_new(session: AsyncSession, place: Place, agent: Agent) -> str:
    """What the agent's browser is asked in order to make a passkey (JSON). Raises `TooManyPasskeys`."""
    mine = await of(session, agent.id)
    if len(mine) >= MOST:
        raise errors.TooManyPasskeys
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=place.brand,
        user_id=f"agent {agent.id}".encode(),
        user_name=agent.email,
        user_display_name=agent.name,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in mine
        ],
    )
    await _challenge(session, options.challenge, agent.id)
    return webauthn.options_to_json(options)


async def add(session: AsyncSession, place: Place, agent: Agent, name: str, credential: dict[str, Any]) -> Passkey:
    """Keep the passkey that a browser has made. Raises `WrongPasskey`."""
    challenge = await _answered(session, credential, agent.id)
    try:
        made = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except exceptions.WebAuthnException as error:
        raise errors.WrongPasskey from error
    known = bytes_to_base64url(made.credential_id)
    if await session.scalar(select(Passkey.id).where(Passkey.credential_id == known)):
        raise errors.WrongPasskey
    passkey = Passkey(
        agent_id=agent.id,
        name=" ".join(name.split())[:60] or "Passkey",
        credential_id=known,
        public_key=bytes_to_base64url(made.credential_public_key),
        count=made.sign_count,
    )
    session.add(passkey)
    return passkey


async def ask_who(session: AsyncSession, place: Place) -> str:
    """What a browser is asked in order to sign in with whatever passkey it has for us (JSON)."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host, user_verification=structs.UserVerificationRequirement.REQUIRED
    )
    await _challenge(session, options.challenge, None)
    return webauthn.options_to_json(options)


async def owner(session: AsyncSession, place: Place, credential: dict[str, Any]) -> Agent:
    """The agent whose passkey has signed. Raises `WrongPasskey`; also when they were shut out."""
    challenge = await _answered(session, credential, None)
    query = select(Passkey).where(Passkey.credential_id == str(credential.get("id"))).with_for_update(of=Passkey)
    passkey = (await session.scalars(query.options(joinedload(Passkey.agent)))).one_or_none()
    if passkey is None or passkey.agent.disabled_at is not None:
        raise errors.WrongPasskey
    try:
        signed = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=base64url_to_bytes(passkey.public_key),
            credential_current_sign_count=passkey.count,
            require_user_verification=True,
        )
    except exceptions.WebAuthnException as error:
        raise errors.WrongPasskey from error
    passkey.count, passkey.used_at = signed.new_sign_count, func.clock_timestamp()
    return passkey.agent


async def remove(session: AsyncSession, agent_id: int, passkey_id: int) -> None:
    """Let a passkey of one's own count no more."""
    await session.execute(delete(Passkey).where(Passkey.id == passkey_id, Passkey.agent_id == agent_id))


async def _challenge(session: AsyncSession, challenge: bytes, agent_id: int | None) -> None:
    now = func.clock_timestamp()
    await session.execute(delete(Challenge).where(Challenge.expires_at < now))
    kept = digest(bytes_to_base64url(challenge))
    session.add(Challenge(challenge_hash=kept, agent_id=agent_id, expires_at=now + PATIENCE))


async def _answered(session: AsyncSession, credential: dict[str, Any], agent_id: int | None) -> bytes:
    """The challenge that the browser says it has signed, used up. Raises `WrongPasskey` if it was not ours."""
    try:
        said = json.loads(base64url_to_bytes(credential["response"]["clientDataJSON"]))["challenge"]
        challenge = base64url_to_bytes(said)
    except (KeyError, TypeError, ValueError) as error:
        raise errors.WrongPasskey from error
    asked = (Challenge.challenge_hash == digest(said), Challenge.agent_id.is_not_distinct_from(agent_id))
    using = delete(Challenge).where(*asked, Challenge.expires_at > func.clock_timestamp())
    if await session.scalar(using.returning(Challenge.challenge_hash)) is None:
        raise errors.WrongPasskey
    return challenge
