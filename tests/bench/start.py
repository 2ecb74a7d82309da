"""How long Knock takes to start, the first time and later, and how much memory all of it takes."""

import tempfile
import time
from pathlib import Path

import psutil

from tests.bench.product import say
from tests.knock_process import KnockProcess

MIB = 2**20


def memory(knock: KnockProcess) -> None:
    """Print the memory of every process, shared pages counted in parts (PSS), and the sum."""
    shares: dict[str, float] = {}
    for process in [psutil.Process(knock.process.pid), *knock.children()]:
        name = "Rasa and its actions" if "rasa" in " ".join(process.cmdline()) else process.name()
        name = "the bot, the pages and the inbox" if process.pid == knock.process.pid else name
        shares[name] = shares.get(name, 0) + process.memory_full_info().pss / MIB
    for name, share in sorted(shares.items(), key=lambda item: -item[1]):
        say(f"  {name}: {share:.0f} MiB")
    say(f"  all of it: {sum(shares.values()):.0f} MiB")


def start(home: Path, name: str) -> None:
    """Start, print when the pages answer and when Rasa is ready, and end."""
    started = time.perf_counter()
    with KnockProcess(home, output=name) as knock:
        knock.wait_until(knock.is_healthy, "its pages never answered")
        pages = time.perf_counter() - started
        knock.wait_for("Rasa is ready")
        say(f"{name} start: pages after {pages:.1f} s, Rasa ready after {time.perf_counter() - started:.1f} s")
        memory(knock)
        ending = time.perf_counter()
        knock.end()
        say(f"  ended {time.perf_counter() - ending:.1f} s after Ctrl-C")


def main() -> None:
    """Print both starts, in a folder of their own."""
    with tempfile.TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        home.chmod(0o755)
        start(home, "first")
        start(home, "second")


if __name__ == "__main__":
    main()
