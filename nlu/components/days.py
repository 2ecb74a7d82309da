"""Finds days and times of day. What names them we look for; which day that is, dateparser says.

Its words for months, weekdays and "yesterday" are those of dateparser's locales; its own search is left alone, since it
takes "may", "sun" and "so" for dates, and 60 ms for a line. What was said stays with the value: a day is often a guess.
"Today" is left alone: it tells no more than the time of the message.
"""

import re
import time
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from importlib import import_module

from dateparser.date import DateDataParser

from nlu.components.detail import Detail
from nlu.language import LANGUAGES, TOLD_BY, guess
from nlu.text import level

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
AGO = ("1 day ago", "2 day ago", "in 1 day", "in 2 day")
INFO = {language: import_module(f"dateparser.data.date_translation_data.{language}").info for language in LANGUAGES}

NO_MONTH = {"ago"}  # of August in Spanish, and of "3 days ago"
MONTH = {
    level(word): name for info in INFO.values() for name in MONTHS for word in info[name] if level(word) not in NO_MONTH
}
WEEKDAY = {level(word): name for info in INFO.values() for name in WEEKDAYS for word in info[name] if len(word) > 4}
RELATIVE = {level(word): ago for info in INFO.values() for ago in AGO for word in info["relative-type"].get(ago, ())}
RELATIVE |= {"antier": "2 day ago", "antes de ayer": "2 day ago", "pasado manana": "in 2 day", "χτεσ": "1 day ago"}
RELATIVE |= {"εχθεσ": "1 day ago", "προχθεσ": "2 day ago", "προχτεσ": "2 day ago", "μεθαυριο": "in 2 day"}
RELATIVE |= {"last night": "1 day ago", "anoche": "1 day ago", "hier soir": "1 day ago"}

UNITS = {
    "minute": "minutes?|mins?|minutos?|minuten?|λεπτ(?:ο|α)",
    "hour": "hours?|hrs?|horas?|stunden?|heures?|ωρ(?:α|εσ)",
    "day": "days?|dias?|tag(?:en|e)?|jours?|η?μερ(?:α|εσ)",
    "week": "weeks?|semanas?|wochen?|semaines?|ε?βδομαδ(?:α|εσ)",
    "month": "months?|mes(?:es)?|monat(?:en|e)?|mois|μην(?:α|εσ)",
    "year": "years?|anos?|jahr(?:en|e)?|ans?|χρονι?(?:α|ο)",
}
COUNTS = {
    1: "an?|one|una?|uno|einem?|einer|eine|une?|ενα(?:ν)?|μια",
    2: "two|dos|zwei|deux|δυο",
    3: "three|tres|drei|trois|τρ(?:ια|εισ)",
    4: "four|cuatro|vier|quatre|τεσσερ(?:α|ισ)",
    5: "five|cinco|funf|cinq|πεντε",
    6: "six|seis|sechs|εξι",
    7: "seven|siete|sieben|sept|ε(?:πτ|φτ)α",
    8: "eight|ocho|acht|huit|ο(?:κτ|χτ)ω",
    10: "ten|diez|zehn|dix|δεκα",
    12: "twelve|doce|zwolf|douze|δωδεκα",
}
COUNT = r"\d{1,3}|" + "|".join(COUNTS.values())
UNIT = "|".join(UNITS.values())

SPAN = rf"(?P<count>{COUNT}) (?P<unit>{UNIT})"
SINCE = (rf"\b{SPAN} (?:ago|πριν)\b", rf"\b(?:hace|vor|il y a|πριν(?: απο)?) {SPAN}\b")
A_SINCE = [re.compile(one) for one in SINCE]
A_RELATIVE = re.compile(rf"(?<![\w-])(?:{'|'.join(sorted(RELATIVE, key=len, reverse=True))})(?![\w-])")
A_WEEKDAY = re.compile(
    r"(?<![\w-])(?P<lead>(?:last|this|next|past|letzten?|letzte[rn]|diese[nr]?|nachste[nr]?|kommende[nr]?|pasado|proximo|este"
    r"|επομενη|ερχομενη|περασμενη|την|τη|τησ) )?"
    rf"(?P<day>{'|'.join(WEEKDAY)})(?: (?P<tail>dernier|prochain|passe|pasado|proximo|que viene))?(?![\w-])"
)
NEXT = re.compile(r"next|nachste|kommende|proximo|επομενη|ερχομενη|prochain|que viene")
NO_WEEKDAY = re.compile(r"(?:black|cyber|good|casual|every|each|jeden|cada|chaque|καθε|happy|on a) $")
ORDINALS = {"τριτη", "τεταρτη", "πεμπτη"}
NAME = "|".join(sorted(MONTH, key=len, reverse=True))
YEAR = r"(?:,? (?:(?:de|del) )?(?P<year>20\d\d)\b)?"
DAY_MONTH = re.compile(
    rf"(?<![\w.,/$€£-])(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|[.ºªη])? ?(?:of |de |d')?(?P<month>{NAME})\b\.?{YEAR}"
)
MONTH_DAY = re.compile(rf"\b(?P<month>{NAME})\.? (?P<day>[0-3]?\d)(?P<th>st|nd|rd|th)?(?![\w:]|[.,]\d){YEAR}")
NUMERIC = re.compile(
    r"(?<![\w.,/$€£:-])(?:(?P<y>20\d\d)-(?P<m>[01]?\d)-(?P<d>[0-3]?\d)"
    r"|(?P<a>[0-3]?\d)(?P<sep>[./-])(?P<b>[0-3]?\d)(?:(?P=sep)(?P<year>(?:20)?\d\d))?)(?![\w/-]|[.,:]\d)"
)
LEADS_TO_DAY = re.compile(r"(?:\b(?:on|since|by|from|el|del|desde|am|vom|zum|seit|bis|le|du|depuis|στισ|απο|μεχρι) )$")

CLOCK = re.compile(
    r"(?<![\w:.,/$€£-])(?P<hour>[01]?\d|2[0-3])(?P<sep>[:.h])(?P<minute>[0-5]\d)(?::[0-5]\d)?"
    r"(?: ?(?P<half>[apπμ])\.? ?[mμ]\b\.?)?(?P<uhr> ?uhr\b)?(?![\w:%/]|[.,]\d)"
)
HOUR = re.compile(
    r"(?<![\w:.,/$€£-])(?P<before>(?:a las?|vers|στισ|um) )?(?P<hour>[01]?\d|2[0-3])(?:"
    r" ?(?P<half>[apπμ])\.?[mμ]\b\.?| ?(?P<oclock>uhr\b|h\b|heures?\b|o'clock\b)"
    r"(?: (?P<minute>[0-5]\d)(?= ?(?:[.,!?]|$)| minut))?"
    r"|(?= ?[.,!?]| de la | το | hrs?\b|$))"
)
LATER = re.compile(
    r" (?:de la tarde|de la noche|du soir|de l'apres-midi|abends|nachts|nachmittags|το απογευμα|το βραδυ"
    r"|in the (?:afternoon|evening)|at night|tonight)"
)
NIGHT = re.compile(r" (?:de la noche|nachts|το βραδυ|at night|tonight)")
ABOUT = re.compile(r"(?:halb|viertel (?:vor|nach)|half past|quarter (?:to|past)|kurz (?:vor|nach)) $")
"""What makes an hour another time, which we do not reckon out: better none than a wrong one."""
ABOUT_BEHIND = re.compile(r" (?:y media|y cuarto|menos|et quart|et demie|moins)\b")
NO_CLOCK = re.compile(r" ?(?:hours?|hrs|min|minut|%|to\b|vs|€|eur|usd|gbp|\$|£|kg|km)")

SETTINGS = {"TIMEZONE": "UTC", "RETURN_AS_TIMEZONE_AWARE": False, "PREFER_DATES_FROM": "past"}
PARSER = DateDataParser(languages=["en"], settings=SETTINGS)


def days(text: str) -> Iterator[Detail]:
    """Yield each day as an ISO date (UTC) and each time as HH:MM. A day that could be two is left as it was said."""
    plain = level(text).replace("\u00a0", " ").replace("’", "'")
    yield from _relative(text, plain)
    yield from _named(text, plain)
    if any(sign.isdecimal() for sign in plain):
        yield from _numeric(text, plain)
        yield from _times(plain)


def _relative(text: str, plain: str) -> Iterator[Detail]:
    for match in A_RELATIVE.finditer(plain):
        if not _is_another_word(text, plain, match):
            yield from _day(match, f"{RELATIVE[match.group()]}", 0.8, relative=True)
    for match in (match for pattern in A_SINCE for match in pattern.finditer(plain)):
        unit = next(name for name, words in UNITS.items() if re.fullmatch(words, match["unit"]))
        said = match["count"]
        count = said if said.isdecimal() else next(n for n, words in COUNTS.items() if re.fullmatch(words, said))
        yield from _day(match, f"{count} {unit} ago", 0.85, relative=True)
    for match in A_WEEKDAY.finditer(plain):
        before = plain[max(0, match.start() - 10) : match.start()]
        if not NO_WEEKDAY.search(before) and (match["day"] not in ORDINALS or match["lead"]):
            ahead = NEXT.search(f"{match['lead']} {match['tail']}") is not None
            day = _weekday(WEEKDAYS.index(WEEKDAY[match["day"]]), ahead)
            yield Detail("date", match.start(), match.end(), day.isoformat(), 0.8, relative=True)


def _weekday(wanted: int, ahead: bool) -> date:
    """The next such day, or the last one; dateparser 1.2.0 is a month off where the next is in the next month."""
    today = _today()
    return today + timedelta(
        (wanted - today.weekday() - 1) % 7 + 1 if ahead else -((today.weekday() - wanted - 1) % 7 + 1)
    )


def _is_another_word(text: str, plain: str, match: "re.Match[str]") -> bool:
    """German "hier" is here, "morgen" and "mañana" are also the morning."""
    word, before = match.group(), plain[max(0, match.start() - 12) : match.start()]
    if word == "hier":
        return guess(text[:TOLD_BY], default="") != "fr" and plain.strip() != word
    if word == "morgen":
        return re.search(r"(?:guten?|am|heute|gestern|jeden|schonen|gute|diesen) $", before) is not None
    return word == "manana" and re.search(r"(?:la|esta|una|cada|buena) $", before) is not None


def _named(text: str, plain: str) -> Iterator[Detail]:
    for match in DAY_MONTH.finditer(plain):
        yield from _day_of_month(match)
    for match in MONTH_DAY.finditer(plain):
        if match["month"] != "may" or match["th"] or match["year"] or text[match.start()] == "M":
            yield from _day_of_month(match)


def _day_of_month(match: "re.Match[str]") -> Iterator[Detail]:
    said = f"{match['day']} {MONTH[match['month']]}"
    if match["year"]:
        yield from _day(match, f"{said} {match['year']}", 0.95)
        return
    yield from _without_year(match, said)


def _without_year(match: "re.Match[str]", said: str) -> Iterator[Detail]:
    """The last such day, or one that comes within two months."""
    soon = _today() + timedelta(60)
    found = [
        day
        for year in (soon.year, soon.year - 1)
        if (day := _resolve(f"{said} {year}", int(time.time() // 60))) and day <= soon
    ]
    if found:
        yield Detail("date", match.start(), match.end(), max(found).isoformat(), 0.9, relative=True)


def _numeric(text: str, plain: str) -> Iterator[Detail]:
    for match in NUMERIC.finditer(plain):
        if match["y"]:
            yield from _day(match, f"{match['y']}-{match['m']:0>2}-{match['d']:0>2}", 0.95)
        elif match["year"] or LEADS_TO_DAY.search(plain[max(0, match.start() - 8) : match.start()]):
            yield from _day_by_numbers(text, match)


def _day_by_numbers(text: str, match: "re.Match[str]") -> Iterator[Detail]:
    day, month = int(match["a"]), int(match["b"])
    is_slashed_english = match["sep"] == "/" and guess(text[:TOLD_BY], default="") in ("en", "")
    if month > 12 >= day:
        day, month = month, day
    elif is_slashed_english and day <= 12 and day != month:
        yield Detail("date", match.start(), match.end(), match.group(), 0.85)
        return
    if not 1 <= month <= 12:
        return
    said = f"{day} {MONTHS[month - 1]}"
    if year := match["year"]:
        yield from _day(match, f"{said} {year if len(year) == 4 else f'20{year}'}", 0.95)
    else:
        yield from _without_year(match, said)


def _times(plain: str) -> Iterator[Detail]:
    for match in CLOCK.finditer(plain):
        if (match["sep"] != "." or match["uhr"] or match["half"]) and not NO_CLOCK.match(plain, match.end()):
            yield from _time(plain, match, int(match["minute"]), match["half"])
    for match in HOUR.finditer(plain):
        is_time = match["half"] or match["oclock"] == "uhr" or match["oclock"] == "o'clock" or match["before"]
        if is_time and not (match["oclock"] and match["oclock"][0] == "h" and not match["before"]):
            yield from _time(plain, match, int(match["minute"] or 0), match["half"])


def _time(plain: str, match: "re.Match[str]", minute: int, half: str | None) -> Iterator[Detail]:
    hour, later = int(match["hour"]), LATER.match(plain, match.end())
    is_about = ABOUT.search(plain[max(0, match.start() - 15) : match.start("hour")]) or ABOUT_BEHIND.match(
        plain, match.end()
    )
    if is_about or (half and not 1 <= hour <= 12):
        return
    if half:
        hour = hour % 12 + (12 if half in "pμ" else 0)
    elif NIGHT.match(plain, match.end()):  # three at night is before the morning, nine is not
        hour = 0 if hour == 12 else hour + 12 if 6 <= hour < 12 else hour
    elif later and hour < 12:
        hour += 12
    yield Detail("time", match.start(), later.end() if later else match.end(), f"{hour:02}:{minute:02}", 0.85)


def _day(match: "re.Match[str]", said: str, sure: float, *, relative: bool = False) -> Iterator[Detail]:
    if day := _resolve(said, int(time.time() // 60)):
        yield Detail("date", match.start(), match.end(), day.isoformat(), sure, relative)


@lru_cache(maxsize=4096)
def _resolve(said: str, minute: int) -> date | None:
    """The day that English words name, now; asked again within the minute it is known."""
    found = PARSER.get_date_data(said).date_obj
    return found.date() if found and abs(found.date() - _today()) < timedelta(days=36_525) else None


def _today() -> date:
    return date(*time.gmtime()[:3])
