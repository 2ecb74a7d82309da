"""What each role may do. This is the only place that says so; pages and routes ask it."""

from collections.abc import Mapping
from typing import Literal

from handoff.base import Role

Right = Literal["self", "read", "answer", "lead", "report", "admin", "audit", "train"]
"""
self    look after one's own account
read    see the inbox: every case that was handed off
answer  do something to a case: claim, reply, note, close
lead    do it to a colleague's case, too
report  see in numbers how everybody does
admin   invite and shut out people, and say what the bot may do
audit   read who did what
train   teach the bot: intents, examples, models
"""

RIGHTS: Mapping[Role, frozenset[Right]] = {
    "analyst": frozenset({"self", "read", "report"}),
    "agent": frozenset({"self", "read", "answer"}),
    "lead": frozenset({"self", "read", "answer", "lead", "report"}),
    "admin": frozenset({"self", "read", "answer", "lead", "report", "admin", "audit", "train"}),
}

ROLES: tuple[Role, ...] = ("agent", "lead", "admin", "analyst")
"""As they are offered when one is chosen."""


def may(role: Role, right: Right) -> bool:
    """Whether somebody with this role has this right."""
    return right in RIGHTS[role]
