"""How long after a version was promoted, or rolled back to, Rasa answers with it: `knock up` while nobody talks."""

import asyncio
import tempfile
import time
from pathlib import Path

from handoff import versions
from handoff.database import Database
from handoff.embedded import Embedded
from tests.bench.product import percentiles, say
from tests.knock_process import KnockProcess, trained
from tests.models import Makers
from tests.rasa_server import trained_model

TURNS = 20
LOOK_EVERY = 0.02


async def promote(database: Database, version: int, before: int) -> float:
    """The seconds from the commit of the page's own deed until the pages say that the version is at work."""
    async with database.transaction("bench.promote") as session:
        await versions.promote(session, version, None, "measured", seen=before)
    started = time.perf_counter()
    while True:
        async with database.reading() as session:
            newest = await versions.newest_promotion(session)
        if newest is not None and newest.at_work_at is not None:
            return time.perf_counter() - started
        await asyncio.sleep(LOOK_EVERY)


async def measure(home: Path) -> None:
    """Let two versions take turns."""
    database = Database(Embedded(home / "postgres").url())
    other = await Makers(database, home / "models").another(await asyncio.to_thread(trained_model))
    waits = []
    for n in range(TURNS):
        version, before = (other, 1) if n % 2 == 0 else (1, other)
        waits.append(await promote(database, version, before))
    await database.close()
    percentiles("promoted or rolled back → Rasa answers with it", waits)


def main() -> None:
    """Print how long it took, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        home = trained(Path(folder) / "home", rasa=True)
        with KnockProcess(home) as knock:
            knock.wait_for("Rasa is ready")
            say("two versions of the seeds take turns")
            asyncio.run(measure(home))


if __name__ == "__main__":
    main()
