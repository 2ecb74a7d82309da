"""Child processes: started, watched, started again when they die, and never left behind."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from nlu.server import Command, dies_with_us

GRACE = 1.0
"""Seconds that a child has to end by itself."""

LONGEST_WAIT = 30.0
STEADY = 60.0
"""Seconds after which a child that ran counts as well: its next end is a first one again."""

LARGEST_LOG = 10_000_000


async def keep_running(
    name: str, command: Command | Callable[[], Command], log: Path, tell: Callable[[str], None]
) -> None:
    """Run a command until cancelled, made anew each time if it may change. When it ends it is started again: after 1,
    2, 4 … 30 seconds."""
    wait = 1.0
    while True:
        started = time.monotonic()
        code = await _run(command if isinstance(command, Command) else command(), log)
        wait = 1.0 if time.monotonic() - started > STEADY else min(2 * wait, LONGEST_WAIT)
        tell(f"{name} ended ({_cause(code)}); starting it again in {wait:.0f} s. Its last words are in {log}.")
        await asyncio.sleep(wait)


async def _run(command: Command, log: Path) -> int:
    """Run a command to its end, in a process group of its own, and end all of the group when cancelled."""
    with _open(log) as file:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            cwd=command.cwd,
            env=command.env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
            preexec_fn=dies_with_us(signal.SIGKILL),
        )
    try:
        return await process.wait()
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                await process.wait()
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _open(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    return log.open("ab")


def _cause(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
