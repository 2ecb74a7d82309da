"""Every table there is: whoever needs them all together, as a migration does, imports this."""

from handoff import (
    answers,
    bookmarks,
    credentials,
    cursors,
    drafts,
    halts,
    integrations,
    mentions,
    models,
    notices,
    openings,
    receipts,
    saved_replies,
    seals,
    search,
    sign_ins,
    spendings,
    square,
    tallies,
    visits,
    webhooks,
)
from handoff.base import Base

__all__ = [
    "answers",
    "bookmarks",
    "credentials",
    "cursors",
    "drafts",
    "halts",
    "integrations",
    "mentions",
    "models",
    "notices",
    "openings",
    "receipts",
    "saved_replies",
    "seals",
    "search",
    "sign_ins",
    "spendings",
    "square",
    "tallies",
    "visits",
    "webhooks",
]

METADATA = Base.metadata
