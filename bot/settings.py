"""What the bot reads: the environment, once, and the brand's own file `knock.toml`."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path

import msgspec

from handoff.settings import Settings

LANGUAGES = ("en", "es", "de", "fr", "el")
"""Languages in which the bot has sentences of its own (say.toml)."""


class BotSettings(Settings):
    """Settings of the bot, on top of those of the record and the inbox."""

    brand_file: Path = Path("knock.toml")
    """The brand: its name, words, accounts, and what it offers in which language."""

    telegram_token: str | None = None
    """The token that BotFather gave; without one there is no Telegram."""

    telegram_api: str | None = None
    """Another Bot API server than Telegram's own, as `http://host:port`."""

    telegram_webhook_url: str | None = None
    """The https address at which Telegram reaches `/telegram` of the pages; polling when not set."""

    telegram_webhook_secret: str | None = None
    """What Telegram sends along to prove that an update is its own; needed with a webhook."""

    rasa_url: str | None = None
    """A Rasa server that somebody else runs; our own when not set."""

    rasa_token: str | None = None
    """The token of that Rasa server."""

    rasa_python: Path = Path(".venv-rasa/bin/python")
    """The Python 3.10 in which Rasa is installed; without it every customer who opts in goes to a human."""

    cool_down_days: float = 30
    """Days after an offer in which the same account is offered nothing else."""

    link_days: float = 7
    """Days for which the link of an offer opens."""

    lease_seconds: float = 60
    """Seconds after which an offer that is being sent, without an end, is in doubt."""

    doubt_minutes: float = 15
    """Minutes after which an offer in doubt is shown to a person."""

    rasa_wait_seconds: float = 60
    """Seconds that a customer who opted in waits for a Rasa that is not ready, before a person takes over."""

    quiet_hours: float = 24
    """Hours of silence in the talk with the bot after which a person looks at it."""

    triage_languages: tuple[str, ...] = ("en",)
    """Languages that Rasa's model understands; customers who speak another go to a person."""

    @cached_property
    def cool_down(self) -> timedelta:
        return timedelta(days=self.cool_down_days)

    @cached_property
    def link_life(self) -> timedelta:
        return timedelta(days=self.link_days)

    @cached_property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @cached_property
    def doubt(self) -> timedelta:
        return timedelta(minutes=self.doubt_minutes)

    @cached_property
    def rasa_wait(self) -> timedelta:
        return timedelta(seconds=self.rasa_wait_seconds)

    @cached_property
    def quiet(self) -> timedelta:
        return timedelta(hours=self.quiet_hours)


class OfferText(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What an offer says in one language: its sentence, and the label of its link."""

    text: str
    label: str


class Consent(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a customer agrees to by the click, and the version of these words."""

    version: str
    text: str


class Brand(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A brand, as `knock.toml` describes it. `accounts`: our own, by channel, whose posts are never answered."""

    name: str
    words: tuple[str, ...]
    languages: tuple[str, ...]
    consent: Consent
    offer: Mapping[str, OfferText]
    accounts: Mapping[str, tuple[str, ...]] = {}
    threshold: float | None = None
    retention_days: int = 90
    privacy_url: str | None = None

    def offer_in(self, language: str) -> tuple[str, str]:
        """The offer's sentence and label in a language, or in the brand's first."""
        offer = self.offer.get(language) or self.offer[self.languages[0]]
        return offer.text.replace("{brand}", self.name), offer.label


class BrandFileError(ValueError):
    """The brand file cannot be used; the message names the file and the key."""


def read_brand(path: Path) -> Brand:
    """The brand in a file. Raises `BrandFileError`."""
    try:
        brand = msgspec.toml.decode(path.read_bytes(), type=Brand)
    except FileNotFoundError as error:
        raise BrandFileError(f"{path} is missing: copy the one that Knock comes with and change it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrandFileError(f"{path}: {error}") from error
    if trouble := _trouble(brand):
        raise BrandFileError(f"{path}: {trouble}")
    return brand


def _trouble(brand: Brand) -> str | None:
    unknown = [language for language in brand.languages if language not in LANGUAGES]
    if unknown:
        return f"`languages` has {unknown[0]}, but the bot speaks {', '.join(LANGUAGES)}"
    if not brand.languages or brand.languages[0] not in brand.offer:
        return "`offer` needs a table for the first of `languages`"
    if not any(word.strip() for word in brand.words):
        return "`words` needs at least one word or handle of the brand"
    if brand.threshold is not None and not 0 < brand.threshold < 1:
        return "`threshold` must be between 0 and 1"
    return None
