"""Sees what a request changes in the record, and writes it down as a deed of whoever asks, in the same transaction."""

from dataclasses import dataclass

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import deeds
from handoff.models import Agent

QUIET = {
    *("seen", "draft", "kept", "read", "read customer", "read file", "unmask", "unmask example"),
    *("ask for passkey", "ask who", "use code", "use passkey"),
}
"""Transactions that are no deeds: that somebody is there, reads or has begun to write, which is told otherwise or to
nobody, and what a browser is asked and answers on its way to a sign-in."""

NAMED = {
    *("agent_id", "channel", "deed", "message_id", "offer_id", "passkey_id", "post_id", "reply_id", "sign_in_id"),
    "team_id",
    "pattern_id",
    "customer_id",
    *("training_id", "version"),
}
"""The parts of an address that a deed may name; a token, for one, is nobody's to read."""


@dataclass(frozen=True, slots=True)
class Witness:
    """What `Database.witnessed` shows the transactions of one request to. Their names say what was done."""

    request: Request

    def __call__(self, session: AsyncSession, name: str) -> None:
        what = name.removeprefix("inbox.")
        if what in QUIET:
            return
        path = self.request.path_params
        about = ", ".join(f"{part.removesuffix('_id')} {path[part]}" for part in path if part in NAMED)
        me: Agent | None = getattr(self.request.state, "me", None)
        deeds.write(
            session,
            what,
            agent_id=me.id if me else None,
            thread_id=int(path["thread_id"]) if "thread_id" in path else None,
            about=about or None,
            address=address(self.request),
        )


def address(request: Request) -> str:
    """Where a request comes from; empty when that cannot be told."""
    return request.client.host if request.client else ""
