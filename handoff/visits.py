"""Visits: a browser that wants to show, or has shown, that an offer was made to the person in front of it."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, identity, now


class Visit(Base):
    """A browser before the page of one offer's link; its cookie is kept as a hash. Proven: it is the author's."""

    __tablename__ = "visits"

    id: Mapped[int] = identity()
    cookie_hash: Mapped[str] = mapped_column(unique=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    state_hash: Mapped[str | None] = mapped_column(unique=True)
    """Of the sign-in under way; used once."""
    verifier: Mapped[str | None]
    """PKCE: what we show the platform to prove that we began this sign-in."""
    code: Mapped[str | None] = mapped_column(unique=True)
    """What the author posts from their account, if they do not sign in; used once."""
    began_at: Mapped[datetime] = now()
    expires_at: Mapped[datetime]
    proven_at: Mapped[datetime | None]
    how: Mapped[str | None]
