"""Every table there is: whoever needs them all together, as a migration does, imports this."""

from handoff import (
    credentials,
    cursors,
    drafts,
    halts,
    mentions,
    models,
    notices,
    receipts,
    saved_replies,
    seals,
    sign_ins,
    spendings,
    square,
    tallies,
    visits,
)
from handoff.base import Base

__all__ = [
    "credentials",
    "cursors",
    "drafts",
    "halts",
    "mentions",
    "models",
    "notices",
    "receipts",
    "saved_replies",
    "seals",
    "sign_ins",
    "spendings",
    "square",
    "tallies",
    "visits",
]

METADATA = Base.metadata
