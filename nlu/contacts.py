"""Where a text tells how somebody is reached or paid: e-mail addresses, phone numbers, cards and bank accounts.

What triage notes and what the inbox masks is found here, so that they never differ. Runs in both Pythons.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import phonenumbers

LONGEST = 20_000
"""Characters of a text that are looked at; a message has 4,000 at most."""

REGIONS = {"en": ("GB", "US"), "es": ("ES",), "de": ("DE", "AT", "CH"), "fr": ("FR", "BE"), "el": ("GR", "CY")}
"""Countries whose numbers may be written without a country code, by the language of who writes."""

EVERYWHERE = ("GB", "US", "ES", "FR", "DE", "GR", "AT", "CH", "BE", "CY")

TOLD_IN_WORDS = ("more", "product", "device")
"""Details that are noted as the customer said them, so that anything may be in them."""

SEVEN_DIGITS = re.compile(r"(?:\d(?:\s|[\u200b\u2060().\-‐‑–/]){0,3}){7}")
LOCAL_BACKWARDS = re.compile(r"[\w.%+'-]{0,63}\w")
DOMAIN = re.compile(r"(?:\w(?:[\w-]{0,61}\w)?\.){1,8}[^\W\d_]{2,24}")
GAP = r"(?:[^\S\n]|[\u200b\u2060().\-‐‑–/]){0,3}"
NUMBER = re.compile(rf"(?<![\w#+])(?<!\d[.,:-])(?:\+|\(\+?)?\d(?:{GAP}\d){{6,30}}(?![\w@]|[.,:-]\d)")
"""Digits and what may stand between those of one number; a line's end may not."""
MOST_PARTS = 400
"""Parts of longer runs of digits that are tried in a text: with all of them, 4,000 characters took half a second."""
MOST_GROUPS = 7
"""Groups of digits, with blanks between, of a number that is a part of more: "+33 6 12 34 56 78" has six."""
DATE = re.compile(r"(?:[0-3]?\d([./-])[01]?\d|[01]?\d([./-])[0-3]?\d)[./-](?:19|20)\d\d|(?:19|20)\d\d-[01]?\d-[0-3]?\d")
CARD = re.compile(r"(?<![\w-])\d(?:[ \u00a0\u202f.-]?\d){12,18}(?![\w-])")
ACCOUNT = re.compile(
    r"\b[A-Za-z]{2}[0-9]{2}(?:[ \u00a0\u202f-]?[A-Za-z0-9]{4}){2,7}(?:[ \u00a0\u202f-]?[A-Za-z0-9]{1,3})?\b"
)
CARDS = re.compile(r"4\d{12}(?:\d{3})?(?:\d{3})?|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|3[068]\d{12}|6\d{15}(?:\d{3})?")

PHONE = (
    r"phone|mobil\w*|festnetz\w*|t[eé]l|call|mobile|cell|whatsapp|text|reach|ring|handy|anruf|ruf|telefon"
    r"|tel[eé]fono|m[oó]vil|ll[aá]m\w*"
    r"|t[eé]l[eé]phone|portable|appel\w*|joindre|τηλ\w*|κινητ\w*|καλ[εέ]\w*"
)
SAYS_PHONE = re.compile(rf"(?:{PHONE}|nummer|num[eé]ro)[^\d\n]{{0,24}}$", re.IGNORECASE)
SAYS_ONLY_PHONE = re.compile(rf"(?s:.*)(?<!\w)(?P<word>{PHONE})[^\d\n]{{0,24}}$", re.IGNORECASE)
SAYS_OTHERWISE = re.compile(
    r"(?s:.*)(?P<word>"
    r"order|purchase|invoice|ticket|case(?! of)|ref\w*|tracking|serial|account|imei|pedido|compra|factura"
    r"|seguimiento|caso|incidencia|bestell\w*|auftrag\w*|rechnung\w*|sendung\w*|kunden\w*|vorgang\w*|serien\w*"
    r"|commande|facture|suivi|dossier|s[eé]rie|παραγγελ\w*|τιμολ\w*|αποστολ\w*|αίτημα\w*|υπόθεσ\w*|#|№)"
    r"[^\d\n?!]{0,24}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Contact:
    """A part of a text: `kind` is "email", "phone", "card" or "account"; `value` is its one written form."""

    kind: str
    start: int
    end: int
    value: str


def may_hold_contacts(text: str) -> bool:
    """Whether it is worth looking: an @, or seven digits in one go. Takes a microsecond."""
    return "@" in text or SEVEN_DIGITS.search(text) is not None


def contacts(text: str, regions: Sequence[str] = EVERYWHERE) -> list[Contact]:
    """Return the contacts of a text in their order, without overlaps. `regions`: whose numbers need no country code."""
    if not may_hold_contacts(text):
        return []
    text = text[:LONGEST]
    found: list[Contact] = []
    finders: tuple[Callable[[], Iterable[Contact]], ...] = (
        lambda: _emails(text),
        lambda: _accounts(text),
        lambda: _cards(text),
        lambda: _phones(text, tuple(regions)),
    )
    for finder in finders:
        found += [
            one for one in finder() if not any(one.start < other.end and other.start < one.end for other in found)
        ]
    return sorted(found, key=lambda one: one.start)


def mask(contact: Contact) -> str:
    """Return what is shown in its place: enough to tell two of them apart, too little to use it."""
    if contact.kind == "email":
        local, _, domain = contact.value.partition("@")
        return f"{local[:1]}•••@{domain}"
    return f"•••• {contact.value[-2:] if contact.kind == 'phone' else contact.value[-4:]}"


def masked(text: str) -> str:
    """Return a text with all its contacts masked."""
    return "".join(part if contact is None else mask(contact) for part, contact in parts(text))


def masked_detail(name: str, value: str) -> str:
    """Return a detail that triage noted, masked; an order number is no phone number, whatever it looks like."""
    if name in ("email", "phone"):
        return mask(Contact(name, 0, len(value), value))
    return masked(value) if name in TOLD_IN_WORDS else value


def parts(text: str) -> Iterator[tuple[str, Contact | None]]:
    """Yield a text piece by piece, each contact with its own."""
    at = 0
    for contact in contacts(text):
        if at < contact.start:
            yield text[at : contact.start], None
        yield text[contact.start : contact.end], contact
        at = contact.end
    if at < len(text):
        yield text[at:], None


def _emails(text: str) -> Iterator[Contact]:
    """Outwards from each @, so that no text takes long."""
    for at in (match.start() for match in re.finditer("@", text)):
        domain = DOMAIN.match(text, at + 1, at + 255)
        local = domain and LOCAL_BACKWARDS.match(text[max(0, at - 64) : at][::-1])
        if domain and local:
            start = at - local.end()
            yield Contact("email", start, domain.end(), text[start : domain.end()].lower())


def _cards(text: str) -> Iterator[Contact]:
    for match in CARD.finditer(text):
        digits = _digits(match.group())
        if CARDS.fullmatch(digits) and _sums_to_ten(digits):
            yield Contact("card", match.start(), match.end(), digits)


def _sums_to_ten(digits: str) -> bool:
    """The check digit of cards (ISO/IEC 7812, Luhn)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _accounts(text: str) -> Iterator[Contact]:
    """IBANs, by their check digits (ISO 13616)."""
    for match in ACCOUNT.finditer(text):
        ends = [
            match.end(),
            *(match.start() + gap.start() for gap in reversed([*re.finditer(r"[\s-]", match.group())])),
        ]
        for end in ends:  # words may follow that look like more of it
            plain = re.sub(r"[\s-]", "", text[match.start() : end]).upper()
            if 15 <= len(plain) <= 34 and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1:
                yield Contact("account", match.start(), end, plain)
                break


def _phones(text: str, regions: tuple[str, ...]) -> Iterator[Contact]:
    tries = iter(range(MOST_PARTS))
    for match in NUMBER.finditer(text):
        groups = [one.span() for one in re.finditer(r"\S*\d\S*", match.group())]
        yield from _among(text, [(match.start() + start, match.start() + end) for start, end in groups], regions, tries)


def _among(
    text: str, groups: list[tuple[int, int]], regions: tuple[str, ...], tries: Iterator[int]
) -> Iterator[Contact]:
    """Groups of digits side by side: all are one number, or the first of them, or the last. Dates are none."""
    for at, (start, end) in enumerate(groups):
        if DATE.fullmatch(text, start, end):
            yield from _among(text, groups[:at], regions, tries)
            yield from _among(text, groups[at + 1 :], regions, tries)
            return
    if not groups:
        return
    if found := _one(text, groups[0][0], groups[-1][1], regions, is_whole=True):
        yield found
        return
    parts_of_it = [
        cut for at in range(1, len(groups)) for cut in ((groups[at:], groups[:at]), (groups[:-at], groups[-at:]))
    ]
    likely = [(some, rest) for some, rest in parts_of_it if len(some) <= MOST_GROUPS]
    for region in regions:
        for some, rest in likely:
            if next(tries, None) is None:
                return
            if found := _one(text, some[0][0], some[-1][1], (region,)):
                yield found
                yield from _among(text, rest, regions, tries)
                return


def _one(text: str, start: int, end: int, regions: tuple[str, ...], *, is_whole: bool = False) -> Contact | None:
    before, said = text[max(0, start - 40) : start], text[start:end]
    if not 7 <= len(_digits(said)) <= 17:
        return None
    if said.startswith("(") and ")" not in said:
        said, start = said[1:], start + 1
    if _is_called_otherwise(before) and not said.startswith("+"):
        return None
    is_announced = is_whole and SAYS_PHONE.search(before) is not None
    number = _phone(said, regions, is_announced) or (_announced(said) if is_announced else None)
    return Contact("phone", start, start + len(said), number) if number else None


def _is_called_otherwise(before: str) -> bool:
    """Whether the word that stands nearest before a number says that it is one of an order, say, and not of a phone."""
    otherwise, phone = SAYS_OTHERWISE.match(before), SAYS_ONLY_PHONE.match(before)
    return otherwise is not None and (phone is None or otherwise.start("word") > phone.start("word"))


def _phone(said: str, regions: tuple[str, ...], is_announced: bool) -> str | None:
    """A number as E.164, if it is a valid one somewhere."""
    digits = _digits(said)
    if said.lstrip("(").startswith(("+", "00")) and len(digits) <= 17:
        return _valid("+" + digits.removeprefix("00"), None)
    for region in regions:
        if (is_announced or _looks_like_one(said, digits, region)) and (number := _valid(digits, region)):
            return number
    return None


def _announced(said: str) -> str | None:
    """The digits of what is no valid number anywhere, and its writer calls one."""
    digits = _digits(said)
    return digits if said[0] in "0(" and 8 <= len(digits) <= 15 else None


def _looks_like_one(said: str, digits: str, region: str) -> bool:
    """Written as phone numbers are: with a 0 or (, in groups, or as a mobile number of Spain or Greece."""
    if region == "US":
        return re.fullmatch(r"1?[ .-]?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}", said) is not None
    if region in ("ES", "GR", "CY"):
        return re.match(r"[67]\d{8}$" if region == "ES" else r"69\d{8}$", digits) is not None or (
            re.search(r"\d[\s.-]\d", said) is not None and digits[0] in "29"
        )
    return said[0] in "0("


def _valid(digits: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign in "0123456789")
