"""What the benchmarks of the whole product share: everything started for real, and how figures are printed."""

import asyncio
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from handoff.database import Database
from handoff.embedded import Embedded
from handoff.schema import migrate
from nlu.detector import Detector, read_examples
from tests.rasa_server import RasaServer, trained_model
from tests.stories import Story, knock_at_work


@asynccontextmanager
async def whole_product(**settings: Any) -> AsyncIterator[Story]:
    """The record on an embedded PostgreSQL that writes to the disk as in production, Rasa, the square, and the bot."""
    with tempfile.TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        postgres, rasa = (
            Embedded(Path(folder) / "data"),
            RasaServer(await asyncio.to_thread(trained_model), Path(folder)),
        )
        postgres.start()
        try:
            migrate(postgres.url())
            await asyncio.to_thread(rasa.start)
            database, detector = Database(postgres.url()), Detector.train(read_examples())
            async with rasa.client() as client, knock_at_work(database, client, detector, **settings) as story:
                yield story
            await database.close()
        finally:
            rasa.stop()
            postgres.stop()


def say(line: str) -> None:
    """Print a line at once: somebody is waiting."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def percentiles(name: str, seconds: Sequence[float]) -> None:
    """Print the median, the 95th percentile and the worst, in milliseconds."""
    cuts = statistics.quantiles(seconds, n=20, method="inclusive")
    worst = max(seconds) * 1000
    say(f"{name}: p50 {cuts[9] * 1000:.0f} ms, p95 {cuts[18] * 1000:.0f} ms, worst {worst:.0f} ms ({len(seconds)})")
