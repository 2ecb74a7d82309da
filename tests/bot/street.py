"""What stands around the bot in the town: a channel, a Rasa and a detection that do as they are told."""

import base64
import hashlib
import json
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import msgspec

from bot import channel
from bot.channel import Author, Deleted, Event, Post, PrivateLine, PublicOffer, SignIn, WayIn
from bot.detect import Decision
from nlu.rasa import Rasa

EVENTS = {kind.__name__: kind for kind in channel.Event.__args__}
ENDINGS = {
    "person": ("hand_off", "asked", "A person will look at it."),
    "solved": ("solved", "said_so", "Glad to hear it."),
    "leave me": ("stop", "asked", "I will."),
}


def numbers() -> Iterator[int]:
    """For ids, without Mara's, of which no trace must be left."""
    return (number for number in count(1) if "1001" not in str(number))


_numbers = numbers()


class Street:
    """A channel that keeps what is said on it; `outcomes` are what the next sendings come to, an error or an id."""

    def __init__(self, name: str = "telegram") -> None:
        self.name = name
        self.offers: list[PublicOffer] = []
        self.lines: list[PrivateLine] = []
        self.outcomes: deque[str | Exception] = deque()
        self.files: dict[str, bytes | Exception] = {}
        self.posts: Sequence[Post | Deleted] | Exception = ()
        self.finds: str | Exception | None = None
        self.while_sending: Callable[[], Awaitable[object]] | None = None
        self.sign_in: SignIn | None = None
        self.handle: str | None = "northwind_help"
        self.hears_messages = False

    def read(self, payload: Mapping[str, Any]) -> Sequence[Event]:
        """Events, each as its kind and its fields."""
        try:
            return [msgspec.convert(fields, EVENTS[kind]) for kind, fields in payload["events"]]
        except (KeyError, msgspec.ValidationError) as error:
            raise channel.Unreadable(str(error)) from error

    async def listen(self, take: channel.Take) -> None:
        """Nothing comes by itself."""

    async def offer(self, offer: PublicOffer) -> str:
        """Say the offer, unless told otherwise."""
        return await self._say(offer, self.offers)

    async def send(self, line: PrivateLine) -> str:
        """Say the line, unless told otherwise."""
        return await self._say(line, self.lines)

    async def fetch(self, source: str, largest: int) -> bytes:
        """What the test says is there under this name."""
        found = self.files.get(source, channel.NeverDeliverable("it is gone"))
        if isinstance(found, Exception):
            raise found
        return found

    async def find_offer(self, token: str) -> str | None:
        """What the test says can be found."""
        if isinstance(self.finds, Exception):
            raise self.finds
        return self.finds

    async def public_thread(
        self, post_id: str, place: str | None, known: Sequence[str] = ()
    ) -> Sequence[Post | Deleted]:
        """What the test says can be read."""
        if isinstance(self.posts, Exception):
            raise self.posts
        return self.posts

    async def gone(self, post_ids: Sequence[str]) -> Sequence[Deleted]:
        """What of that is a tombstone."""
        return [one for one in await self.public_thread("", None) if isinstance(one, Deleted)]

    def link(self, token: str) -> str:
        """Where an offer's button leads."""
        return f"https://street.example/{token}"

    def way_in(self, token: str) -> WayIn:
        """A click comes with the account that made it, but on X, where our own page must ask."""
        if self.name == "x":
            return WayIn(sign_in=self.sign_in, code_to=self.handle, hears_messages=self.hears_messages)
        return WayIn(link=self.link(token), sign_in=self.sign_in)

    async def _say(self, said: Any, where: list[Any]) -> str:
        outcome = self.outcomes.popleft() if self.outcomes else f"said-{next(_numbers)}"
        if self.while_sending:
            await self.while_sending()
        if isinstance(outcome, channel.TryLater | channel.NeverDeliverable):
            raise outcome
        where.append(said)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class ScriptedSignIn:
    """Where people sign in: whoever says yes gets a code, good once, for the browser that knows the verifier."""

    def __init__(self) -> None:
        self.trouble: Exception | None = None
        self.asked = 0
        self._granted: dict[str, tuple[Author, str]] = {}
        self.while_asked: Callable[[], Awaitable[object]] | None = None

    def address(self, state: str, challenge: str) -> str:
        """Where they say yes."""
        return f"https://street.example/authorize?{urlencode({'state': state, 'challenge': challenge})}"

    def says_yes(self, address: str, author: Author) -> str:
        """Somebody says yes there; the path on our side to which their browser is sent."""
        asked = parse_qs(urlsplit(address).query)
        code = f"code-{next(_numbers)}"
        self._granted[code] = author, asked["challenge"][0]
        return f"/proof/x?{urlencode({'state': asked['state'][0], 'code': code})}"

    async def account(self, code: str, verifier: str) -> Author:
        """Whose code it was."""
        self.asked += 1
        if self.while_asked:
            await self.while_asked()
        if self.trouble:
            raise self.trouble
        author, challenge = self._granted.pop(code, (None, ""))
        proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if author is None or proof != challenge:
            raise channel.NeverDeliverable("the code is no good")
        return author


class ScriptedRasa:
    """Rasa's HTTP API with nobody behind it: a line with a word of `ENDINGS` in it ends the talk."""

    def __init__(self) -> None:
        self.is_down = False
        self.nonsense: object = None
        self.intents: dict[str, str] = {}
        self.rankings: dict[str, dict[str, float]] = {}
        self.last: list[dict[str, Any]] = []
        self.heard: list[str] = []
        self.parts: list[dict[str, Any]] | None = None
        self.while_thinking: Callable[[], Awaitable[object]] | None = None

    def client(self) -> Rasa:
        """A client of it."""
        return Rasa("http://127.0.0.1:1", "token", httpx.AsyncClient(transport=httpx.MockTransport(self._answer)))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectError("nobody is there")
        if self.nonsense is not None:
            return httpx.Response(200, json=self.nonsense)
        body = json.loads(request.content or b"null")
        if request.url.path == "/model/parse":
            return httpx.Response(200, json=self._parsed(body["text"]))
        if request.url.path.endswith("/webhook"):
            return httpx.Response(200, json=await self._parts(body["message"]))
        slots = {"turns": len(self.heard)}
        tracker = {"slots": slots, "active_loop": {"name": "triage_form"}, "events": self.last}
        return httpx.Response(200, json=tracker)

    def _parsed(self, said: str) -> dict[str, Any]:
        for word, guesses in self.rankings.items():
            if word in said.lower():
                ranking: list[dict[str, Any]] = [
                    {"name": name, "confidence": confidence} for name, confidence in guesses.items()
                ]
                unsure = {"name": "nlu_fallback", "confidence": 0.35}
                best = ranking[0] if ranking[0]["confidence"] >= 0.35 else unsure
                return {"text": said, "intent": best, "entities": [], "intent_ranking": ranking}
        found = [intent for word, intent in self.intents.items() if word in said.lower()]
        intent = {"name": found[0] if found else "order_missing", "confidence": 0.9}
        return {"text": said, "intent": intent, "entities": []}

    async def _parts(self, message: str) -> list[dict[str, Any]]:
        self.heard.append(message)
        self.last = [{"event": "user", "text": message, "parse_data": self._parsed(message)}]
        if self.while_thinking:
            await self.while_thinking()
        for word, (outcome, reason, answer) in ENDINGS.items():
            if word in message.lower():
                result = {"outcome": outcome, "reason": reason, "intent": "order_missing", "confidence": 0.9}
                result |= {"summary": "A parcel is missing.", "found": {"order_number": "NW-1"}}
                return [{"text": answer}, {"custom": {"triage_result": result}}]
        return [{"text": f"Question {len(self.heard)}?"}] if self.parts is None else self.parts


class WhoeverAsksForHelp:
    """Detection by one word."""

    def judge(self, posts: Sequence[Post], threads: object = None) -> list[Decision]:
        """A mention is what has "help" in it; the brand is heard there, and where it is named."""
        return [self._decide(post.text.lower()) for post in posts]

    def _decide(self, said: str) -> Decision:
        asks = "help" in said
        brand = "Northwind" if asks or "northwind" in said else None
        return Decision(asks, "mention" if asks else "low score", brand=brand)
