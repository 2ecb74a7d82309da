"""What a channel cost us, by day: money is reserved before a call, so that the budget is never passed."""

from datetime import date

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base


class Spending(Base):
    """What one kind of call on a channel cost on one day (UTC), in millionths of a dollar."""

    __tablename__ = "spendings"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(primary_key=True)
    units: Mapped[int] = mapped_column(BigInteger)
    cost: Mapped[int] = mapped_column(BigInteger)
