"""The rules of review, one row: below which confidence, how much for the test set, how much a day, and by how many."""

from sqlalchemy import CheckConstraint, Integer, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import review_errors as errors
from handoff.base import Base
from nlu.annotations import digest


class Rules(Base):
    """What admins set on the page of the review."""

    __tablename__ = "review_rules"
    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint("line BETWEEN 0 AND 1", name="line"),
        CheckConstraint("held_back BETWEEN 0 AND 100", name="held_back"),
        CheckConstraint("daily BETWEEN 1 AND 1000", name="daily"),
    )

    id: Mapped[int] = mapped_column(Integer, primary_key=True, server_default="1")
    line: Mapped[float] = mapped_column(server_default="0.6")
    """Guesses below this confidence come to review."""
    held_back: Mapped[int] = mapped_column(server_default="20")
    """Percent of the reviewed texts that go into the test set and are never trained on."""
    daily: Mapped[int] = mapped_column(server_default="20")
    """How many texts are a day's work for one person."""
    two_people: Mapped[bool] = mapped_column(server_default="false")
    """Whether a second person must give the same answer before it counts."""

    def holds_back(self, text: str) -> bool:
        """Whether a text goes into the test set: always the same for the same text."""
        return int(digest(text)[:8], 16) % 100 < self.held_back


async def rules(session: AsyncSession) -> Rules:
    """As they are now."""
    return (await session.scalars(select(Rules))).one()


async def change(session: AsyncSession, *, line: float, held_back: int, daily: int, two_people: bool) -> None:
    """Change them; what waits for review follows at once. Raises `BadRules`."""
    if not (0 <= line <= 1 and 0 <= held_back <= 100 and 1 <= daily <= 1000):
        raise errors.BadRules
    values = {"line": line, "held_back": held_back, "daily": daily, "two_people": two_people}
    await session.execute(update(Rules).values(values))
