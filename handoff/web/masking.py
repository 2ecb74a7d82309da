"""How somebody is reached is masked on all pages of the team, until an agent asks to see it in one thread."""

from collections.abc import Callable
from typing import Protocol

from markupsafe import Markup, escape

from handoff.models import Agent
from nlu.contacts import TOLD_IN_WORDS, Contact, mask, masked, may_hold_contacts, parts

KINDS = {"email": "e-mail address", "phone": "phone number", "card": "card number", "account": "account number"}

FOUND = {
    "email": "E-mail",
    "error_code": "Error code",
    "more": "Said",
    "order_number": "Order number",
    "ticket_number": "Ticket",
}
"""What triage noted, where the name of its entity is not what people would say."""


class Opened(Protocol):
    """What of a thread's page says what may be seen on it; see `handoff.web.view`."""

    @property
    def me(self) -> Agent:
        """Who looks."""

    @property
    def unmasked(self) -> bool:
        """Whether they have asked to see it."""


def with_contacts(text: str, opened: Opened, near: str = "") -> Markup | str:
    """A text of a thread: what is masked in it is a button that shows it, for whoever may answer."""
    if opened.unmasked or not may_hold_contacts(text):
        return text
    return Markup().join(_shown(contact, opened, near) if contact else escape(part) for part, contact in parts(text))


def noted(value: object, name: str, opened: Opened) -> Markup | str:
    """What triage noted: an address or a number to call is one however it is written, an order number never is."""
    text = str(value)
    if name in ("email", "phone") and not opened.unmasked:
        return _shown(Contact(name, 0, len(text), text), opened, "")
    return with_contacts(text, opened) if name in TOLD_IN_WORDS else text


def _shown(contact: Contact, opened: Opened, near: str) -> Markup:
    if not opened.me.may("answer"):
        return Markup('<span class="masked">{}</span>').format(mask(contact))
    return Markup(
        '<button class="link masked" form="unmask" name="near" value="{}" title="Show it; that is written down">{}'
        '<span class="hidden">, show the {}</span></button>'
    ).format(near, mask(contact), KINDS[contact.kind])


FILTERS: dict[str, Callable[..., object]] = {
    "masked": lambda text: masked(text) if text else text,
    "with_contacts": with_contacts,
    "seen": lambda entry: masked(entry.example.text) if entry.is_real else entry.example.text,
    "noted": noted,
    "noted_as": lambda name: FOUND.get(name, name.replace("_", " ").capitalize()),
}
