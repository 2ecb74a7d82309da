"""What every page is made with, and who is asking."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import RedirectResponse

from bot.brand import Brand
from bot.flow import Flow
from bot.pages import speak
from bot.pages.pace import Pace
from bot.pages.speak import Languages, _, spoken
from bot.settings import BotSettings
from handoff import members
from handoff.database import Database
from handoff.live import Live
from handoff.members import Member
from handoff.web.assets import Assets

HERE = Path(__file__).parent

ICONS = (
    *("arrow-left", "bot", "circle-alert", "circle-check", "flag", "hash", "lock", "log-in", "message-circle"),
    *("messages-square", "send", "trash-2"),
)

YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Site:
    """The parts that pages are made of; each request finds them at `request.app.state.site`."""

    settings: BotSettings
    brand: Brand
    database: Database
    flow: Flow
    live: Live
    catalogues: Path = speak.FOLDER
    pace: Pace = field(default_factory=Pace)
    assets: Assets = field(default_factory=lambda: Assets(HERE / "static", icons=ICONS))
    languages: Languages = field(init=False)
    templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        templates = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        templates.install_gettext_callables(speak.gettext, speak.plural, newstyle=True)  # type: ignore[attr-defined]
        languages = Languages(self.brand.languages, self.catalogues)
        templates.policies["ext.i18n.trimmed"] = True
        templates.globals |= {"asset": self.assets.url, "brand": self.brand.name, "indexed": False}
        templates.globals |= {"consent_to_talk": lambda: self.brand.consent_in(speak.spoken().tag, "talk")}
        templates.globals |= {"spoken": speak.spoken, "tongues": languages.named}
        templates.filters |= {"iso": _iso, "moment": speak.moment, "day": speak.day, "amount": speak.amount}
        object.__setattr__(self, "templates", templates)
        object.__setattr__(self, "languages", languages)

    def page(self, template: str, status: int = 200, **names: Any) -> HTMLResponse:
        """A page from a template. A form on it carries a fresh `key`, so that pressing twice does once."""
        blank = {"error": "", "text": "", "key": secrets.token_urlsafe(12)}
        html = self.templates.get_template(template).render(blank | names)
        return HTMLResponse(_OURS.sub(_in_this_language, html).encode(errors="replace"), status)

    def plain(self, status: int, title: str, words: str, back: str = "", back_label: str = "") -> HTMLResponse:
        """A page with one thing to say."""
        return self.page("plain.html", status, title=title, words=words, back=back, back_label=back_label)

    @property
    def cookie(self) -> str:
        """The name of the square's cookie; with https a prefix binds it to this very host."""
        return "__Host-knock-square" if self._is_https else "knock-square"

    @property
    def _is_https(self) -> bool:
        return self.settings.public_origin.startswith("https:")

    async def member(self, request: Request) -> Member | None:
        """Who is asking, as far as the square knows."""
        token = request.cookies.get(self.cookie)
        if not token:
            return None
        async with self.database.reading() as session:
            return await members.known(session, token)

    def remember(self, response: RedirectResponse, token: str) -> RedirectResponse:
        """Let the browser keep the token of a new member."""
        response.set_cookie(
            self.cookie, token, max_age=YEAR, path="/", secure=self._is_https, httponly=True, samesite="lax"
        )
        return response


def site(request: Request) -> Site:
    """The site that a request came to."""
    found: Site = request.app.state.site
    return found


def address(request: Request) -> str:
    """Where a request comes from, for the limits only: it is not kept."""
    return request.client.host if request.client else "unknown"


def called(channel: str) -> str:
    """What people call a channel."""
    return {"square": _("the square"), "x": "X"}.get(channel, channel.capitalize())


def posted_on(channel: str) -> str:
    """Where somebody posted, as it ends a sentence."""
    return _("on the square") if channel == "square" else _("on %(channel)s", channel=called(channel))


def see(path: str) -> RedirectResponse:
    """After a form: go and look there, in the language that was chosen."""
    path, mark, place = path.partition("#")
    return RedirectResponse(f"{path}{_choice(path)}{mark}{place}", 303)


def plain(key: str) -> str:
    """The key that a form carries, as far as one of ours could look like it."""
    return "".join(letter for letter in key[:64] if letter.isascii() and (letter.isalnum() or letter in "-_"))


_OURS = re.compile(r'(<(?:a|form)\b[^>]*?\b(?:href|action)=")((?:/[^"?#]*)?(?:\?[^"#]*)?)')
"""Where a link or a form of a page leads within our pages, up to the place on the page."""


def _in_this_language(found: re.Match[str]) -> str:
    return f"{found[0]}{_choice(found[2]).replace('&', '&amp;')}"


def _choice(path: str) -> str:
    """What to add to an address, so that the chosen language stays."""
    chosen = spoken()
    if not chosen.chosen or not path.startswith(("/", "?")) or "lang=" in path:
        return ""
    return f"{'&' if '?' in path else '?'}lang={chosen.tag}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
