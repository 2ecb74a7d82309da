"""Trains Rasa on examples in a file and asks it texts of another: run in Rasa's Python by benchmarks and tests.

`python -m tests.nlu.asked_rasa CONFIG FOLDER` reads train.json and ask.json of the folder, and writes answers.json:
the seconds that training took, those of each parse, and what Rasa answered to each text.
"""

import asyncio
import json
import logging
import sys
import time
from pathlib import Path

from rasa.core.agent import Agent
from rasa.model_training import train_nlu


async def ask(agent: Agent, texts: list[str]) -> tuple[list[float], list[dict[str, object]]]:
    """Ask one text after the other."""
    seconds, answers = [], []
    for text in texts:
        started = time.perf_counter()
        answers.append(await agent.parse_message(text))
        seconds.append(time.perf_counter() - started)
    return seconds, answers


def main(config: str, folder: Path) -> None:
    """Train, ask, write down."""
    logging.disable(logging.WARNING)
    started, busy = time.perf_counter(), time.process_time()
    model = train_nlu(config, str(folder / "train.json"), str(folder), "model")
    trained, busy = time.perf_counter() - started, time.process_time() - busy
    texts = json.loads((folder / "ask.json").read_text("utf-8"))
    seconds, answers = asyncio.run(ask(Agent.load(model), texts))
    written = {"trained": trained, "busy": busy, "seconds": seconds, "answers": answers}
    (folder / "answers.json").write_text(json.dumps(written), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
