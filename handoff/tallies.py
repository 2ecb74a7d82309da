"""What became of posts that we do not keep: only how many."""

from datetime import date

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base


class Tally(Base):
    """How many posts of a day ended how: what we know of posts that we do not keep."""

    __tablename__ = "tallies"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(primary_key=True)
    posts: Mapped[int] = mapped_column(BigInteger, server_default="0")
