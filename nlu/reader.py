"""Lets a model read texts in a process of its own, away from the Rasa that serves. See nlu/components/read.py."""

import asyncio
import json
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from nlu.rasa import safe
from nlu.scores import UNSURE
from nlu.server import ROOT, dies_with_us, environment

LOADING = 600.0
"""Seconds: it yields to all others, who may keep a small machine busy for minutes. A process that ends is noticed."""

PATIENCE = 30.0
LONGEST_ANSWER = 1024 * 1024


class ReaderDown(Exception):
    """The model cannot be loaded, or does not answer: what it would have said is not known."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a model makes of a text. `said` may be that it is not sure; `ranking` has its guesses, the best first."""

    said: str
    ranking: Sequence[tuple[str, float]]
    entities: Sequence[tuple[str, str]]
    nearest: Sequence[tuple[str, str]]
    """The most similar examples and their intents, if the model tells."""

    @property
    def best(self) -> tuple[str, float]:
        """The first guess that is an intent, and how sure it is."""
        return next((one for one in self.ranking if one[0] != UNSURE), (self.said, 0.0))


class Reader:
    """One model that reads. `async with` starts and ends its process, which yields to all others."""

    def __init__(
        self, python: Path, model: Path, actions_url: str | None = None, brand_file: Path = ROOT / "knock.toml"
    ) -> None:
        self._python, self._model, self._actions_url, self._brand_file = python, model, actions_url, brand_file
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Load the model. Raises `ReaderDown`."""
        more = {"KNOCK_BRAND_FILE": str(self._brand_file.absolute())}
        more |= {"KNOCK_ACTIONS_URL": self._actions_url} if self._actions_url else {}
        argv = ("nice", "-n", "15", str(self._python), "-m", "nlu.components.read", str(self._model))
        try:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=self._model.parent,
                env=environment(**more),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LONGEST_ANSWER,
                preexec_fn=dies_with_us(signal.SIGKILL),
            )
        except OSError as error:
            raise ReaderDown(f"no process could be started: {error}") from error
        try:
            await self._answer(LOADING)
        except BaseException:
            await self.close()
            raise
        return self

    @property
    def is_running(self) -> bool:
        """Whether it can be asked."""
        return self._process is not None and self._process.returncode is None

    async def __aexit__(self, *_: object) -> None:
        """End its process."""
        await self.close()

    async def close(self) -> None:
        """End its process."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def read(self, text: str) -> Read:
        """What the model makes of a text. Raises `ReaderDown`."""
        return _read(await self._ask({"text": safe(text)}))

    async def begin(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What triage would say first in a talk that begins with these events, as Rasa's parts. Raises `ReaderDown`."""
        says = (await self._ask({"begin": events})).get("says")
        return says if isinstance(says, list) else []

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            if self._process is None or self._process.stdin is None or self._process.returncode is not None:
                raise ReaderDown("its process has ended")
            try:
                self._process.stdin.write(json.dumps(question).encode() + b"\n")
                await self._process.stdin.drain()
            except OSError as error:
                raise ReaderDown("its process has ended") from error
            return await self._answer(PATIENCE)

    async def _answer(self, patience: float) -> dict[str, Any]:
        if self._process is None or self._process.stdout is None:
            raise ReaderDown("it was not started")
        try:
            async with asyncio.timeout(patience):
                line = await self._process.stdout.readline()
            answer = json.loads(line)
        except TimeoutError as error:
            await self.close()  # or its late answer would be taken for that to the next question
            raise ReaderDown(f"no answer within {patience:.0f} s") from error
        except ValueError as error:
            raise ReaderDown("its process has ended") from error
        return answer if isinstance(answer, dict) else {}


def _read(parsed: dict[str, Any]) -> Read:
    try:
        ranking = [(str(one["name"]), _part(one["confidence"])) for one in parsed.get("intent_ranking") or ()]
        entities = [(str(one["entity"]), str(one["value"])) for one in parsed.get("entities") or ()]
        said = str(parsed["intent"]["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise ReaderDown(f"its answer cannot be read: {error}") from error
    nearest = [
        (str(one.get("text")), str(one.get("intent"))) for one in parsed.get("nearest") or () if isinstance(one, dict)
    ]
    return Read(said, ranking or [(said, 0.0)], entities, nearest)


def _part(number: object) -> float:
    """Between 0 and 1, whatever a classifier says."""
    return min(1.0, max(0.0, float(number)))  # type: ignore[arg-type]
