"""/admin/clocks: an admin says how soon, and in which hours; what cannot be read is said beside the field."""

import re
from datetime import date
from zoneinfo import ZoneInfo

import httpx
import pytest

from handoff import targets
from handoff.deeds import Sought, found
from handoff.hours import Hours
from handoff.targets import Rules
from handoff.web.timetable import DAYS, Mistake, read_day, read_length, said_hours, said_length
from tests.browser import Browse, axe
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk

SIZES = {"wide": {"width": 1440, "height": 900}, "narrow": {"width": 390, "height": 844}}

BERLIN = said_hours(Hours(ZoneInfo("Europe/Berlin"), (((540, 750), (810, 1020)),) * 5 + ((), ())))


async def rules(inbox: Inbox) -> Rules:
    async with inbox.database.reading() as session:
        return await targets.rules(session)


def written(page: str) -> dict[str, str]:
    """The fields of the targets' form, as a browser would send them."""
    fields = dict(re.findall(r'name="((?:first_reply|next_reply|close)_[a-z]+|version)" value="([^"]*)"', page))
    return fields | dict.fromkeys(re.findall(r'name="(\w+_hours)" checked', page), "on")


async def change(who: httpx.AsyncClient, fields: dict[str, str], **others: str) -> httpx.Response:
    version = written((await who.get("/admin/clocks")).text)["version"]
    return await who.post("/admin/clocks", data={"version": version, **fields, **others})


async def test_hours_with_a_break_a_holiday_and_a_zone(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    answer = await change(ana, BERLIN, holidays="2026-12-25\n2026-12-24\n")
    assert answer.status_code == 303
    hours = (await rules(inbox)).hours
    assert hours.zone.key == "Europe/Berlin"
    assert hours.week[0] == ((540, 750), (810, 1020))
    assert hours.holidays == {date(2026, 12, 24), date(2026, 12, 25)}
    page = (await ana.get("/admin/clocks")).text
    assert "09:00-12:30, 13:30-17:00" in page
    assert "in Europe/Berlin" in page


async def test_targets_are_changed_and_switched_off(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    fields = written((await ana.get("/admin/clocks")).text)
    fields |= {"first_reply_urgent": "15 min", "close_low": "", "next_reply_high": "1 h 30 min"}
    del fields["first_reply_urgent_hours"]
    assert (await ana.post("/admin/clocks", data=fields)).status_code == 303
    now = (await rules(inbox)).targets
    assert (now["urgent", "first_reply"].minutes, now["urgent", "first_reply"].in_hours) == (15, False)
    assert (now["high", "next_reply"].minutes, now["high", "next_reply"].in_hours) == (90, True)
    assert now["low", "close"].minutes is None
    assert now["low", "first_reply"].minutes == 480, "what nobody touched stays"
    shown = written((await ana.get("/admin/clocks")).text)
    assert shown == fields | {"version": shown["version"]}
    assert "first_reply_urgent_hours" not in shown


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("zone", "Mars/Olympus", "There is no such time zone."),
        ("zone", "../../etc/passwd", "There is no such time zone."),
        ("day_0", "17:00-9:00", "Monday: 17:00-09:00 ends before it begins. For a night write 22:00-24:00"),
        ("day_1", "9:00-13:00, 12:00-17:00", "Tuesday: two intervals overlap at 12:00."),
        ("day_2", "nine to five", "Wednesday: “nine to five” are no hours."),
        ("day_3", "9:00-25:00", "Thursday: a day goes from 0:00 to 24:00."),
        ("day_3", "9:70-10:00", "Thursday: a day goes from 0:00 to 24:00."),
        ("holidays", "2026-02-30", "“2026-02-30” is no date."),
        ("holidays", "Christmas", "“Christmas” is no date."),
    ],
)
async def test_hours_that_cannot_be_read_are_kept_with_the_reason(
    inbox: Inbox, ana: httpx.AsyncClient, field: str, text: str, sentence: str
) -> None:
    before = await rules(inbox)
    answer = await change(ana, BERLIN, **{field: text})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'aria-describedby="wrong-{field}"' in answer.text
    assert text in answer.text
    assert "Europe/Berlin" in answer.text or field == "zone", "what was right stays too"
    assert (await rules(inbox)).version == before.version


@pytest.mark.parametrize("text", ["soon", "-5", "0 min", "9999 days", "<b>"])
async def test_a_target_that_is_no_length_of_time_is_refused(inbox: Inbox, ana: httpx.AsyncClient, text: str) -> None:
    fields = written((await ana.get("/admin/clocks")).text)
    answer = await ana.post("/admin/clocks", data=fields | {"close_high": text, "close_low": "3 days"})
    assert answer.status_code == 422
    assert "Close, high: " in answer.text
    assert 'name="close_low" value="3 days"' in answer.text
    assert "<b>" not in answer.text.replace("<b>0", "")
    assert (await rules(inbox)).targets["low", "close"].minutes == 2880


HUGE = {"zone": "UTC", "version": "9" * 5000}


@pytest.mark.parametrize("fields", [{}, {"zone": "UTC"}, {"close_high": "soon"}, {"zone": "", "version": "x"}, HUGE])
async def test_half_a_form_changes_nothing(inbox: Inbox, ana: httpx.AsyncClient, fields: dict[str, str]) -> None:
    assert (await ana.post("/admin/clocks", data=fields)).status_code in (409, 422)
    assert (await rules(inbox)).version == 1


async def test_two_admins_at_once_do_not_overwrite_each_other(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    fields = written((await ana.get("/admin/clocks")).text)
    await change(ana, BERLIN)
    answer = await ana.post("/admin/clocks", data=fields)
    assert answer.status_code == 409
    assert "Somebody else changed this meanwhile." in answer.text


async def test_hours_in_which_nobody_ever_works_are_allowed_and_said(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await change(ana, dict.fromkeys(BERLIN, "") | {"zone": "UTC"})
    assert (await rules(inbox)).hours.are_none
    assert "a target in working hours never runs" in (await ana.get("/admin/clocks")).text


async def test_a_change_is_in_the_audit_log(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await change(ana, BERLIN)
    async with inbox.database.reading() as session:
        deeds = await found(session, Sought(what="change clocks"))
    assert [(deed.agent_id, deed.about) for deed in deeds] == [(inbox.people["Ana"].id, "hours")]


def test_a_night_is_written_as_two_intervals() -> None:
    assert read_day(DAYS[0], "22:00-24:00, 0-2") == ((0, 120), (1320, 1440))
    assert read_day(DAYS[0], " ") == ()
    assert read_day(DAYS[0], "9-12,12-17") == ((540, 720), (720, 1020)), "one may begin where another ends"


@pytest.mark.parametrize(("minutes", "text"), [(30, "30 min"), (90, "1 h 30 min"), (240, "4 h"), (2880, "2 days")])
def test_a_length_of_time_is_read_as_it_is_written(minutes: int, text: str) -> None:
    assert said_length(minutes) == text
    assert read_length(text) == minutes
    assert read_length(said_length(1440)) == 1440
    assert read_length("") is None
    with pytest.raises(Mistake):
        read_length("later")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_page_is_accessible_also_when_something_is_wrong(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: str
) -> None:
    page = await desk(inbox, url, browse, "/admin/clocks", ANA, color_scheme=scheme, viewport=SIZES[size])
    await axe(page)
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_label("Monday").fill("17:00-9:00")
    await page.get_by_role("button", name="Save the hours").click()
    await page.get_by_text("ends before it begins").wait_for()
    await axe(page)
