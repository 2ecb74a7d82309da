"""A Telegram of our own on 127.0.0.1: the Bot API over HTTP, people to play with, and everything that may go wrong.

As a server by itself, `python -m tests.peers.fake_telegram --port 9000`, people act over HTTP as well:
`POST /fake/say {"group": "Acme users", "person": "Mara", "text": "…"}`, and `GET /fake/sent` is what the bot said.
"""

import argparse
import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any, Self

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests.peers.fake_telegram_world import BOT, Json, Loss, Refused, World

PEOPLE_MAY = {
    "person",
    "say",
    "edit",
    "delete",
    "write",
    "press_start",
    "follow",
    "block",
    "summon",
    "migrate",
    "remove",
}
TROUBLES = {"flood", "lose_answer"}
METHODS = {
    "getMe": "_get_me",
    "getUpdates": "_get_updates",
    "sendMessage": "_send_message",
    "sendPhoto": "_send_photo",
    "sendDocument": "_send_document",
    "getFile": "_get_file",
    "answerGuestQuery": "_answer_guest_query",
    "setWebhook": "_set_webhook",
    "deleteWebhook": "_delete_webhook",
    "setMyCommands": "_set_my_commands",
}


class CutOff(Response):
    """An answer that ends before its end, as when a connection drops."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b'{"ok"', "more_body": True})


class FakeTelegram(World):
    """Runs in a thread of its own, so that tests with and without a loop can use it: `with FakeTelegram() as fake`."""

    def __init__(self, port: int = 0, token: str = "1000:fake") -> None:
        self.token = token
        self._port = port
        self._polls = 0
        self._closing = True
        self.begin_anew()

    def begin_anew(self) -> None:
        """A Telegram in which nothing has happened yet, at the same address."""
        World.__init__(self)
        self.asked: list[Json] = []
        self.menus: dict[str, dict[str, str]] = {}
        """The parameters of every call, as they came."""
        self.webhook: Json | None = None
        self.privacy_mode = False

    @property
    def url(self) -> str:
        """What `KNOCK_TELEGRAM_API` is to be."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; a start after a stop, at the same port, is the end of a network failure."""
        if not self._closing:
            return
        self._closing = False
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(self._app(), log_level="critical", timeout_graceful_shutdown=1, ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Be gone; what people did and what was sent stays known."""
        self._closing = self._server.should_exit = True
        self._thread.join(60)

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/bot{token}/{method}", self._bot_api, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._file),
                Route("/fake/sent", self._show),
                Route("/fake/{verb}", self._act, methods=["POST"]),
            ],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        pushing = asyncio.create_task(self._push())
        yield
        pushing.cancel()

    # The Bot API

    async def _bot_api(self, request: Request) -> Response:
        if request.path_params["token"] != self.token:
            return _refusal(Refused(401, "Unauthorized"))
        name = request.path_params["method"]
        if name not in METHODS:
            return _refusal(Refused(404, "Not Found"))
        self.calls.append(name)
        try:
            self.asked.append({**request.query_params, **await _given(request)})
            result = await getattr(self, METHODS[name])(self.asked[-1])
        except Refused as refused:
            return _refusal(refused)
        if (name.startswith("send") or name == "answerGuestQuery") and (how := self.loss()):
            return _lost(how)
        return JSONResponse({"ok": True, "result": result})

    async def _get_me(self, _: Json) -> Json:
        return BOT | {"can_read_all_group_messages": not self.privacy_mode, "supports_guest_queries": True}

    async def _get_updates(self, asked: Json) -> list[Json]:
        if self.webhook:
            raise Refused(409, "Conflict: can't use getUpdates method while webhook is active")
        self._polls += 1
        mine, patience = self._polls, int(asked.get("timeout", 0)) / 0.01
        self.allowed = json.loads(asked["allowed_updates"]) if "allowed_updates" in asked else self.allowed
        self.updates = [u for u in self.updates if u["update_id"] >= int(asked.get("offset", 0)) and self._wanted(u)]
        while not (waiting := [u for u in self.updates if self._wanted(u)]) and patience > 0 and not self._closing:
            await asyncio.sleep(0.01)
            patience -= 1
            if mine != self._polls:
                raise Refused(409, "Conflict: terminated by other getUpdates request")
        return waiting[: int(asked.get("limit", 100))]

    def _wanted(self, update: Json) -> bool:
        kinds = set(update) - {"update_id"}
        return self.allowed is None or not kinds or bool(kinds & set(self.allowed))

    async def _set_my_commands(self, asked: Json) -> bool:
        commands = json.loads(asked["commands"])
        self.menus[asked.get("language_code", "")] = {one["command"]: one["description"] for one in commands}
        return True

    async def _send_message(self, asked: Json) -> Json:
        reply: Json = json.loads(asked.get("reply_parameters", "{}"))
        topic = int(asked["message_thread_id"]) if "message_thread_id" in asked else None
        text, chat = asked.get("text", ""), int(asked["chat_id"])
        answers = self.reply_to(chat, **reply)
        return self.send(chat, text, reply_to=answers, topic=topic, **_buttons(asked.get("reply_markup")))

    async def _send_photo(self, asked: Json) -> Json:
        return self.hand_over(int(asked["chat_id"]), "photo", *asked["photo"])

    async def _send_document(self, asked: Json) -> Json:
        return self.hand_over(int(asked["chat_id"]), "document", *asked["document"])

    async def _get_file(self, asked: Json) -> Json:
        size = self.size_of(asked["file_id"])
        return {"file_id": asked["file_id"], "file_unique_id": "u", "file_size": size, "file_path": asked["file_id"]}

    async def _file(self, request: Request) -> Response:
        content = self.files.get(request.path_params["path"])
        if request.path_params["token"] != self.token or content is None:
            return Response(status_code=404)
        return Response(content)

    async def _answer_guest_query(self, asked: Json) -> Json:
        result = json.loads(asked["result"])
        text = result["input_message_content"]["message_text"]
        return self.answer_guest(asked["guest_query_id"], text, **_buttons(json.dumps(result["reply_markup"])))

    async def _set_webhook(self, asked: Json) -> bool:
        self.allowed = json.loads(asked["allowed_updates"]) if "allowed_updates" in asked else self.allowed
        self.webhook = asked
        return True

    async def _delete_webhook(self, _: Json) -> bool:
        self.webhook = None
        return True

    async def _push(self) -> None:
        """Push updates to the webhook, each until it is taken."""
        async with httpx.AsyncClient() as client:
            while True:
                await asyncio.sleep(0.01)
                if not self.webhook or not self.updates:
                    continue
                headers = {"X-Telegram-Bot-Api-Secret-Token": self.webhook.get("secret_token", "")}
                try:
                    answer = await client.post(self.webhook["url"], json=self.updates[0], headers=headers)
                except httpx.HTTPError:
                    continue
                if answer.is_success:
                    self.updates.pop(0)

    # People over HTTP

    async def _act(self, request: Request) -> Response:
        verb = request.path_params["verb"]
        if verb not in PEOPLE_MAY | TROUBLES:
            return Response(status_code=404)
        return JSONResponse(getattr(self, verb)(**await request.json()))

    async def _show(self, _: Request) -> Response:
        return JSONResponse([asdict(sent) for sent in self.sent])


async def _given(request: Request) -> Json:
    """What a form holds; a file as its name and its content."""
    async with request.form() as form:
        return {
            name: value if isinstance(value, str) else (value.filename, await value.read())
            for name, value in form.items()
        }


def _lost(how: Loss) -> Response:
    if how == "html":
        return HTMLResponse("<h1>Bad gateway</h1>")
    if how == "error":
        return HTMLResponse("<h1>Internal error</h1>", 500)
    return CutOff()


def _refusal(refused: Refused) -> Response:
    more = {"parameters": refused.parameters} if refused.parameters else {}
    body = {"ok": False, "error_code": refused.code, "description": refused.description, **more}
    return JSONResponse(body, refused.code)


def _buttons(markup: str | None) -> Json:
    asked: dict[str, Any] = json.loads(markup or "{}")
    found = [button for row in asked.get("inline_keyboard") or asked.get("keyboard") or [] for button in row]
    link = next((button["url"] for button in found if "url" in button), None)
    return {"buttons": tuple(button["text"] for button in found), "link": link}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=9000)
    fake = FakeTelegram(options.parse_args().port)
    fake.start()
    print(f"KNOCK_TELEGRAM_API={fake.url} KNOCK_TELEGRAM_TOKEN={fake.token}", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        fake.stop()
