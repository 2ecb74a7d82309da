"""Rasa as our child: a model trained when there is none, the action server beside it, both kept running."""

import asyncio
import logging
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

from bot import repeat
from bot.put_to_work import PutToWork
from bot.settings import BotSettings
from bot.supervise import keep_running
from handoff import database
from nlu.rasa import Rasa
from nlu.server import LOOPBACK, Command, action_server, rasa_server
from nlu.training import TrainingFailed

log = logging.getLogger(__name__)

NO_RASA = "There is no Rasa ({python} is missing; `make setup` makes it): whoever opts in goes straight to a person."


class OwnRasa:
    """A Rasa on free ports of loopback, with a token that nobody else knows."""

    def __init__(self, settings: BotSettings, tell: Callable[[str], None]) -> None:
        self._python, self._home, self._tell = settings.rasa_python.absolute(), settings.home.resolve(), tell
        self._brand_file = settings.brand_file
        self._port, self._actions_port = _free_ports()
        self._token = secrets.token_urlsafe(32)

    def client(self) -> Rasa:
        """A client of it, which may be asked at any time: until Rasa is ready it says that it is down."""
        return Rasa(f"http://{LOOPBACK}:{self._port}", self._token)

    @property
    def actions_url(self) -> str:
        """Where its action server is."""
        return f"http://{LOOPBACK}:{self._actions_port}/webhook"

    async def run(self, work: PutToWork) -> None:
        """Train if need be, start both servers, and keep them running until cancelled. Without a model nothing runs."""
        began = time.monotonic()
        self._tell("Rasa is starting …")
        try:
            begun = await self._begin(work)
        except TrainingFailed as error:
            self._tell(f"Rasa could not be trained, so whoever opts in goes to a person:\n{error}")
            return

        def rasa() -> Command:
            model = work.at_work or begun
            return rasa_server(self._python, model, self._port, self._token, self._actions_port, self._brand_file)

        logs = self._home / "logs"
        actions = action_server(self._python, self._actions_port)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keep_running("The action server", actions, logs / "actions.log", self._tell))
            tasks.create_task(keep_running("Rasa", rasa, logs / "rasa.log", self._tell))
            tasks.create_task(self._say_when_ready(began))

    async def _begin(self, work: PutToWork) -> Path:
        """The model to start with, as soon as the record says which."""
        while True:
            try:
                return await work.begin_with(lambda step: self._tell(f"Rasa has no model yet and makes one: {step}"))
            except database.AWAY as error:
                log.warning("Rasa cannot start yet, trying again: %s", error)
                await asyncio.sleep(repeat.IDLE)

    async def _say_when_ready(self, began: float) -> None:
        async with self.client() as rasa:
            while not await rasa.ready():
                await asyncio.sleep(0.5)
        self._tell(f"Rasa is ready, after {time.monotonic() - began:.0f} s.")


def rasa_is_installed(python: Path) -> bool:
    """Whether Rasa's environment was made."""
    return python.exists()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind((LOOPBACK, 0))
        other.bind((LOOPBACK, 0))
        return one.getsockname()[1], other.getsockname()[1]
