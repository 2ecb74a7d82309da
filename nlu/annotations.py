"""The text of an example and the entities in it, as Rasa writes them: `where is my [kettle](product)`."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby, pairwise
from typing import Any

LONGEST = 4_096
"""Characters of an example: as many as the longest message that a customer can send by Telegram."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_PART = r'\{(?:[^{}"]|"(?:[^"\\{}]|\\.)*")*\}'
_MARK = re.compile(
    rf"\[([^\[\]]+)\](?:\(([^():]+)(?::([^()]+))?\)|({_PART}(?:\s*,\s*{_PART})*)|\[({_PART}(?:\s*,\s*{_PART})*)\])"
)
_ROUND = str.maketrans("[]", "()")
_PLAIN = str.maketrans("[]{}", "()()")


class BadAnnotation(ValueError):
    """An example is marked in a way that cannot be read; the message is the sentence to show."""


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """Characters `start` up to, without, `end` of a text name an `entity`; `value` is what they stand for."""

    start: int
    end: int
    entity: str
    value: str


def legible(text: str) -> str:
    """The text on one line, without what no file can hold."""
    return " ".join("".join(sign for sign in text if sign.isspace() or not _is_unwritable(sign)).split())


def tidy(text: str) -> str:
    """The same; square brackets are ours, so they become round."""
    return legible(text).translate(_ROUND)


def digest(text: str) -> str:
    """The same for texts that differ only in case, form of letters and blanks: 32 hexadecimal digits."""
    folded = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return hashlib.sha256(" ".join(folded.split()).encode("utf-8", "replace")).hexdigest()[:32]


def read(marked: str) -> tuple[str, tuple[Entity, ...]]:
    """The text and its entities out of Rasa's notation. Raises `BadAnnotation`."""
    marked = " ".join(_MARK.sub(_without_edges, legible(marked)).split())
    text, entities, at = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()].translate(_ROUND)
        at, start = mark.end(), len(text)
        text += mark[1]
        entities += [_entity(start, len(text), mark[1], named) for named in _named(mark)]
    return text + marked[at:].translate(_ROUND), tuple(sorted(set(entities)))


def write(text: str, entities: Iterable[Entity]) -> str:
    """A tidy text with its entities in Rasa's notation; `read` gives back the same."""
    marked, at = "", 0
    for (start, end), group in groupby(sorted(entities), key=lambda one: (one.start, one.end)):
        named = [_written(one, text[start:end]) for one in group]
        if len(named) > 1:
            mark = (
                "["
                + ", ".join(one if one.startswith("{") else json.dumps({"entity": one[1:-1]}) for one in named)
                + "]"
            )
        else:
            mark = named[0]
        marked += f"{text[at:start]}[{text[start:end]}]{mark}"
        at = end
    return marked + text[at:]


def checked(text: str, entities: Iterable[Entity]) -> tuple[Entity, ...]:
    """The entities of a tidy text, in order; those at one place stay together. Raises `BadAnnotation`."""
    found = sorted({_checked(text, one) for one in entities})
    for one, other in pairwise(found):
        if other.start < one.end and (one.start, one.end) != (other.start, other.end):
            raise BadAnnotation(
                f"Two entities overlap: “{text[one.start : one.end]}” and “{text[other.start : other.end]}”."
            )
    return tuple(found)


def in_parts(text: str, entities: Iterable[Entity]) -> Iterator[tuple[str, Entity | None]]:
    """The text piece by piece, each with the entity that it names, or none; of several at one place the first."""
    at = 0
    for one in sorted(entities):
        if one.start < at:
            continue
        if one.start > at:
            yield text[at : one.start], None
        yield text[one.start : one.end], one
        at = one.end
    if at < len(text):
        yield text[at:], None


def packed(entities: Iterable[Entity]) -> list[dict[str, Any]]:
    """The entities as JSON has them."""
    return [asdict(one) for one in entities]


def unpacked(entities: Iterable[dict[str, Any]]) -> tuple[Entity, ...]:
    """The entities out of JSON. Raises `BadAnnotation`."""
    try:
        return tuple(
            Entity(int(one["start"]), int(one["end"]), str(one["entity"]), str(one["value"])) for one in entities
        )
    except (KeyError, TypeError, ValueError, OverflowError):
        raise BadAnnotation("An entity has a start, an end, a name and a value.") from None


def _is_unwritable(sign: str) -> bool:
    return unicodedata.category(sign) in ("Cc", "Cs") or sign in "\ufeff\ufffe\uffff"


def _without_edges(mark: re.Match[str]) -> str:
    """The blanks at the edges of a marked part stand outside of it."""
    core = mark[1].strip()
    if not core:
        raise BadAnnotation("There is nothing between the square brackets of an entity.")
    before, _, after = mark[1].partition(core)
    return f"{before}[{core}]{mark[0][len(mark[1]) + 2 :]}{after}"


def _named(mark: re.Match[str]) -> Iterator[dict[str, Any]]:
    if mark[2]:
        yield {"entity": mark[2].strip(), **({"value": mark[3].strip()} if mark[3] else {})}
        return
    for part in re.findall(_PART, mark[4] or mark[5]):
        try:
            yield json.loads(part)
        except (ValueError, RecursionError):
            raise BadAnnotation(f"This cannot be read: {part[:80]}") from None


def _entity(start: int, end: int, text: str, named: dict[str, Any]) -> Entity:
    if unknown := set(named) - {"entity", "value"}:
        raise BadAnnotation(f"An entity has a name and a value; “{min(unknown)}” is not kept.")
    return _checked_name(Entity(start, end, str(named.get("entity", "")), _value(named.get("value", text)) or text))


def _checked(text: str, one: Entity) -> Entity:
    if not 0 <= one.start < one.end <= len(text):
        raise BadAnnotation(f"The entity “{one.entity}” lies outside of the text.")
    part = text[one.start : one.end]
    if part != part.strip():
        raise BadAnnotation(f"The entity “{one.entity}” begins or ends with a blank.")
    return _checked_name(Entity(one.start, one.end, one.entity, _value(one.value) or part))


def _checked_name(one: Entity) -> Entity:
    if not NAME.fullmatch(one.entity):
        raise BadAnnotation(
            f"“{one.entity}” is no name of an entity: letters, digits and underscores, as order_number."
        )
    return one


def _value(value: object) -> str:
    return tidy(str(value).translate(_PLAIN))


def _written(one: Entity, text: str) -> str:
    if one.value == text:
        return f"({one.entity})"
    return json.dumps({"entity": one.entity, "value": one.value}, ensure_ascii=False)
