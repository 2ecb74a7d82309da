"""The templates and the static files of the inbox, each made ready once a process."""

from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from handoff.roles import ROLES
from handoff.web import browsers, keys, masking, words
from handoff.web.assets import Assets

HERE = Path(__file__).parent


@cache
def assets() -> Assets:
    """The static files of the inbox."""
    return Assets(HERE / "static", icons=words.ICONS)


@cache
def templates() -> Environment:
    """The templates of the inbox, each compiled once a process."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= words.FILTERS | masking.FILTERS | {"browser": browsers.in_words}
    made.globals |= {"static": assets().url, "keys": keys.KEYS, "roles": ROLES}
    parts = made.get_template("parts.html").module
    made.globals |= {name: getattr(parts, name) for name in ("clock_chip", "waits")}
    made.globals |= {name: cache(getattr(parts, name)) for name in ("icon", "key")}  # one of few, drawn everywhere
    return made


class Versioned(Markup):
    """A part of a page that says which version it is, by which a page knows whether it has it as it is."""

    token: str
    """Its name and its version."""

    def instead(self, words: Markup) -> "Versioned":
        """Other words that count as the same version."""
        made = Versioned(words)
        made.token = self.token
        return made


def versioned(name: str, words: Markup) -> Versioned:
    """A part with its version in its first element, which has the id `name`: the CRC-32 of its words."""
    tag, _, rest = words.partition(">")
    version = f"{crc32(words.encode()):08x}"
    made = Versioned(f'{tag} data-version="{version}">{rest}')
    made.token = f"{name}:{version}"
    return made


def draw(template: str, **values: Any) -> Markup:
    """A part of a page, to be put into a whole one as it is."""
    return Markup(templates().get_template(template).render(values).strip())  # noqa: S704  templates escape
