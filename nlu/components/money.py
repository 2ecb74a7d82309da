"""Finds amounts: a number beside a currency. price-parser reads the number; which currency is meant is ours to say."""

import re
from collections.abc import Iterator

from price_parser import Price

from nlu.components.detail import Detail

SIGNS = {"£": "GBP", "€": "EUR", "$": "USD", "US$": "USD", "A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD"}
SIGNS |= {"NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "¥": "JPY", "₹": "INR", "₺": "TRY", "zł": "PLN"}

CODES = (
    *("EUR", "USD", "GBP", "CHF", "CAD", "AUD", "NZD", "JPY", "CNY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON"),
    *("BGN", "INR", "BRL", "MXN", "ARS", "CLP", "COP", "PEN", "ZAR", "AED", "SGD", "HKD"),
)

WORDS = {
    "EUR": r"euros?|ευρώ|ευρω",
    "USD": r"(?:us[- ])?dollars?|bucks|d[oó]lar(?:es)?|δολάρι[οα]",
    "GBP": r"pounds?(?: sterling)?|quid|libras esterlinas|livres? sterling|pfund sterling|britische pfund"
    r"|(?:λίρες|λίρα) αγγλίας",
    "CHF": r"francs suisses|schweizer franken|franken|swiss francs?|francos suizos",
    "JPY": r"yen",
}
"""Words for a currency. Pounds weigh, too: only the English word stands alone, and not beside a weight."""

NUMBER = r"\d{1,3}(?:[.,'’ \u00a0\u202f]\d{3}){1,4}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
SIGN = "|".join(re.escape(sign) for sign in sorted(SIGNS, key=len, reverse=True))
AFTER = "|".join([SIGN, *(rf"(?:{code})\b" for code in CODES), *(rf"(?:{words})\b" for words in WORDS.values())])
BEFORE = re.compile(
    rf"(?<![\w$€£.,])(?P<sign>{SIGN}|(?:{'|'.join(CODES)})) ?(?P<number>{NUMBER})(?![\w]|[.,]\d)", re.IGNORECASE
)
BEHIND = re.compile(
    rf"(?<![\w#])(?<!\w-)(?<!\d[.,])(?P<number>{NUMBER})(?:[,.][-–]{{1,2}})?[ \u00a0\u202f]?(?P<sign>{AFTER})(?!\w)",
    re.IGNORECASE,
)
WEIGHT_AFTER = re.compile(r" (?:of (?!my|credit|the)|heav|light|overweight|in weight|lighter)", re.IGNORECASE)
WEIGHT_BEFORE = re.compile(r"(?:weigh\w*|gained|lost) (?:\w+ ){0,2}$", re.IGNORECASE)


def amounts(text: str) -> Iterator[Detail]:
    """Yield each amount as "49.99 EUR": a point for the decimals, two of them or none, and the ISO 4217 code."""
    for match in (*BEFORE.finditer(text), *BEHIND.finditer(text)):
        price = Price.fromstring(match["number"].replace("’", "'")).amount
        code = _code(match["sign"])
        if price is None or code is None or _is_a_weight(text, match, code):
            continue
        value = f"{price:.2f}".removesuffix(".00")
        yield Detail("amount", match.start(), match.end(), f"{value} {code}", 0.9)


def _code(sign: str) -> str | None:
    plain = sign.upper()
    if sign in SIGNS or plain in SIGNS:
        return SIGNS.get(sign) or SIGNS[plain]
    if plain in CODES:
        return plain if sign.isupper() or plain in ("EUR", "USD", "GBP", "CHF") else None
    return next((code for code, words in WORDS.items() if re.fullmatch(words, sign, re.IGNORECASE)), None)


def _is_a_weight(text: str, match: "re.Match[str]", code: str) -> bool:
    if code != "GBP" or "£" in match.group():
        return False
    before = text[max(0, match.start() - 30) : match.start()]
    return bool(WEIGHT_AFTER.match(text, match.end()) or WEIGHT_BEFORE.search(before))
