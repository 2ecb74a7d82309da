"""Named points at which a test may end the process, to show that a crash there breaks no promise."""

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_passed: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """End this process with SIGKILL if `KNOCK_FAILPOINT` is `name#n` and `name` is passed for the n-th time."""
    wanted, _, nth = os.environ.get("KNOCK_FAILPOINT", "").rpartition("#")
    if name != wanted:
        return
    _passed[name] += 1
    if _passed[name] == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)


@asynccontextmanager
async def outside(name: str) -> AsyncIterator[None]:
    """Frame a call that leaves the process with the failpoints `name: before call` and `name: after call`."""
    failpoint(f"{name}: before call")
    yield
    failpoint(f"{name}: after call")
