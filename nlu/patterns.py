"""Which patterns can be taken: regular expressions that compile and do not run for ever, names that Rasa can read."""

import re
from re import _constants as codes
from re import _parser as parser
from typing import Any

from nlu.annotations import NAME
from nlu.corpus import Pattern

LONGEST = 200
MANY = 10
"""Repeated more often than this, inside of something repeated as well, a pattern can take for ever to say no."""

REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


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
        tree = parser.parse(text)
        matches_nothing = re.compile(text).match("") is not None
    except (re.error, OverflowError, RecursionError) as error:
        return f"This regular expression cannot be read: {error}."
    if matches_nothing:
        return "This regular expression also matches nothing at all, so it would be found everywhere."
    if _is_slow(tree, False):
        return "A repetition inside a repetition, as (a+)+, can take for ever. Write it without."
    return None


def _is_slow(tree: Any, is_repeated: bool) -> bool:
    for code, argument in tree:
        many = code in REPEATS and argument[1] > MANY
        if many and is_repeated:
            return True
        if any(_is_slow(part, is_repeated or many) for part in _parts(argument)):
            return True
    return False


def _parts(argument: Any) -> list[Any]:
    """The patterns inside of a part of a pattern."""
    if isinstance(argument, parser.SubPattern):
        return [argument]
    if isinstance(argument, (tuple, list)):
        return [part for one in argument for part in _parts(one)]
    return []
