"""Our fake X pushes only to who proved to know the secret, signed, also twice, and tells mentions from echoes."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.peers.fake_x import FakeX

SECRET = b"northwind-consumer-secret"


def signature(content: bytes, secret: bytes = SECRET) -> str:
    return "sha256=" + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode()


class Receiver(BaseHTTPRequestHandler):
    """A webhook; at /wrong it does not know the secret, at /moved it sends elsewhere."""

    heard: list[tuple[dict[str, Any], bool]] = []

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        token = parse_qs(parts.query)["crc_token"][0].encode()
        secret = b"guessed" if parts.path == "/wrong" else SECRET
        self.send_response(302 if parts.path == "/moved" else 200)
        self.send_header("location", "/right")
        self.end_headers()
        self.wfile.write(json.dumps({"response_token": signature(token, secret)}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        true = hmac.compare_digest(self.headers.get("x-twitter-webhooks-signature", ""), signature(body))
        self.heard.append((json.loads(body)["data"], true))
        self.send_response(200 if true else 401)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[FakeX]:
    with FakeX() as x:
        yield x


@pytest.fixture
def x(server: FakeX) -> FakeX:
    server.begin_anew()
    Receiver.heard.clear()
    return server


@pytest.fixture(scope="module")
def there() -> Iterator[str]:
    """The address of a webhook."""
    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{receiver.server_port}"
    receiver.shutdown()
    receiver.server_close()


def call(x: FakeX, method: str, path: str, body: object = None, *, app: bool = True) -> httpx.Response:
    value = x.credentials.bearer_token if app else x.credentials.access_token
    headers = {"Authorization": f"Bearer {value}"}
    return httpx.request(method, x.url + path, json=body, headers=headers, timeout=60, trust_env=False)


def subscribe(x: FakeX, there: str, *kinds: str) -> None:
    hook = call(x, "POST", "/2/webhooks", {"url": f"{there}/right"}).json()["data"]
    for kind in kinds:
        body = {"event_type": kind, "filter": {"user_id": x.bot.id}, "tag": "ours", "webhook_id": hook["id"]}
        assert call(x, "POST", "/2/activity/subscriptions", body, app=False).status_code == 201


def wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_webhook_proves_that_it_knows_the_secret(x: FakeX, there: str) -> None:
    for path in ("wrong", "moved"):
        assert call(x, "POST", "/2/webhooks", {"url": f"{there}/{path}"}).status_code == 400
    made = call(x, "POST", "/2/webhooks", {"url": f"{there}/right"}).json()["data"]
    assert made["valid"]
    assert call(x, "GET", "/2/webhooks").json()["data"] == [made]
    assert call(x, "POST", "/2/webhooks", {"url": f"{there}/right"}).status_code == 403
    assert call(x, "PUT", f"/2/webhooks/{made['id']}").json() == {"data": {"valid": True}}
    x.credentials.consumer_secret = "changed since"
    assert call(x, "PUT", f"/2/webhooks/{made['id']}").json() == {"data": {"valid": False}}
    assert call(x, "DELETE", f"/2/webhooks/{made['id']}").json() == {"data": {"deleted": True}}
    assert x.webhooks == []


@pytest.mark.parametrize("url", ["http://help.example/x", "https://help.example:8443/x", "nonsense"])
def test_a_webhook_is_https_and_has_no_port(x: FakeX, url: str) -> None:
    assert call(x, "POST", "/2/webhooks", {"url": url}).status_code == 400


def test_mentions_are_pushed_and_echoes_are_not(x: FakeX, there: str) -> None:
    subscribe(x, there, "post.mention.create")
    post = x.post("Mara", "@northwind_help where is my parcel?")
    x.post("Noor", "Same here!", answers=post)
    x.post("José", "Nothing to do with it")
    last = x.post("Noor", "@northwind_help the app crashes")
    wait(lambda: len(Receiver.heard) == 2)
    assert [event["payload"]["id"] for event, _ in Receiver.heard] == [post.id, last.id]
    event, true = Receiver.heard[0]
    assert true
    assert set(event) == {"event_uuid", "filter", "event_type", "tag", "payload", "includes"}
    assert (event["event_type"], event["filter"], event["tag"]) == (
        "post.mention.create",
        {"user_id": x.bot.id},
        "ours",
    )
    assert event["payload"]["author_id"] == post.author.id
    assert event["includes"]["users"][0]["username"] == "mara"


def test_answers_to_us_and_quotes_of_us_are_pushed(x: FakeX, there: str) -> None:
    subscribe(x, there, "post.reply.create", "post.quote.create")
    ours = x.post("Northwind Help", "We ship again.")
    answer = x.post("Mara", "At last", answers=ours)
    x.post("Noor", "Good for you", answers=answer)
    quote = x.post("José", "And mine?", quotes=ours)
    wait(lambda: len(Receiver.heard) == 2)
    found = [(event["event_type"], event["payload"]["id"]) for event, _ in Receiver.heard]
    assert found == [("post.reply.create", answer.id), ("post.quote.create", quote.id)]


def test_an_event_comes_twice_or_with_another_signature(x: FakeX, there: str) -> None:
    subscribe(x, there)
    post = x.post("Mara", "@northwind_help where is my parcel?")
    x.push("post.mention.create", post, twice=True)
    x.push("post.mention.create", post, signature="wrong")
    x.push("post.mention.create", post, signature="none")
    wait(lambda: len(x.activity.deliveries) == 4)
    assert [true for _, true in Receiver.heard] == [True, True, False, False]
    assert len({event["event_uuid"] for event, _ in Receiver.heard}) == 3
    assert [delivery.status for delivery in x.activity.deliveries] == [200, 200, 401, 401]


def test_a_private_message_is_pushed_in_the_old_shape(x: FakeX, there: str) -> None:
    subscribe(x, there, "dm.received")
    x.dm("Mara", "Here I am: 4F7K2Q")
    wait(lambda: len(Receiver.heard) == 1)
    payload = Receiver.heard[0][0]["payload"]
    created = payload["direct_message_events"][0]["message_create"]
    assert created["sender_id"] == x.person("Mara").id
    assert created["message_data"]["text"] == "Here I am: 4F7K2Q"
    assert payload["users"][created["sender_id"]]["screen_name"] == "mara"


def test_a_webhook_that_is_gone_holds_nothing_up(x: FakeX, there: str) -> None:
    subscribe(x, there, "post.mention.create")
    x.webhooks[0].url = "http://127.0.0.1:9/gone"
    x.post("Mara", "@northwind_help where is my parcel?")
    wait(lambda: len(x.activity.deliveries) == 1)
    assert x.activity.deliveries[0].status is None


def test_only_the_account_itself_subscribes_to_what_is_private(x: FakeX) -> None:
    body = {"event_type": "post.mention.create", "filter": {"user_id": x.bot.id}}
    assert call(x, "POST", "/2/activity/subscriptions", body).status_code == 403
    assert call(x, "POST", "/2/activity/subscriptions", body, app=False).status_code == 201
    assert call(x, "POST", "/2/activity/subscriptions", body, app=False).status_code == 409
    assert call(x, "POST", "/2/activity/subscriptions", {**body, "event_type": "x"}, app=False).status_code == 400
