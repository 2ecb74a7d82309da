"""How triages of real first messages end: 100 of the HINT3 test sets, each driven by a customer who answers anything.

Reads `hint3/*_test.csv` in the folder KNOCK_SHARED_DATA names; does nothing when there is none.
"""

import asyncio
import csv
import os
import random
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from nlu.rasa import Rasa, seed
from nlu.triage_result import TriageResult
from tests.rasa_server import ROOT, running_rasa

DATA = Path(os.environ.get("KNOCK_SHARED_DATA", ROOT.parent / "shared" / "data")) / "hint3"
MESSAGES = 100
MOST_TURNS = 6


def first_messages() -> list[str]:
    """Return the same 100 messages each time, drawn from all files alike."""
    found: list[str] = []
    for path in sorted(DATA.glob("*_test.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            found += [row["sentence"] for row in csv.DictReader(lines)]
    random.Random(1).shuffle(found)
    return found[:MESSAGES]


async def drive(rasa: Rasa, name: str, messages: list[str], rng: random.Random) -> tuple[TriageResult | None, int]:
    """Say the first message as one's post, then others at random or a button; return the end and the turns it took."""
    turn = await rasa.begin(name, seed([await rasa.parse(messages[0])]))
    for said in range(MOST_TURNS + 1):
        if turn.result or said == MOST_TURNS:
            return turn.result, said
        buttons = [button.payload for answer in turn.answers for button in answer.buttons[:-1]]
        line = rng.choice(buttons) if buttons and rng.random() < 0.6 else rng.choice(messages)
        turn = await rasa.converse(name, turn.events, line)
    return None, MOST_TURNS


async def drive_all(rasa: Rasa, messages: list[str]) -> list[tuple[TriageResult | None, int]]:
    """Drive one talk after the other, each begun with its message."""
    rng = random.Random(2)
    return [await drive(rasa, f"hint3-{number}", [message, *messages], rng) for number, message in enumerate(messages)]


def show(ends: list[tuple[TriageResult | None, int]]) -> Table:
    """Return the table of ends, by outcome and reason, with the turns they took."""
    turns: dict[tuple[str, str], list[int]] = {}
    for end, said in ends:
        turns.setdefault((end.outcome, end.reason) if end else ("NEVER ENDED", ""), []).append(said)
    table = Table("outcome", "reason", "talks", "turns at most")
    for (outcome, reason), took in sorted(turns.items(), key=lambda item: -len(item[1])):
        table.add_row(outcome, reason, str(len(took)), str(max(took)))
    return table


def main() -> int:
    """Print the table; return 1 when a talk did not end within six turns."""
    messages = first_messages()
    if not messages:
        sys.stdout.write(f"no messages in {DATA.name}/\n")
        return 0
    with tempfile.TemporaryDirectory() as logs, running_rasa(Path(logs)) as server:
        ends = asyncio.run(_with_client(server.client(), messages))
    Console().print(show(ends))
    return 1 if any(end is None for end, _ in ends) else 0


async def _with_client(client: Rasa, messages: list[str]) -> list[tuple[TriageResult | None, int]]:
    async with client as rasa:
        return await drive_all(rasa, messages)


if __name__ == "__main__":
    sys.exit(main())
