"""Mentions of X are read each once, from where we stopped, whatever goes wrong on the way."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.channel import Edited, Halted, Post
from bot.channels.x import X
from handoff.database import Database
from tests.bot.channels.conftest import Record, listening, until
from tests.bot.channels.on_x import PlayMoney, account, posts
from tests.peers.fake_x import FakeX

MENTIONS = "GET /2/users/:id/mentions"
SEARCH = "GET /2/tweets/search/recent"


def mentions(fake: FakeX, count: int, first: int = 0) -> None:
    """So many people mention us."""
    for number in range(first, first + count):
        fake.post(f"Person {number % 400}", f"@northwind_help problem {number}")


def texts(x: X, record: Record) -> list[str]:
    return [post.text for post in posts(record.events(x))]


async def read_all(fake: FakeX, x: X, record: Record, count: int, seconds: float = 60) -> None:
    async with listening(x, record):
        await until(lambda: len(record.updates) >= count, seconds)
        looks = fake.count(MENTIONS)
        await until(lambda: fake.count(MENTIONS) > looks)


async def test_mentions_that_come_while_we_are_away_are_read_once_and_in_order(
    fake_x: FakeX, database: Database, record: Record
) -> None:
    mentions(fake_x, 3)
    async with account(fake_x, database) as x:
        await read_all(fake_x, x, record, 3)
    mentions(fake_x, 130, first=3)
    async with account(fake_x, database) as x:
        await read_all(fake_x, x, record, 133)
        assert texts(x, record) == [f"@northwind_help problem {n}" for n in range(133)]


async def test_a_first_start_begins_a_day_back(fake_x: FakeX, x: X, record: Record) -> None:
    now = datetime.now(UTC)
    fake_x.post("Mara", "@northwind_help long ago", at=now - timedelta(hours=25))
    fake_x.post("Noor", "@northwind_help yesterday", at=now - timedelta(hours=23))
    await read_all(fake_x, x, record, 1)
    assert texts(x, record) == ["@northwind_help yesterday"]


async def test_what_lies_behind_the_window_of_the_timeline_is_searched_for(
    fake_x: FakeX, database: Database, record: Record
) -> None:
    mentions(fake_x, 1)
    async with account(fake_x, database) as x:
        await read_all(fake_x, x, record, 1)
    mentions(fake_x, 1000, first=1)
    async with account(fake_x, database) as x:
        await read_all(fake_x, x, record, 1001, 60)
        assert texts(x, record) == [f"@northwind_help problem {n}" for n in range(1001)]
    assert fake_x.count(SEARCH) >= 2


async def test_what_we_have_is_kept_when_what_is_behind_the_window_does_not_come(
    fake_x: FakeX, x: X, record: Record
) -> None:
    mentions(fake_x, 810)
    fake_x.trouble.next(403, {"title": "Forbidden", "detail": "Not in your plan"}, path=SEARCH.split()[1])
    with pytest.raises(Halted, match="Not in your plan"):
        await x.listen(record.take)
    assert len(record.updates) == 800
    await read_all(fake_x, x, record, 810)


async def test_an_account_that_x_does_not_show_halts_us(fake_x: FakeX, x: X, record: Record) -> None:
    fake_x.trouble.next(200, {"errors": [{"title": "Not Found Error", "detail": "x"}]}, path=MENTIONS.split()[1])
    with pytest.raises(Halted, match="Not Found Error"):
        await x.listen(record.take)


async def test_the_same_mention_comes_twice_and_is_kept_once(fake_x: FakeX, x: X, record: Record) -> None:
    mentions(fake_x, 2)
    async with listening(x, record):
        await until(lambda: len(record.updates) == 2)
        looks = fake_x.count(MENTIONS)
        await until(lambda: fake_x.count(MENTIONS) > looks + 3)
    assert len(record.updates) == 2


async def test_nothing_is_passed_over_when_it_cannot_be_written_down(
    fake_x: FakeX, database: Database, record: Record
) -> None:
    record.out_of_order = True
    mentions(fake_x, 2)
    async with account(fake_x, database) as x, listening(x, record):
        await until(lambda: record.batches)
    record.out_of_order = False
    async with account(fake_x, database) as x:
        await read_all(fake_x, x, record, 2)
        assert len(texts(x, record)) == 2


async def test_an_edited_mention_is_told_as_one(fake_x: FakeX, x: X, record: Record) -> None:
    async with listening(x, record):
        first = fake_x.post("Mara", "@northwind_help my parcle is lost")
        await until(lambda: record.updates)
        fake_x.edit(first, "@northwind_help my parcel is lost")
        await until(lambda: len(record.updates) == 2)
    post, again, edited = record.events(x)
    assert isinstance(post, Post)
    assert isinstance(again, Post)
    assert isinstance(edited, Edited)
    assert post.id == again.id == edited.id == first.id
    assert edited.text == "@northwind_help my parcel is lost"


@pytest.mark.parametrize("naming", ["tweet", "post"])
@pytest.mark.parametrize("odd", [False, True])
async def test_both_namings_and_odd_times_are_read(fake_x: FakeX, x: X, record: Record, naming: str, odd: bool) -> None:
    fake_x.naming = "post" if naming == "post" else "tweet"
    fake_x.trouble.odd_timestamps = odd
    ours = fake_x.post("Northwind Help", "We ship again.")
    posted = fake_x.post("Mara", "@northwind_help & my <parcel>? https://a.example/?a=1&b=2", quotes=ours)
    await read_all(fake_x, x, record, 1)
    [post] = posts(record.events(x))
    assert (post.id, post.author.handle, post.place, post.summons) == (posted.id, "mara", posted.id, True)
    assert post.text.startswith("@northwind_help & my <parcel>? https://a.example/?a=1&b=2")
    assert abs(post.at - posted.created_at) < timedelta(seconds=1)


async def test_a_page_for_people_in_place_of_an_answer_is_waited_out(
    fake_x: FakeX, x: X, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    await x.start()
    fake_x.trouble.html_503(MENTIONS.split()[1])
    mentions(fake_x, 1)
    async with listening(x, record):
        await until(lambda: "Again in 10 s" in caplog.text)
    assert "X answered 503" in caplog.text


async def test_x_is_not_asked_before_it_wants_to_be(
    fake_x: FakeX, x: X, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    fake_x.trouble.rate_limit("/2/users/:id/mentions", 2, 12)
    async with listening(x, record):
        await until(lambda: "Again in" in caplog.text)
        mentions(fake_x, 1)
        await until(lambda: record.updates)
    assert fake_x.limits.impatient == 0


async def test_a_429_is_waited_out_as_long_as_x_says(
    fake_x: FakeX, x: X, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    await x.start()
    reset = {"x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + 1), "x-rate-limit-remaining": "0"}
    fake_x.trouble.next(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, reset, count=1)
    mentions(fake_x, 1)
    await read_all(fake_x, x, record, 1)
    assert "X was asked too often" in caplog.text


async def test_without_money_nothing_is_asked(
    fake_x: FakeX, x: X, record: Record, money: PlayMoney, caplog: pytest.LogCaptureFixture
) -> None:
    await x.start()
    money.is_empty = True
    mentions(fake_x, 1)
    async with listening(x, record):
        await until(lambda: "budget is used up" in caplog.text)
    assert fake_x.count(MENTIONS) == 0


async def test_a_usage_cap_halts_us_until_the_cycle_ends(fake_x: FakeX, x: X, record: Record) -> None:
    fake_x.trouble.usage_capped()
    with pytest.raises(Halted, match="until the cycle ends") as halted:
        await x.listen(record.take)
    assert halted.value.until is not None
    assert halted.value.until.day == 1


async def test_what_x_asks_for_is_paid_and_what_did_not_come_is_given_back(
    fake_x: FakeX, x: X, record: Record, money: PlayMoney
) -> None:
    mentions(fake_x, 3)
    await read_all(fake_x, x, record, 3)
    assert 3 <= money.spent["mention"] <= 6
