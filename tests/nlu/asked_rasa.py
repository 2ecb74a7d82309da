"""Trains Rasa on examples in a file and asks it texts of another: run in Rasa's Python by benchmarks and tests.

`python -m tests.nlu.asked_rasa CONFIG FOLDER` reads train.json and ask.json of the folder, and writes answers.json:
the seconds that training took, those of each parse, and what Rasa answered to each text. Meanwhile it says how far it
is; what Rasa and its libraries print goes to the standard error.
"""

import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import TextIO

from rasa.core.agent import Agent
from rasa.model_training import train_nlu

EACH = 500


async def ask(agent: Agent, texts: list[str], progress: TextIO) -> tuple[list[float], list[dict[str, object]]]:
    """Ask one text after the other."""
    seconds, answers = [], []
    for number, text in enumerate(texts, start=1):
        if number % EACH == 0:
            progress.write(f"  … {number} of {len(texts)} asked\n")
            progress.flush()
        started = time.perf_counter()
        answers.append(await agent.parse_message(text))
        seconds.append(time.perf_counter() - started)
    return seconds, answers


def main(config: str, folder: Path, progress: TextIO) -> None:
    """Train, ask, write down."""
    logging.disable(logging.WARNING)
    started, busy = time.perf_counter(), time.process_time()
    model = train_nlu(config, str(folder / "train.json"), str(folder), "model")
    trained, busy = time.perf_counter() - started, time.process_time() - busy
    progress.write(f"  … trained in {trained:.0f} s\n")
    progress.flush()
    texts = json.loads((folder / "ask.json").read_text("utf-8"))
    seconds, answers = asyncio.run(ask(Agent.load(model), texts, progress))
    written = {"trained": trained, "busy": busy, "seconds": seconds, "answers": answers}
    (folder / "answers.json").write_text(json.dumps(written), "utf-8")


if __name__ == "__main__":
    ours = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    main(sys.argv[1], Path(sys.argv[2]), ours)
