"""Finds what is written in figures and letters: order and ticket numbers, error codes, versions of software.

One pass over everything that holds a figure; the words before it, or its shape, say what it is. When in doubt it is
nothing: the bot asks for an order number, and a wrong one costs the agent more.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import tomli

from nlu.components.detail import Detail

CODE = re.compile(r"(?<![\w@.,/$€£¥-])#?[^\W_]{1,24}(?:[-_./][^\W_]{1,24}){0,5}(?![\w@]|[.,]\d)")
ADDRESS = re.compile(r"(?:https?://|www\.)\S+")
"""The numbers in an address are the site's own."""

MOST = 60
"""Codes of a text that are looked at: who pastes a whole table has told the number by then."""

BEFORE = 48
"""Characters before a code in which a word may say what it is."""

WORDS = tomli.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


def _any(table: Mapping[str, list[str]]) -> str:
    return "|".join(word for words in table.values() for word in words)


BETWEEN = rf"(?:[\s:#.,=()\"'“”„]|\b(?:{_any(WORDS['between'])})\b|[º°]){{0,12}}$"
SAID = {
    name: re.compile(rf"(?:^|[^\w-])(?P<word>{_any(words)}){BETWEEN}", re.IGNORECASE)
    for name, words in WORDS["before"].items()
}
COUNTED = re.compile(rf"[\s-]?(?:{_any(WORDS['counted'])})", re.IGNORECASE)

SYSTEMS = {"ios": "iOS", "ipados": "iPadOS", "android": "Android", "macos": "macOS", "mac os": "macOS", "os x": "OS X"}
SYSTEMS |= {name: name.capitalize() for name in ("windows", "ubuntu", "chrome", "firefox", "safari", "edge")}

VERSION = re.compile(r"v?\d{1,6}(?:\.\d{1,5}){0,4}(?:[-.]?(?:beta|alpha|rc)\.?\d{0,3})?", re.IGNORECASE)
PLAINLY_A_VERSION = re.compile(r"v\d{1,3}(?:\.\d{1,5}){1,4}|\d{1,3}\.\d{1,3}\.\d{1,5}", re.IGNORECASE)
A_DAY = re.compile(r"\d{1,4}([-./])\d{1,2}(?:\1\d{1,4})?")
A_DATE_OF_POINTS = re.compile(r"[0-3]?\d\.[01]?\d\.(?:19|20)?\d\d")
ERROR = re.compile(r"0x[0-9a-f]{4,16}|[A-Z]{1,4}-?\d{1,5}|\d{2,6}|[A-Z]{2,6}[-_][A-Z0-9_-]{2,30}", re.IGNORECASE)
PLAINLY_AN_ERROR = re.compile(r"0x[0-9A-Fa-f]{4,16}|E-\d{2,4}|E\d{3}|ERR(?:OR)?[-_][A-Z0-9_]{2,40}")
NAMED_ERROR = re.compile(r"(?<!\w)ERR(?:OR)?_[A-Z][A-Z0-9_]{2,40}(?!\w)")
TICKET = re.compile(r"(?:TCK|TKT|TICKET|INC|CASE|REQ|CS)-?\d{3,12}", re.IGNORECASE)
NUMBER = re.compile(r"#?(?=[^\W_]*-?[^\W_]*\d{3})[A-Z0-9]{1,14}(?:-[A-Z0-9]{1,12}){0,4}", re.IGNORECASE)
LETTERED = re.compile(
    r"(?!(?:ISO|DIN|RTX|GTX|USB|UTF|PS|MP|CVE|EU)-)(?!(?:MID|PRE|POST|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEPT?|OCT|NOV|DEC)-(?:19|20)\d\d$)#?[A-Z]{2,4}-\d{4,10}|#(?:[A-Z]{1,4}-)?\d{3,12}|\d{3}-\d{7}-\d{7}",
    re.IGNORECASE,
)
SHORT = re.compile(r"[A-Z]{2,4}-\d{3}", re.IGNORECASE)
FIGURES = re.compile(r"\d{6,9}")
FEW_FIGURES = re.compile(r"\d{5}")
YEAR = re.compile(r"(?:19|20)\d\d")


def numbers(text: str) -> Iterator[Detail]:
    """Yield order and ticket numbers in capitals without #, error codes, and versions with the system they are of.

    What is something else, as a postcode, has no name: it only keeps its place from being taken for a number.
    """
    for named in NAMED_ERROR.finditer(text):
        yield Detail("error_code", named.start(), named.end(), named.group(), 0.9)
    addresses = [match.span() for match in ADDRESS.finditer(text)]
    with_figures = (
        match
        for match in CODE.finditer(text)
        if any(sign in "0123456789" for sign in match.group())
        and not any(start <= match.start() < end for start, end in addresses)
    )
    for match in islice(with_figures, MOST):
        if detail := _told_by_words(text, match) or _told_by_shape(text, match):
            yield detail


def _told_by_words(text: str, match: "re.Match[str]") -> Detail | None:
    """What the words before a code say it is; the nearest word counts."""
    before = text[max(0, match.start() - BEFORE) : match.start()]
    heard = {name: said for name, words in SAID.items() if (said := words.search(before))}
    if not heard:
        return None
    name = max(heard, key=lambda one: heard[one].start("word"))
    code, word = match.group(), heard[name]["word"].casefold()
    if name == "version" and _is_a_version(code, word) and not COUNTED.match(text, match.end()):
        value = " ".join([*([SYSTEMS[word]] if word in SYSTEMS else []), code.lstrip("vV")])
        start = match.start() - len(before) + heard[name].start("word") if word in SYSTEMS else match.start()
        return Detail("version", start, match.end(), value, 0.85)
    if name == "error_code" and ERROR.fullmatch(code.lstrip("#")):
        return _detail("error_code", match, 0.9, code.lstrip("#"))
    if name in ("order_number", "ticket_number") and NUMBER.fullmatch(code) and not _is_a_day_or_year(code):
        return None if COUNTED.match(text, match.end()) else _detail(name, match, 0.95)
    return Detail("", match.start(), match.end(), "", 0.95) if name == "other" else None


def _is_a_day_or_year(code: str) -> bool:
    return bool(A_DAY.fullmatch(code) or YEAR.fullmatch(code))


def _is_a_version(code: str, word: str) -> bool:
    """After "app" or "update" a lone figure is no version, after "version" or a system it is."""
    if VERSION.fullmatch(code) is None or A_DATE_OF_POINTS.fullmatch(code) or len(code) > 24:
        return False
    is_short = len(code) <= (6 if word == "build" else 4)
    return "." in code or (is_short and word not in ("app", "update", "v", "release", "edge"))


def _told_by_shape(text: str, match: "re.Match[str]") -> Detail | None:
    code = match.group()
    if TICKET.fullmatch(code):
        return _detail("ticket_number", match, 0.9)
    if PLAINLY_AN_ERROR.fullmatch(code):
        return _detail("error_code", match, 0.8, code)
    if PLAINLY_A_VERSION.fullmatch(code) and not A_DATE_OF_POINTS.fullmatch(code):
        return Detail("version", match.start(), match.end(), code.lstrip("vV"), 0.7)
    if LETTERED.fullmatch(code):
        return _detail("order_number", match, 0.8)
    counts = COUNTED.match(text, match.end()) is not None
    if not counts and len(text.split()) <= 3 and (SHORT.fullmatch(code) or FEW_FIGURES.fullmatch(code)):
        return _detail("order_number", match, 0.6)
    return _detail("order_number", match, 0.6) if FIGURES.fullmatch(code) and not counts else None


def _detail(entity: str, match: "re.Match[str]", sure: float, value: str | None = None) -> Detail:
    return Detail(entity, match.start(), match.end(), value or match.group().lstrip("#").upper(), sure)
