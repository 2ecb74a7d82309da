"""Hours and targets as people write them: how they are read, with a sentence for each mistake, and shown."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from handoff.hours import DAY, Hours, Interval

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MOST_HOLIDAYS, MOST_INTERVALS = 400, 12
LONGEST = 366 * DAY
"""Minutes of a target."""

_INTERVAL = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*(?:-|–|to)\s*(\d{1,2})(?::(\d{2}))?")
_LENGTH = re.compile(
    r"(?:(\d{1,4})\s*d(?:ays?)?)?\s*(?:(\d{1,4})\s*h(?:ours?)?)?\s*(?:(\d{1,6})\s*m(?:in(?:utes?)?)?)?"
)


class Mistake(Exception):
    """What somebody wrote cannot be read; the sentence says why, and what to write."""


def read_hours(fields: Mapping[str, str]) -> tuple[Hours | None, dict[str, str]]:
    """The hours of a form, and its mistakes by the names of the fields: `None` if there are any."""
    mistakes: dict[str, str] = {}
    zone, week, holidays = ZoneInfo("UTC"), list[tuple[Interval, ...]](), frozenset[date]()
    try:
        zone = read_zone(fields.get("zone", ""))
    except Mistake as mistake:
        mistakes["zone"] = str(mistake)
    for number, name in enumerate(DAYS):
        try:
            week.append(read_day(name, fields.get(f"day_{number}", "")))
        except Mistake as mistake:
            mistakes[f"day_{number}"] = str(mistake)
    try:
        holidays = read_holidays(fields.get("holidays", ""))
    except Mistake as mistake:
        mistakes["holidays"] = str(mistake)
    return (None if mistakes else Hours(zone, tuple(week), holidays)), mistakes


def read_zone(text: str) -> ZoneInfo:
    """The zone of that name."""
    if text.strip() not in available_timezones():
        raise Mistake("There is no such time zone. Write one as “Europe/Berlin”, or choose it from the list.")
    return ZoneInfo(text.strip())


def read_day(name: str, text: str) -> tuple[Interval, ...]:
    """The intervals of a day: "9:00-12:30, 13:30-17:00"; nothing when nobody works."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if len(parts) > MOST_INTERVALS:
        raise Mistake(f"{name}: these are more than {MOST_INTERVALS} intervals.")
    intervals = sorted(_interval(name, part) for part in parts)
    for (_, end), (start, _) in zip(intervals, intervals[1:], strict=False):
        if start < end:
            raise Mistake(f"{name}: two intervals overlap at {clock(start)}. Write each hour once.")
    return tuple(intervals)


def read_holidays(text: str) -> frozenset[date]:
    """One date on each line."""
    days = set()
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            days.add(date.fromisoformat(line))
        except ValueError:
            raise Mistake(f"“{line[:40]}” is no date. Write year, month and day, as 2026-12-25.") from None
    if len(days) > MOST_HOLIDAYS:
        raise Mistake(f"These are more than {MOST_HOLIDAYS} days. Remove those that are over.")
    return frozenset(days)


def read_length(text: str) -> int | None:
    """Minutes: "30 min", "1 h 30 min", "2 days"; `None` for nothing."""
    said = text.strip().lower()
    if not said:
        return None
    found = _LENGTH.fullmatch(said)
    if found is None or not any(found.groups()):
        raise Mistake(f"“{text.strip()[:40]}” is no length of time. Write it as “30 min”, “4 h” or “2 days”.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    total = days * DAY + hours * 60 + minutes
    if not 0 < total <= LONGEST:
        raise Mistake("A target is at least a minute and at most a year. Leave the field empty for none.")
    return total


def said_hours(hours: Hours) -> dict[str, str]:
    """The hours as the fields of their form."""
    days = {f"day_{number}": said_day(day) for number, day in enumerate(hours.week)}
    return {"zone": hours.zone.key, **days, "holidays": "\n".join(day.isoformat() for day in sorted(hours.holidays))}


def said_day(day: Iterable[Interval]) -> str:
    """The intervals of a day."""
    return ", ".join(f"{clock(start)}-{clock(end)}" for start, end in day)


def said_length(minutes: int | None) -> str:
    """A length of time, in the largest units that say it in full; a day has 24 hours."""
    if minutes is None:
        return ""
    if minutes % DAY == 0:
        return f"{minutes // DAY} {'day' if minutes == DAY else 'days'}"
    hours, rest = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest else "") if part)


def clock(minute: int) -> str:
    """Minutes after midnight as the time of the day."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _interval(name: str, text: str) -> Interval:
    found = _INTERVAL.fullmatch(text)
    if found is None:
        raise Mistake(f"{name}: “{text[:40]}” are no hours. Write them as 9:00-17:00, several with commas between.")
    parts = [int(part or 0) for part in found.groups()]
    start, end = parts[0] * 60 + parts[1], parts[2] * 60 + parts[3]
    if max(start, end) > DAY or max(parts[1], parts[3]) > 59:
        raise Mistake(f"{name}: a day goes from 0:00 to 24:00.")
    if end <= start:
        night = "For a night write 22:00-24:00, and 00:00-02:00 on the next day."
        raise Mistake(f"{name}: {clock(start)}-{clock(end)} ends before it begins. {night}")
    return start, end
