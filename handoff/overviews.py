"""What there is to say of each intent: how many examples in which languages, whose, what to look at."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from handoff.corpora import MADE_UP, Entry
from handoff.intents import Known
from nlu.triage_result import TALK_INTENTS
from nlu.uses import uses

FEW = 10
"""Examples in one language, under which an intent is hardly learned."""

TIMES = 5
"""An intent with more examples than this many times the median of those that have any draws others' texts to itself."""


@dataclass
class Overview:
    """One intent in numbers; `remarks`: what an admin should look at."""

    name: str
    description: str = ""
    by_language: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)
    held_back: int = 0
    alike: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Examples that are trained on."""
        return self.by_language.total()

    @property
    def real(self) -> int:
        """Examples that customers said."""
        return self.total - sum(self.by_source[source] for source in MADE_UP)

    @property
    def real_share(self) -> float:
        """The part of the examples that customers said, between 0 and 1."""
        return self.real / self.total if self.total else 0.0

    @property
    def uses(self) -> tuple[str, ...]:
        """Which parts of the bot know it by its name."""
        return uses(self.name)

    @property
    def is_talk(self) -> bool:
        """Whether it is said while we talk; every other intent is a problem to be triaged."""
        return self.name in TALK_INTENTS


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """Two examples of different intents that nearly say the same."""

    likeness: float
    one: Entry
    other: Entry


def of_all(entries: Iterable[Entry], known: Known, pairs: Sequence[Pair] = ()) -> Mapping[str, Overview]:
    """Every intent in use, by name."""
    found = {name: Overview(name) for name in known.names}
    for name, one in found.items():
        row = known.rows.get(name)
        one.description = row.description if row else ""
    for entry in entries:
        one = found[entry.example.intent]
        if entry.held_back:
            one.held_back += 1
        else:
            one.by_language[entry.example.language] += 1
            one.by_source[entry.example.source] += 1
    for pair in pairs:
        for entry in (pair.one, pair.other):
            found[entry.example.intent].alike += 1
    _remark(found)
    return found


def pairs_of(entries: Iterable[Entry], alike: Mapping[tuple[str, str], float]) -> list[Pair]:
    """Examples of different intents and one language that nearly say the same, the most alike first."""
    by_text: dict[str, list[Entry]] = {}
    for entry in entries:
        if not entry.held_back:
            by_text.setdefault(entry.example.text, []).append(entry)
    found = [
        Pair(how, one, other)
        for (low, high), how in alike.items()
        for one in by_text.get(low, ())
        for other in by_text.get(high, ())
        if one.example.intent != other.example.intent and one.example.language == other.example.language
    ]
    return sorted(found, key=lambda pair: (-pair.likeness, pair.one.key, pair.other.key))


def retired_but_used(known: Known) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """Intents that are not in use any more: what became of each, and which parts of the bot still name it."""
    return [(name, known.now(name), uses(name)) for name in sorted(known.rows) if known.is_retired(name)]


def _remark(found: Mapping[str, Overview]) -> None:
    languages = sorted({language for one in found.values() for language in one.by_language})
    middle = median([one.total for one in found.values() if one.total] or [0])
    for one in found.values():
        if not one.total:
            one.remarks.append("no examples")
        elif few := [language for language in languages if one.by_language[language] < FEW]:
            one.remarks.append(f"under {FEW} examples in {', '.join(few)}")
        if one.total > TIMES * middle:
            one.remarks.append(f"over {TIMES} times the median ({middle:.0f})")
        if one.alike:
            one.remarks.append(f"{one.alike} nearly the same as examples of others")
        if not one.uses:
            one.remarks.append("no rule of its own")
