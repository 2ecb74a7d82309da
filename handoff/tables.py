"""Every table there is: whoever needs them all together, as a migration does, imports this."""

from handoff import credentials, cursors, halts, models, receipts, seals, spendings, square, visits
from handoff.base import Base

__all__ = ["credentials", "cursors", "halts", "models", "receipts", "seals", "spendings", "square", "visits"]

METADATA = Base.metadata
