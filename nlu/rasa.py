"""Talks to Rasa over HTTP. The only module that knows its API, so that another engine could take its place.

Rasa keeps nothing that we rely on. Whoever talks holds the events of the talk: before each turn Rasa's tracker is
replaced by them unless it is just there (looking is ten times cheaper), and what it is afterwards comes back. So a Rasa
that was killed goes on, and a repeated turn is harmless.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import quote

import httpx

from nlu.triage_result import DETAILS, TALK_INTENTS, TriageResult, by_name

PATIENCE = 3.0
"""Seconds that a call may take."""

NO_MODEL = 409
"""What Rasa answers to everything while it has no model."""

LOADING = 60.0
"""Seconds that a model may take to be loaded, beside the talks."""

LONGEST = 4000
BEGIN = "/begin"
FALLBACK = "nlu_fallback"
FORM = "triage_form"
ALARMS = ("danger", "anger")


class RasaDown(Exception):
    """Rasa cannot be reached, is too slow, or talks nonsense: give the thread to a human."""


@dataclass(frozen=True)
class Understanding:
    """What one text is about. `confidence` is between 0 and 1; the intent is "nlu_fallback" when Rasa is not sure.

    `ranking` holds the likeliest intents with their confidence, the best first, sure or not.
    """

    text: str
    intent: str
    confidence: float
    entities: dict[str, str] = field(default_factory=dict)
    ranking: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Button:
    """A ready answer: what it shows, and the text that is sent when it is pressed."""

    title: str
    payload: str


@dataclass(frozen=True)
class Answer:
    """One part of what the bot says, with the buttons under it."""

    text: str
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Turn:
    """Everything one turn brought: all parts, the result once triage has ended, and the events to keep.

    `heard` is what was understood of each text that was read on the way.
    """

    answers: tuple[Answer, ...]
    result: TriageResult | None
    events: list[dict[str, Any]]
    heard: tuple[Understanding, ...] = ()


class Rasa:
    """A Rasa server at `url`, asked with `token`. Every call raises RasaDown when its time is up."""

    def __init__(
        self, url: str, token: str, http: httpx.AsyncClient | None = None, *, patience: float = PATIENCE
    ) -> None:
        """Take over `http` when given (tests hand in a transport of their own), else make a client.

        `patience`: seconds that each call may take.
        """
        self._url = url.rstrip("/")
        self._token = token
        self._http = http or httpx.AsyncClient(trust_env=False)
        self._patience = patience

    async def __aenter__(self) -> Self:
        """Return the client; `async with` closes it."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ready(self) -> bool:
        """Say whether a model is loaded and can be talked to."""
        try:
            return bool(await self.model())
        except RasaDown:
            return False

    async def model(self) -> str | None:
        """The name of the model file that is at work; `None` when Rasa runs without any."""
        try:
            status = await self._call("GET", "/status")
        except RasaDown as down:
            if isinstance(down.__cause__, httpx.HTTPStatusError) and down.__cause__.response.status_code == NO_MODEL:
                return None
            raise
        return status.get("model_file") if isinstance(status, dict) else None

    async def put_to_work(self, model: str) -> None:
        """Have every turn from now on taken by the model in this file, a path as Rasa sees it.

        Talks go on: Rasa loads it beside them. Whatever was at work stays when it cannot be loaded, which is RasaDown.
        """
        await self._call("PUT", "/model", {"model_file": model}, patience=LOADING)

    async def parse(self, text: str) -> Understanding:
        """Return what one text is about."""
        return _understanding(text, await self._call("POST", "/model/parse", {"text": safe(text)}))

    async def begin(self, talk: str, events: list[dict[str, Any]]) -> Turn:
        """Open the talk after its seed: the bot says what it understood, or asks."""
        await self._replace(talk, events)
        turn, _ = await self._turn(talk, events, BEGIN)
        return turn

    async def converse(self, talk: str, events: list[dict[str, Any]], text: str) -> Turn:
        """Say `text` in the talk that stands where `events` left it."""
        if _events_of(await self._tracker(talk)) != events:
            await self._replace(talk, events)
        turn, tracker = await self._turn(talk, events, safe(text))
        return replace(turn, heard=_last_heard(text, tracker))

    async def forget(self, talk: str) -> None:
        """Make Rasa forget what it still holds of the talk."""
        await self._replace(talk, [])

    async def _turn(self, talk: str, events: list[dict[str, Any]], text: str) -> tuple[Turn, Any]:
        parts = await self._call("POST", "/webhooks/rest/webhook", {"sender": talk, "message": text})
        tracker = await self._tracker(talk, "ALL")
        turn = Turn(*_read_parts(parts), _events_of(tracker))
        if turn.result is None and _slots(turn.events) in (_slots(events), {}):
            raise RasaDown("the turn left no trace: the action server did not answer")
        return turn, tracker

    async def _tracker(self, talk: str, include_events: str = "NONE") -> Any:
        path = f"/conversations/{quote(talk, safe='')}/tracker"
        return await self._call("GET", path, include_events=include_events)

    async def _replace(self, talk: str, events: list[dict[str, Any]]) -> None:
        path = f"/conversations/{quote(talk, safe='')}/tracker/events"
        await self._call("PUT", path, events, include_events="NONE")

    async def _call(
        self, method: str, path: str, body: object = None, *, patience: float | None = None, **query: str
    ) -> Any:
        try:
            answer = await self._http.request(
                method,
                self._url + path,
                json=body,
                params={"token": self._token, **query},
                timeout=patience or self._patience,
            )
            answer.raise_for_status()
            return answer.json() if answer.content else None
        except (httpx.HTTPError, ValueError) as error:
            raise RasaDown(f"{method} {path}: {type(error).__name__}") from error


def seed(understandings: Iterable[Understanding], language: str = "en") -> list[dict[str, Any]]:
    """Return the events a talk begins with, from what the posts told: problem, details, danger or anger."""
    heard = list(understandings)
    problems = [one for one in heard if one.intent not in TALK_INTENTS]
    slots: dict[str, Any] = {"language": language}
    if problems:
        best = max(problems, key=lambda one: one.confidence)
        slots |= {"problem": best.intent, "confidence": best.confidence}
    for one in heard:
        slots |= {name: value for name, value in one.entities.items() if name in DETAILS}
    for alarm in ALARMS:
        if any(alarm in one.entities for one in heard):
            slots.setdefault("alarm", alarm)
    return _events(slots, loop=None)


def speaking(language: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the events of a talk that goes on in a language: the same ones if it is the one spoken so far."""
    told = {"event": "slot", "name": "language", "value": language}
    if told in events:
        return events
    others = [event for event in events if event.get("name") != "language"]
    at = next((at for at, event in enumerate(others, 1) if event["event"] == "session_started"), 0)
    return [*others[:at], told, *others[at:]]


def safe(text: str) -> str:
    """Return a customer's text as one that Rasa can only read as words: no command, not empty, not endless."""
    words = text.replace("\x00", "")[:LONGEST].lstrip(" \t\r\n\f\v/")
    while words != (words := words.strip().lstrip("/")):
        pass
    return words or "..."


def _events_of(tracker: object) -> list[dict[str, Any]]:
    """Return the shortest events that lead to where the tracker is: its slots and the form that is asking."""
    if not isinstance(tracker, Mapping) or not isinstance(tracker.get("slots"), Mapping):
        raise RasaDown("the tracker holds no slots")
    loop = tracker.get("active_loop")
    return _events(tracker["slots"], loop.get("name") if isinstance(loop, Mapping) else None)


def _events(slots: Mapping[str, Any], loop: str | None) -> list[dict[str, Any]]:
    return [
        {"event": "action", "name": "action_session_start"},
        {"event": "session_started"},
        *({"event": "slot", "name": name, "value": value} for name, value in slots.items() if value is not None),
        *([{"event": "active_loop", "name": loop}] if loop else []),
        {"event": "action", "name": "action_listen"},
    ]


def _slots(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in events if event["event"] == "slot"}


def _read_parts(parts: object) -> tuple[tuple[Answer, ...], TriageResult | None]:
    if not isinstance(parts, list) or not all(isinstance(part, Mapping) for part in parts):
        raise RasaDown("the answer is not a list of parts")
    try:
        answers = tuple(
            Answer(str(part["text"]), tuple(Button(b["title"], b["payload"]) for b in part.get("buttons") or ()))
            for part in parts
            if part.get("text")
        )
        results = [TriageResult.from_payload(part["custom"]) for part in parts if part.get("custom")]
    except (KeyError, TypeError, ValueError) as error:
        raise RasaDown(f"the answer cannot be read: {error}") from error
    return answers, results[-1] if results else None


def _last_heard(text: str, tracker: Mapping[str, Any]) -> tuple[Understanding, ...]:
    """What was understood of `text`, if the tracker heard it last: while a form asks, its events alone tell."""
    events = tracker.get("events")
    heard = [one for one in events if _is_heard(one)] if isinstance(events, list) else []
    if not heard or heard[-1].get("text") != safe(text):
        return ()
    return (_understanding(text, heard[-1].get("parse_data")),)


def _is_heard(event: object) -> bool:
    return isinstance(event, Mapping) and event.get("event") == "user"


def _understanding(text: str, parsed: object) -> Understanding:
    try:
        intent, found = parsed["intent"], parsed["entities"]  # type: ignore[index]
        entities = by_name(found, later=True)
        ranked = ((str(one["name"]), float(one["confidence"])) for one in parsed.get("intent_ranking", ()))  # type: ignore[attr-defined]
        ranking = tuple(pair for pair in ranked if pair[0] != FALLBACK)
        return Understanding(text, str(intent["name"]), float(intent["confidence"]), entities, ranking)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RasaDown(f"the understanding cannot be read: {error}") from error
