"""Halts: a channel on which nothing is said until a time, or until a person has looked."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base, now


class Halt(Base):
    """Why a channel is silent, since when, and until when; without an end it waits for `knock resume`."""

    __tablename__ = "halts"

    channel: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str]
    at: Mapped[datetime] = now()
    until: Mapped[datetime | None]
