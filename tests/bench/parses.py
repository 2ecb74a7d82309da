"""What understanding costs: training 30 intents, parses one and eight at once and during a training, and Rasa's memory.

The examples are our own, in English and then in the other languages; the same intent in two languages counts as two.
"""

import asyncio
import json
import resource
import subprocess
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
import psutil

from nlu.language import LANGUAGES
from nlu.rasa import safe
from nlu.seeds import frozen, seeds
from nlu.server import PROJECT, environment
from nlu.training import train as train_politely
from tests.bench.product import percentiles, say
from tests.rasa_server import PYTHON, ROOT, RasaServer

INTENTS, EXAMPLES, AT_ONCE, ASKED = 30, 50, 8, 800
OURS = ROOT / "nlu" / "config.yml"
TRAIN = "import sys; from rasa.model_training import train_nlu; train_nlu(*sys.argv[1:3], sys.argv[3], 'model')"


def examples() -> list[dict[str, object]]:
    """Fifty of each of thirty intents."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for one in seeds():
        found[LANGUAGES.index(one.language), one.intent].append(safe(one.text))
    enough = [(key, texts) for key, texts in sorted(found.items()) if len(texts) >= EXAMPLES][:INTENTS]
    return [
        {"text": text, "intent": f"{intent}_{language}", "entities": []}
        for (language, intent), texts in enough
        for text in texts[:EXAMPLES]
    ]


def train(folder: Path) -> Path:
    """Train Rasa as `make bench-nlu` does, print how long that took with its start, and return the model."""
    taught = examples()
    (folder / "train.json").write_text(json.dumps({"rasa_nlu_data": {"common_examples": taught}}), "utf-8")
    argv = [str(PYTHON), "-c", TRAIN, str(OURS), str(folder / "train.json"), str(folder)]
    started = time.perf_counter()
    subprocess.run(argv, cwd=folder, env=environment(), capture_output=True, check=True)
    say(f"{len(taught)} examples of {len({one['intent'] for one in taught})} intents")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    say(
        f"trained in {time.perf_counter() - started:.0f} s, from the start of its process to its end"
        f" ({used.ru_utime + used.ru_stime:.0f} s busy)"
    )
    return folder / "model.tar.gz"


async def ask(server: RasaServer, at_once: int, texts: list[str]) -> list[float]:
    """Ask all texts, so many at once; returns the seconds of each."""
    waits: list[float] = []
    waiting = iter(texts)

    async def one_after_the_other(client: httpx.AsyncClient) -> None:
        for text in waiting:
            started = time.perf_counter()
            answer = await client.post(f"/model/parse?token={server.token}", json={"text": text})
            answer.raise_for_status()
            waits.append(time.perf_counter() - started)

    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=60) as client:
        await asyncio.gather(*(one_after_the_other(client) for _ in range(at_once)))
    return waits


async def ask_while_training(server: RasaServer, texts: list[str], folder: Path) -> list[float]:
    """Ask one text after the other while Knock trains its own examples; returns the seconds of each."""
    folder.mkdir()
    training = asyncio.create_task(train_politely(PYTHON, PROJECT, folder, lambda line: None, politely=True))
    waits: list[float] = []
    while not training.done() and len(waits) < ASKED:
        waits += await ask(server, 1, texts[:20])
    training.cancel()
    await asyncio.wait([training])
    return waits


def busy(process: psutil.Process) -> float:
    """The seconds of the processor that a process took so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Print the figures."""
    texts = [safe(one.text) for one in frozen() if one.language == "en"]
    with tempfile.TemporaryDirectory(prefix="knock-") as name:
        server = RasaServer(train(Path(name)), Path(name))
        try:
            server.start()
            rasa = psutil.Process(server.pid())
            asyncio.run(ask(server, 1, texts[:50]))
            for at_once in (1, AT_ONCE):
                before = busy(rasa)
                waits = asyncio.run(ask(server, at_once, (texts * ASKED)[:ASKED]))
                percentiles(f"a parse, {at_once} at once", waits)
                say(f"  of the processor's time: {1000 * (busy(rasa) - before) / ASKED:.1f} ms each")
            waits = asyncio.run(ask_while_training(server, texts, Path(name) / "beside"))
            percentiles("a parse, one at once, during a training", waits)
            say(f"Rasa's memory: {rasa.memory_full_info().pss / 2**20:.0f} MiB")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
