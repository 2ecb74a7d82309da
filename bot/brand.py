"""The brand that we speak for, read once from `knock.toml`."""

import re
import tomllib
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from handoff.receipts import PURPOSES, Purpose

LONGEST_OFFER = 280
"""Characters of an offer: X's limit, the strictest of all channels."""


class BrandUnreadable(Exception):
    """The brand file cannot be used: correct it and start again."""


class _Strict(BaseModel):
    """Keys that we do not know are errors: a typo must not switch something off."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Wording = Annotated[str, Field(min_length=1, max_length=1000)]
Wordings = dict[str, Wording]
ProductName = Annotated[str, Field(min_length=2, max_length=80, pattern=r"\w")]


class OfferWords(_Strict):
    """What an offer says in one language; `{name}` stands for the brand's."""

    text: str = Field(min_length=1, max_length=LONGEST_OFFER)
    label: str = Field(min_length=1, max_length=40)


class Consent(_Strict):
    """What a customer can say yes to, one by one: the words of each purpose by language. New words need a new version.

    `{name}` stands for the brand's name and `{days}` for how long the chat is then kept.
    """

    version: str = Field(min_length=1, max_length=40)
    talk: Wordings
    link: Wordings
    keep: Wordings
    articles: Wordings
    training: Wordings

    def of(self, purpose: Purpose) -> Wordings:
        """The words of a purpose, by language."""
        found: Wordings = getattr(self, purpose)
        return found


class Detection(_Strict):
    """How sure the detector must be before help is offered; its own threshold when not set."""

    threshold: float | None = Field(default=None, gt=0, lt=1)


class Brand(_Strict):
    """Whose customers we help. The first language is the one for texts whose language we cannot tell."""

    name: str = Field(min_length=1, max_length=40)
    words: tuple[str, ...] = Field(min_length=1)
    privacy_url: str | None = Field(default=None, pattern=r"^https?://")
    retention_days: int = Field(default=30, ge=1)
    keep_days: int = Field(default=365, ge=1)
    products: dict[ProductName, tuple[ProductName, ...]] = Field(default={}, max_length=5000)
    """The catalogue: each product with its other names. Rasa reads the same file."""
    own_accounts: dict[str, tuple[str, ...]] = {}
    consent: Consent
    detection: Detection = Detection()
    offer: dict[str, OfferWords] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_of_one_product(self) -> Self:
        known: dict[str, str] = {}
        for name, others in self.products.items():
            for said in (name, *others):
                if (other := known.setdefault(said.casefold(), name)) != name:
                    raise ValueError(f"products: {said} is a name of both {other} and {name}")
        return self

    @model_validator(mode="after")
    def _offers_fit(self) -> Self:
        for language in self.languages:
            if len(self.offer_in(language)[0]) > LONGEST_OFFER:
                raise ValueError(
                    f"offer.{language}.text is longer than {LONGEST_OFFER} characters with the brand's name in it"
                )
        return self

    @model_validator(mode="after")
    def _consents_are_whole(self) -> Self:
        if self.keep_days < self.retention_days:
            raise ValueError("keep_days is how long a chat is kept when asked to, so no less than retention_days")
        for purpose, language in product(PURPOSES, self.languages):
            wording = self.consent.of(purpose).get(language)
            if wording is None:
                raise ValueError(f"consent.{purpose}.{language} is missing: say it in each language of the offers")
            if unknown := set(re.findall(r"{(.*?)}", wording)) - {"name", "days"}:
                raise ValueError(f"consent.{purpose}.{language} names {{{unknown.pop()}}}: use {{name}} and {{days}}")
        return self

    @property
    def languages(self) -> Sequence[str]:
        """The languages that we offer help in, as two-letter codes."""
        return tuple(self.offer)

    @property
    def own(self) -> frozenset[tuple[str, str]]:
        """Our own accounts, as (channel, id)."""
        return frozenset((channel, account) for channel, accounts in self.own_accounts.items() for account in accounts)

    def offer_in(self, language: str) -> tuple[str, str]:
        """Text and label of the offer in the language, or in the first one where we do not speak it."""
        words = self.offer.get(language) or self.offer[self.languages[0]]
        return words.text.replace("{name}", self.name), words.label.replace("{name}", self.name)

    def consent_in(self, language: str, purpose: Purpose) -> str:
        """What a customer says yes to, in the language or in the first one where we do not speak it."""
        wordings = self.consent.of(purpose)
        wording = wordings.get(language) or wordings[self.languages[0]]
        days = self.keep_days if purpose == "keep" else self.retention_days
        return wording.replace("{name}", self.name).replace("{days}", str(days))


def read_brand(path: Path) -> Brand:
    """The brand in a TOML file. Raises `BrandUnreadable`, which names file and key."""
    try:
        return Brand.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BrandUnreadable(f"{path}: {error}") from error
    except ValidationError as errors:
        lines = (f"  {'.'.join(map(str, error['loc'])) or 'file'}: {error['msg']}" for error in errors.errors())
        raise BrandUnreadable("\n".join([f"{path} cannot be used:", *lines])) from errors
