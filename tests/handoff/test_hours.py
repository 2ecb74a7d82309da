"""Time that counts: business hours with their edges, which are where clocks lie."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.hours import Hours, add, between, counted

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = ((9 * 60, 17 * 60),)
WEEK = Hours(BERLIN, (NINE_TO_FIVE,) * 5 + ((), ()))
NIGHT = Hours(BERLIN, (((0, 120), (22 * 60, 1440)),) * 7)
NEVER = Hours(BERLIN, ((),) * 7)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    """A moment by the clock of Berlin."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def test_time_passes_only_while_somebody_works() -> None:
    assert add(WEEK, at("2026-11-20T16:30"), HOUR) == at("2026-11-23T09:30"), "Friday evening to Monday morning"
    assert between(WEEK, at("2026-11-20T16:30"), at("2026-11-23T09:30")) == HOUR


def test_a_line_outside_the_hours_counts_from_the_next_opening() -> None:
    assert add(WEEK, at("2026-11-21T12:00"), HOUR) == at("2026-11-23T10:00")


def test_what_is_due_at_closing_time_is_due_on_that_day() -> None:
    assert add(WEEK, at("2026-11-20T16:00"), HOUR) == at("2026-11-20T17:00")


def test_a_lunch_break_does_not_count() -> None:
    hours = Hours(BERLIN, (((9 * 60, 12 * 60), (13 * 60, 17 * 60)),) * 7)
    assert add(hours, at("2026-11-20T11:30"), HOUR) == at("2026-11-20T13:30")


def test_nobody_works_on_a_holiday() -> None:
    hours = Hours(BERLIN, WEEK.week, frozenset({date(2026, 12, 25)}))
    assert add(hours, at("2026-12-24T16:30"), HOUR) == at("2026-12-28T09:30")


def test_a_night_is_two_intervals_and_one_stretch() -> None:
    assert add(NIGHT, at("2026-11-20T23:00"), 2 * HOUR) == at("2026-11-21T01:00")
    assert add(NIGHT, at("2026-11-20T12:00"), 5 * HOUR) == at("2026-11-21T22:00") + HOUR
    assert between(NIGHT, at("2026-11-20T00:00"), at("2026-11-21T00:00")) == 4 * HOUR


def test_a_night_in_which_the_clock_goes_forward_is_an_hour_shorter() -> None:
    every_night = Hours(BERLIN, (((0, 8 * 60),),) * 7)
    assert between(every_night, at("2026-03-29T00:00"), at("2026-03-29T12:00")) == 7 * HOUR
    assert add(every_night, at("2026-03-29T01:30"), HOUR) == at("2026-03-29T03:30")


def test_a_night_in_which_the_clock_goes_back_is_an_hour_longer() -> None:
    every_night = Hours(BERLIN, (((0, 150), (150, 8 * 60)),) * 7)
    assert between(every_night, at("2026-10-25T00:00"), at("2026-10-25T12:00")) == 9 * HOUR


@pytest.mark.parametrize(("opens", "closes", "minutes"), [(120, 180, 0), (120, 150, 0), (150, 240, 60), (90, 150, 30)])
def test_an_hour_that_the_clock_leaves_out_is_nobodys(opens: int, closes: int, minutes: int) -> None:
    hours = Hours(BERLIN, (((opens, closes),),) * 7)
    assert between(hours, at("2026-03-29T00:00"), at("2026-03-29T12:00")) == timedelta(minutes=minutes)


def test_on_a_day_of_two_clocks_opening_hours_follow_the_wall() -> None:
    assert add(WEEK, at("2026-03-27T16:30"), HOUR) == datetime(2026, 3, 30, 7, 30, tzinfo=UTC)


def test_a_team_that_never_works_is_never_late() -> None:
    assert NEVER.are_none
    assert add(NEVER, at("2026-11-20T12:00"), HOUR) is None
    assert between(NEVER, at("2026-11-20T12:00"), at("2027-11-20T12:00")) == timedelta()


def test_a_team_whose_every_day_is_a_holiday_is_never_late() -> None:
    monday = date(2026, 1, 5)
    free = frozenset(monday + timedelta(weeks=number) for number in range(200))
    assert add(Hours(BERLIN, (NINE_TO_FIVE, *((),) * 6), free), at("2026-11-20T12:00"), HOUR) is None


def test_without_hours_time_passes_as_it_does() -> None:
    assert add(None, at("2026-11-21T03:00"), HOUR) == at("2026-11-21T04:00")


def test_a_pause_does_not_count() -> None:
    pauses = [(at("2026-11-20T10:00"), at("2026-11-20T12:00")), (at("2026-11-20T11:00"), at("2026-11-20T12:30"))]
    assert add(WEEK, at("2026-11-20T09:30"), HOUR, pauses) == at("2026-11-20T13:00")
    assert between(None, at("2026-11-20T09:30"), at("2026-11-20T13:00"), pauses) == HOUR


@st.composite
def intervals(draw: st.DrawFn) -> tuple[tuple[int, int], ...]:
    """The intervals of a day, in order and without overlap."""
    edges = sorted(draw(st.sets(st.integers(0, 1440), max_size=6)))
    return tuple(zip(edges[::2], edges[1::2], strict=False))


hours_of_any_team = st.one_of(
    st.none(),
    st.builds(
        Hours,
        st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]).map(
            ZoneInfo
        ),
        st.tuples(*[intervals()] * 7),
        st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=5),
    ),
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1), timezones=st.just(UTC))
lengths = st.timedeltas(timedelta(seconds=1), timedelta(days=3))
pauses = st.lists(st.tuples(moments, st.timedeltas(timedelta(0), timedelta(days=9))), max_size=3).map(
    lambda found: [(start, start + length) for start, length in found]
)


@given(hours_of_any_team, moments, lengths, pauses)
def test_measuring_what_was_added_gives_it_back(
    hours: Hours | None, since: datetime, how_long: timedelta, pauses: list[tuple[datetime, datetime]]
) -> None:
    due = add(hours, since, how_long, pauses)
    assert due is None or between(hours, since, due, pauses) == how_long


@given(hours_of_any_team, moments, lengths, lengths, pauses)
def test_more_time_is_never_over_sooner(
    hours: Hours | None, since: datetime, one: timedelta, other: timedelta, pauses: list[tuple[datetime, datetime]]
) -> None:
    sooner, later = add(hours, since, min(one, other), pauses), add(hours, since, max(one, other), pauses)
    assert sooner is not None or later is None
    assert sooner is None or later is None or since < sooner <= later


@given(hours_of_any_team, moments, moments, lengths)
def test_who_begins_later_is_not_due_sooner(
    hours: Hours | None, one: datetime, other: datetime, how_long: timedelta
) -> None:
    first, second = add(hours, min(one, other), how_long), add(hours, max(one, other), how_long)
    assert first is None or second is None or first <= second


@given(hours_of_any_team, moments, pauses)
def test_spans_come_in_order_and_do_not_overlap(
    hours: Hours | None, since: datetime, pauses: list[tuple[datetime, datetime]]
) -> None:
    before = since
    for start, end in counted(hours, since, pauses):
        assert before <= start < end
        before = end
