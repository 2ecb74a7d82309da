"""Credentials of our own account on a channel, sealed with the secret: who reads the database cannot speak for us."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now


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
