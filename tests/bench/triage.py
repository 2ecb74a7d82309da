"""How long a customer waits for the bot's next line, with ten talking at once, and how much memory Rasa takes."""

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from nlu.rasa import Rasa, Turn, seed
from tests.rasa_server import RasaServer, running_rasa

TALKS = 10
ROUNDS = 5
POST = "my northwind toaster is broken, it does not switch on"
LINES = ("Yes", "where do I find that number?", "it is NW-20418")


async def open_talk(rasa: Rasa, name: str) -> Turn:
    """Begin a triage with what the post told."""
    return await rasa.begin(name, seed([await rasa.parse(POST)]))


async def answer(rasa: Rasa, name: str, turn: Turn, waits: list[float]) -> None:
    """Say all lines, like a customer who answers at once."""
    for line in LINES:
        if turn.result is None:
            started = time.perf_counter()
            turn = await rasa.converse(name, turn.events, line)
            waits.append(time.perf_counter() - started)


async def measure(server: RasaServer, talks: int) -> list[float]:
    """Return the seconds of every turn of `talks` talks at once, several times over."""
    waits: list[float] = []
    async with server.client() as rasa:
        await answer(rasa, "warm", await open_talk(rasa, "warm"), [])
        for number in range(ROUNDS):
            names = [f"{number}-{talk}" for talk in range(talks)]
            opened = [await open_talk(rasa, name) for name in names]
            await asyncio.gather(*(answer(rasa, *pair, waits) for pair in zip(names, opened, strict=True)))
    return waits


def memory(server: RasaServer) -> float:
    """Return the resident memory of Rasa and its action server in MB."""
    return sum(psutil.Process(server.pid(name)).memory_info().rss for name in ("rasa", "actions")) / 1e6


def main() -> None:
    """Print one line for each load."""
    with tempfile.TemporaryDirectory() as logs:
        started = time.perf_counter()
        with running_rasa(Path(logs)) as server:
            sys.stdout.write(f"started in {time.perf_counter() - started:.1f} s\n")
            for talks in (1, TALKS):
                waits = sorted(asyncio.run(measure(server, talks)))
                p95 = waits[int(len(waits) * 0.95)]
                sys.stdout.write(
                    f"{talks} at once: {len(waits)} turns, p50 {statistics.median(waits) * 1000:.0f} ms,"
                    f" p95 {p95 * 1000:.0f} ms\n"
                )
            sys.stdout.write(f"memory of Rasa and its action server: {memory(server):.0f} MB\n")


if __name__ == "__main__":
    main()
