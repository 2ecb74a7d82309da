"""What triage found out, and its form as Rasa's custom payload. Standard library only: two Pythons read it."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

REASONS = {
    "hand_off": ("asked", "unsure", "anger", "danger", "complete", "too_long"),
    "solved": ("said_so",),
    "stop": ("asked",),
}

TALK_INTENTS = frozenset(
    {
        *("begin", "greet", "affirm", "deny", "dont_know", "inform", "human", "stop"),
        *("thanks_solved", "out_of_scope", "nlu_fallback"),
    }
)
"""What is said while we talk. Every other intent, also one that admins add, is a problem to be triaged."""

SURE = 0.6
"""The confidence from which the bot takes what it understood for right, and does not ask whether it is."""


DETAILS = (
    *("order_number", "amount", "product", "device"),
    *("ticket_number", "error_code", "version", "date", "time", "email", "phone"),
)
"""What triage notes when it is said, by the names of Rasa's entities."""


def by_name(found: Iterable[Mapping[str, Any]], *, later: bool = False) -> dict[str, str]:
    """Return entities as written by their name: of several the surest, and of these the first.

    Rasa's own extractors do not say how sure they are: a word of a list less than a number with a word before it.
    """
    surest_last = sorted(found, key=lambda one: (_sure(one), -int(one.get("start") or 0)))
    return {one["entity"]: written(one, later=later) for one in surest_last}


def _sure(entity: Mapping[str, Any]) -> float:
    return float(entity.get("confidence_entity") or (0.55 if entity["entity"] in ("product", "device") else 0.97))


def written(entity: Mapping[str, Any], *, later: bool = False) -> str:
    """Return an entity of Rasa's as it is noted: its value, and of a day also the words that were used for it.

    `later`: it was said some time before Rasa read it, so that nobody can tell which day "yesterday" was.
    """
    value, said = str(entity["value"]), str(entity.get("said") or "")
    if entity.get("entity") != "date" or said in ("", value):
        return value
    return f"“{said}”" if later and entity.get("relative") else f"{value} (“{said}”)"


@dataclass(frozen=True)
class TriageResult:
    """How a triage ended (`outcome`), why, and what an agent should know.

    `outcome` and `reason` are a key and a member of REASONS; `intent` is None when the problem was not understood;
    `confidence` is between 0 and 1; `summary` is one plain sentence; `found` holds the details by name.
    """

    outcome: str
    reason: str
    intent: str | None
    confidence: float
    summary: str
    found: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no triage can have found, with a ValueError that names it."""
        if self.reason not in REASONS.get(str(self.outcome), ()):
            raise ValueError(f"triage result: no outcome {self.outcome!r} with reason {self.reason!r}")
        if self.intent is not None and not (isinstance(self.intent, str) and self.intent):
            raise ValueError(f"triage result: intent {self.intent!r} is not a name")
        if not _is_number(self.confidence) or not 0 <= self.confidence <= 1:
            raise ValueError(f"triage result: confidence {self.confidence!r} is not between 0 and 1")
        if not isinstance(self.summary, str) or not self.summary.strip():
            raise ValueError("triage result: the summary is empty")
        if not isinstance(self.found, dict) or not all(_is_text_pair(pair) for pair in self.found.items()):
            raise ValueError("triage result: found is not a table of names and texts")

    def to_payload(self) -> dict[str, Any]:
        """Return the JSON-ready custom payload: {"triage_result": {...}}."""
        return {"triage_result": asdict(self)}

    @classmethod
    def from_payload(cls, payload: object) -> "TriageResult":
        """Read a custom payload back; ValueError says what is wrong with it."""
        body = payload.get("triage_result") if isinstance(payload, Mapping) else None
        if not isinstance(body, Mapping):
            raise ValueError("triage result: the payload holds none")
        names = {f.name for f in fields(cls)}
        if set(body) != names:
            raise ValueError(f"triage result: missing or unknown {', '.join(sorted(map(str, names ^ set(body))))}")
        return cls(**body)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_text_pair(pair: tuple[object, object]) -> bool:
    return isinstance(pair[0], str) and isinstance(pair[1], str)
