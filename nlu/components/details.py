"""All details of one text, from all finders, settled with what Rasa's own extractors found in it."""

from collections.abc import Iterator
from typing import Any

from nlu.components.catalogue import Catalogue
from nlu.components.days import days
from nlu.components.detail import Detail, settle
from nlu.components.money import amounts
from nlu.components.numbers import numbers
from nlu.contacts import EVERYWHERE, REGIONS, contacts
from nlu.language import TOLD_BY, guess

LONGEST = 4_000
"""Characters of a text that are looked at; a customer's line has no more."""

ALARMS = ("anger", "danger")
"""They say how somebody is, not what it is about: they stand beside whatever else the same words name."""

LISTED = ("product", "device")
SURE_OF_A_LIST, SURE_OF_A_PATTERN = 0.55, 0.97
"""How sure a word of our own lists is: a product of the catalogue, or what has a form of its own, is surer; and how
sure that is for which admins have a pattern or a list: surer than our guess, and less than an address."""


def entities(text: str, others: list[dict[str, Any]], catalogue: Catalogue) -> list[dict[str, Any]]:
    """Return the entities of a text in their order: alarms as they are, of all others those that win."""
    alarms = [one for one in others if one["entity"] in ALARMS]
    listed = {_claim(one): one for one in others if one["entity"] not in ALARMS}
    settled = settle([*listed, *claims(text, catalogue)])
    kept = [listed.get(one) or _entity(text, one) for one in settled if one.entity]
    return sorted([*alarms, *kept], key=lambda one: one["start"])


def claims(text: str, catalogue: Catalogue) -> Iterator[Detail]:
    """Yield what each finder takes a part of the text for; two may claim the same words.

    Cards and accounts have no name: nothing may take them for a number, and triage has no use for them.
    """
    text = text[:LONGEST]
    ours = REGIONS.get(guess(text[:TOLD_BY], default=""), ())
    for one in contacts(text, tuple(dict.fromkeys((*ours, *EVERYWHERE)))):
        entity = one.kind if one.kind in ("email", "phone") else ""
        yield Detail(entity, one.start, one.end, one.value, 1.0)
    if any(sign.isdecimal() for sign in text):
        yield from amounts(text)
    yield from numbers(text)
    yield from days(text)
    yield from catalogue.products(text)


def _claim(entity: dict[str, Any]) -> Detail:
    sure = SURE_OF_A_LIST if entity["entity"] in LISTED else SURE_OF_A_PATTERN
    return Detail(entity["entity"], entity["start"], entity["end"], str(entity["value"]), sure)


def _entity(text: str, detail: Detail) -> dict[str, Any]:
    return {
        "entity": detail.entity,
        "start": detail.start,
        "end": detail.end,
        "value": detail.value,
        "said": text[detail.start : detail.end],
        "relative": detail.relative,
        "confidence_entity": detail.sure,
        "extractor": "DetailsExtractor",
    }
