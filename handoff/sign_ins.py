"""How one becomes an agent, and the browsers in which an agent is signed in."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column, relationship

from handoff.base import Base, Role, now, one_of
from handoff.models import Agent


class Invitation(Base):
    """A one-time link by which somebody becomes an agent. We keep the hash of its token."""

    __tablename__ = "invitations"
    __table_args__ = (one_of("role", Role),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[Role] = mapped_column(server_default="agent")
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    created_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignIn(Base):
    """An agent's browser that is signed in, until it expires or is revoked. We keep the hash of its cookie."""

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, Identity(), unique=True)
    """What names it on a page."""
    agent_id: Mapped[int] = mapped_column(ForeignKey("agents.id"), index=True)
    created_at: Mapped[datetime] = now()
    seen_at: Mapped[datetime] = now()
    browser: Mapped[str | None]
    address: Mapped[str | None]
    """Whence, roughly: see `handoff.deeds.roughly`."""
    revoked_at: Mapped[datetime | None]

    agent: Mapped[Agent] = relationship(lazy="raise")
