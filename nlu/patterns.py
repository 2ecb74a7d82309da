"""Which patterns can be taken: regular expressions that compile and do not run for ever, names that Rasa can read."""

import re
import string
from functools import lru_cache
from re import _compiler as compiler  # type: ignore[attr-defined]  # typeshed does not know it
from re import _constants as codes
from re import _parser as parser
from typing import Any

from nlu.annotations import NAME
from nlu.corpus import Pattern

LONGEST = 200
MANY = 10
"""Repeated more often than this, a part is reckoned to be repeated without end."""

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
NEWER = (codes.POSSESSIVE_REPEAT, codes.ATOMIC_GROUP)
"""What Python can read from 3.11 on, and Rasa runs in 3.10."""
ONE_SIGN = (codes.LITERAL, codes.NOT_LITERAL, codes.ANY, codes.IN)
TRIED = frozenset(string.printable + "éßΩж٣你😀")
"""Signs by which it is told whether two parts of a pattern can match the same."""


def objection(pattern: Pattern) -> str | None:
    """Why a pattern cannot be taken, as a sentence."""
    if not NAME.fullmatch(pattern.entity) and (pattern.entity or pattern.kind != "synonym"):
        return f"“{pattern.entity[:60]}” is no name of an entity: letters, digits and underscores, as order_number."
    if not pattern.text:
        return "Write what it is recognised by."
    if len(pattern.text) > LONGEST or len(pattern.value) > LONGEST:
        return f"That is too long: at most {LONGEST} characters."
    if (pattern.kind == "synonym") != bool(pattern.value):
        return "A synonym stands for something: write the value, as Breeze kettle."
    return _objection_to_regex(pattern.text) if pattern.kind == "regex" else None


def _objection_to_regex(text: str) -> str | None:
    try:
        tree, regex = parser.parse(text), re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        return f"This regular expression cannot be read: {error}."
    try:
        is_slow = _is_slow(tree)
    except _Newer:
        return "Rasa does not know possessive repetitions, as a++, nor atomic groups, as (?>a). Write them without."
    if is_slow:
        return "Repetitions that can share out a text in many ways, as (a+)+ or (a|aa)+ or a*a*, can take for ever."
    if regex.match(""):
        return "This regular expression also matches nothing at all, so it would be found everywhere."
    return None


class _Newer(Exception):
    """What Rasa's Python cannot read."""


class _Slow(Exception):
    """What two parts can share out between them in many ways."""


def _is_slow(tree: Any) -> bool:
    try:
        _walk(tree, frozenset(), is_repeated=False)
    except _Slow:
        return True
    return False


@lru_cache(1000)  # parts that are repeated inside of one another are followed often
def _walk(parts: Any, shared: frozenset[str], *, is_repeated: bool) -> frozenset[str]:
    """Follow a pattern. `shared`: the signs by which a repetition before this place could still go on here.

    Returns the same for the place behind it. `is_repeated`: all of it may come again and again, so that there even a
    part of two lengths is one too many. Raises `_Slow`.
    """
    for code, argument in parts:
        if code in NEWER:
            raise _Newer
        if code in REPEATS:
            shared = _walk_repeat(code, argument, shared, is_repeated=is_repeated)
        elif code is codes.SUBPATTERN:
            shared = _walk(argument[3], shared, is_repeated=is_repeated)
        elif code in (codes.BRANCH, codes.GROUPREF_EXISTS):
            if is_repeated:
                raise _Slow
            ways = argument[1] if code is codes.BRANCH else [part or () for part in argument[1:]]
            shared = frozenset().union(*(_walk(way, shared, is_repeated=False) for way in ways))
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            _walk(argument[1], frozenset(), is_repeated=is_repeated)
        elif code is not codes.AT:
            shared = _passed(shared, _signs(((code, argument),)), is_repeated)
    return shared


def _walk_repeat(code: Any, argument: Any, shared: frozenset[str], *, is_repeated: bool) -> frozenset[str]:
    least, most, body = argument
    is_many = most > MANY
    behind = _walk(body, shared, is_repeated=is_repeated or is_many) if most else shared
    if most > 1 and behind != shared:  # it follows itself
        behind = _walk(body, behind, is_repeated=is_repeated or is_many)
    if least == 0:
        behind |= shared
    return behind | _signs(body) if is_many or (is_repeated and most > least) else behind


def _passed(shared: frozenset[str], signs: frozenset[str], is_repeated: bool) -> frozenset[str]:
    if is_repeated and shared & signs:
        raise _Slow
    return shared & signs


def _signs(parts: Any) -> frozenset[str]:
    """The signs that some part of a pattern can match, of those that are tried."""
    return frozenset().union(*(_signs_of(code, argument) for code, argument in parts))


def _signs_of(code: Any, argument: Any) -> frozenset[str]:
    if code is codes.GROUPREF:
        return TRIED
    if code not in ONE_SIGN:
        return frozenset().union(*map(_signs, _parts(argument)))
    one = compiler.compile(parser.SubPattern(parser.State(), [(code, argument)]), re.IGNORECASE)
    return frozenset(sign for sign in TRIED if one.fullmatch(sign))


def _parts(argument: Any) -> list[Any]:
    """The patterns inside of a part of a pattern."""
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [part for one in argument for part in _parts(one)]
    return []
