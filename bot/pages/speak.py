"""The language of a page: chosen anew for each request, and there for everything that is said while it is answered.

English sentences are the keys. `_("…")` and `ngettext` translate where they stand, `N_("…")` only marks a sentence for
the catalogues; templates have the first two, and `{% trans %}`. The catalogues are `languages/<language>/LC_MESSAGES/
pages.po`, read when the pages start: nothing is compiled before.
"""

import io
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from gettext import NullTranslations
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

FOLDER = Path(__file__).parent / "languages"
OURS = "en"
"""The language of the sentences themselves, which needs no catalogue."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language and its words. `chosen`: the reader asked for it in the address, so nothing else decides."""

    locale: Locale
    words: NullTranslations
    chosen: bool = False

    @property
    def tag(self) -> str:
        """For `lang` attributes."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`, for `dir` attributes."""
        return str(self.locale.text_direction)


ENGLISH = Tongue(Locale(OURS), NullTranslations())
_spoken: ContextVar[Tongue] = ContextVar("spoken", default=ENGLISH)


def spoken() -> Tongue:
    """What is spoken while this request is answered."""
    return _spoken.get()


def _(sentence: str, **names: object) -> str:
    """The sentence in the language of this request; `names` fill its `%(name)s`."""
    said = gettext(sentence)
    return said % names if names else said


def ngettext(one: str, many: str, number: int, **names: object) -> str:
    """The sentence that fits a number, which it can name as `%(num)s`."""
    return plural(one, many, number) % ({"num": amount(number)} | names)


def gettext(sentence: str) -> str:
    """The sentence in the language of this request, its places not filled."""
    return spoken().words.gettext(sentence)


def plural(one: str, many: str, number: int) -> str:
    """The sentence that fits a number, its places not filled."""
    return spoken().words.ngettext(one, many, number)


def N_(sentence: str) -> str:
    """The sentence as it is, for the catalogues to find."""
    return sentence


def amount(number: float) -> str:
    """A number as it is written in the language of this request."""
    return str(format_decimal(number, locale=spoken().locale))


def day(at: datetime) -> str:
    """A date in the language of this request (UTC)."""
    return str(format_date(at.astimezone(UTC), "long", spoken().locale))


def span(time: timedelta) -> str:
    """A stretch of time, rounded up, in the language of this request: 40 seconds, 3 minutes, 2 hours."""
    seconds = time.total_seconds()
    unit = 1 if seconds < 90 else 60 if seconds < 90 * 60 else 3600
    rounded = max(1, ceil(seconds / unit)) * unit
    return str(format_timedelta(timedelta(seconds=rounded), threshold=1.5, locale=spoken().locale))


def moment(at: datetime) -> str:
    """A time as a page without scripts can say it: today by the clock, before that by the date too (UTC)."""
    at, locale = at.astimezone(UTC), spoken().locale
    said = format_time(at, "short", locale=locale)
    if at.date() != datetime.now(UTC).date():
        said = format_datetime(at, "d MMM y, ", locale=locale) + said
    return f"{said} UTC"


class Languages:
    """The languages that the pages are written in, of those that the brand speaks. The first is for everybody else."""

    def __init__(self, wanted: Sequence[str], folder: Path = FOLDER) -> None:
        found = {name: tongue for name in wanted if (tongue := _tongue(name, folder)) is not None}
        self._tongues: Mapping[str, Tongue] = found or {OURS: ENGLISH}
        self.names: Sequence[str] = tuple(self._tongues)
        self.named = [(tongue.tag, _own_name(tongue)) for tongue in self._tongues.values()]

    def begin(self, asked: str, accepted: str) -> None:
        """Speak, in this request, what the address asks for, or else what the browser accepts (RFC 9110, 12.5.4)."""
        if asked in self._tongues:
            _spoken.set(replace(self._tongues[asked], chosen=True))
            return
        best = next((name for name in _by_preference(accepted) if name in self._tongues), self.names[0])
        _spoken.set(self._tongues[best])

    def prefer(self, language: str) -> None:
        """Speak, in this request, the language of a thread to its author, unless they chose another."""
        if not spoken().chosen and language in self._tongues:
            _spoken.set(self._tongues[language])


class Speaks:
    """Begins every request in its language."""

    def __init__(self, app: ASGIApp, *, languages: Languages) -> None:
        self.app, self.languages = app, languages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            query = parse_qs(scope["query_string"].decode("latin-1"))
            self.languages.begin(query.get("lang", [""])[-1], Headers(scope=scope).get("accept-language", ""))
        await self.app(scope, receive, send)


def _by_preference(accepted: str) -> Sequence[str]:
    """The languages of an `Accept-Language`, without their countries, the dearest first."""
    wanted: list[tuple[float, str]] = []
    for part in accepted[:500].split(","):
        name, _quality, value = part.partition(";q=")
        try:
            quality = float(value or 1)
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, name.strip().partition("-")[0].lower()))
    return [name for _quality, name in sorted(wanted, key=lambda one: one[0])]


def _own_name(tongue: Tongue) -> str:
    name = tongue.locale.get_display_name() or tongue.tag
    return name[0].upper() + name[1:]


def _tongue(name: str, folder: Path) -> Tongue | None:
    if name == OURS:
        return ENGLISH
    path = folder / name / "LC_MESSAGES" / "pages.po"
    if not path.exists():
        return None
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    words: Any = Translations(compiled, domain="pages")
    return Tongue(Locale.parse(name), words)
