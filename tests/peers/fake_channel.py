"""A platform in a file: it plays a customer, and writes down every effect before it answers; the judge of kills.

It outlives the bot: the file is what the platform's servers know. The customer reacts only to what really arrived.
"""

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.channel import (
    Author,
    Click,
    Event,
    NeverDeliverable,
    Post,
    PrivateLine,
    PrivateMessage,
    PublicOffer,
    Take,
    Unknown,
    Update,
    WayIn,
)

MARA = Author("7", "mara", "Mara", language="en")
COMPLAINT = "@northwind my order NW-20418 still has not arrived, can somebody help?"
SAYS = ("Yes, that is right", "I want to talk to a person")
"""What Mara answers, one line at a time, each after the bot said something new."""


class Ledger:
    """Every effect, one JSON line each, on the disk before the call returns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, **effect: Any) -> None:
        """Write one effect down."""
        with self.path.open("a") as file:
            file.write(json.dumps(effect) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[dict[str, Any]]:
        """All effects so far; a line that a kill cut short does not count."""
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The effects of one kind."""
        return [effect for effect in self.read() if effect["kind"] == kind]


class FakeChannel:
    """`drops`: the first offer is accepted and the connection lost.

    `looks`: what was said can be looked for, and nobody clicks before that.
    """

    name = "telegram"

    def __init__(self, ledger: Ledger, *, drops: bool = False, looks: bool = False) -> None:
        self._ledger, self._drops, self._looks = ledger, drops, looks

    async def listen(self, take: Take) -> None:
        """Deliver all that was ever said, again and again, as a platform does that never hears an acknowledgement."""
        while True:
            await take(self.updates())
            await asyncio.sleep(0.05)

    def updates(self) -> list[Update]:
        """What the customer has done so far, given what reached her."""
        said: list[dict[str, Any]] = [{"kind": "post", "id": "post-1"}]
        offers = self._ledger.of("offer")
        if offers and (not self._looks or self._ledger.of("look")):
            said.append({"kind": "click", "id": "click-1", "token": offers[0]["token"]})
        answered = len({line["key"] for line in self._ledger.of("send")})
        for number, text in enumerate(SAYS):
            if answered > 2 * number + 1:
                said.append({"kind": "message", "id": f"message-{number}", "text": text})
        return [Update(self.name, one["id"], one) for one in said]

    def read(self, payload: Mapping[str, Any]) -> Sequence[Event]:
        """One event for each update."""
        now = datetime.now(UTC)
        match payload["kind"]:
            case "post":
                return [Post(self.name, payload["id"], MARA, COMPLAINT, now, place="town")]
            case "click":
                return [Click(self.name, payload["id"], MARA, payload["token"], now)]
            case _:
                return [PrivateMessage(self.name, payload["id"], MARA, payload["text"], now)]

    async def offer(self, offer: PublicOffer) -> str:
        """Say the offer in public."""
        self._ledger.add(kind="offer", token=offer.token, to=offer.in_reply_to)
        if self._drops:
            self._drops = False
            raise Unknown("the connection was lost after the offer was accepted")
        return f"offer-{offer.token}"

    async def find_offer(self, token: str) -> str | None:
        """Look at what we said, where the platform lets us."""
        self._ledger.add(kind="look", token=token)
        said = self._looks and any(offer["token"] == token for offer in self._ledger.of("offer"))
        return f"offer-{token}" if said else None

    async def send(self, line: PrivateLine) -> str:
        """Say a line in private."""
        self._ledger.add(kind="send", key=line.key, to=line.to, text=line.text)
        return f"line-{line.key}"

    async def fetch(self, source: str, largest: int) -> bytes:
        """Nobody sends files here."""
        raise NeverDeliverable("there are no files here")

    async def public_thread(self, post_id: str, place: str | None, known: Sequence[str] = ()) -> Sequence[Post]:
        """The platform shows the post."""
        return [Post(self.name, post_id, MARA, COMPLAINT, datetime.now(UTC), place=place)]

    def link(self, token: str) -> str:
        """Where the offer's button leads."""
        return f"https://channel.example/{token}"

    def way_in(self, token: str) -> WayIn:
        """A click comes with the account that made it."""
        return WayIn(link=self.link(token))
