"""How many links of offers were opened on a day; a trigger counts, for the visits themselves are soon forgotten."""

from datetime import date

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from handoff.base import Base


class Opening(Base):
    """How many links on one channel were opened for the first time on one day (UTC)."""

    __tablename__ = "openings"

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    links: Mapped[int] = mapped_column(BigInteger, server_default="0")
