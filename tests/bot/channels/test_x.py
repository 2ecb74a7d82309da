"""The whole way on our fake X: a mention, the one reply, and what becomes of it."""

import asyncio
from datetime import UTC, datetime

import pytest

from bot.channel import Halted, NeverDeliverable, Post, PrivateLine, TryLater, Unknown
from bot.channels.x import X
from handoff.database import Database
from tests.bot.channels.conftest import Record, listening, until
from tests.bot.channels.on_x import PlayMoney, account, offer_to, posts
from tests.peers.fake_x import FakeX

POST = "POST /2/tweets"
TIMELINE = "GET /2/users/:id/tweets"


async def heard(fake: FakeX, x: X, record: Record, text: str = "@northwind_help my parcel is lost") -> Post:
    """Mara mentions us, and we hear it."""
    fake.post("Mara", text)
    async with listening(x, record):
        await until(lambda: record.updates)
    return posts(record.events(x))[-1]


async def test_who_mentions_us_is_answered_once_with_the_link(
    fake_x: FakeX, x: X, record: Record, money: PlayMoney
) -> None:
    post = await heard(fake_x, x, record)
    assert post.summons
    assert (post.author.handle, post.text) == ("mara", "@northwind_help my parcel is lost")
    assert post.url == f"https://x.com/mara/status/{post.id}"
    said = await x.offer(offer_to(post.id))
    [sent] = fake_x.sent
    assert (sent.id, sent.links) == (said, ["https://help.example/h/a-token"])
    assert sent.said == "Sorry to hear that.\nNeed help? Click here: https://help.example/h/a-token"
    assert sent.answers is not None
    assert sent.answers.id == post.id
    assert money.spent == {"user read": 1, "mention": 1, "reply": 1}
    assert await x.find_offer("a-token") == said
    assert await x.send(PrivateLine("line-1", post.author.id, "Hello")) == "line-1"


async def test_a_reply_whose_answer_got_lost_is_found_again(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    post = fake_x.post("Mara", "@northwind_help my parcel is lost")
    fake_x.trouble.drop_after_accepting_post()
    with pytest.raises(Unknown):
        await x.offer(offer_to(post.id))
    [sent] = fake_x.sent
    assert money.spent["reply"] == 1
    assert await x.find_offer("another-token") is None
    assert await x.find_offer("a-token") == sent.id
    assert await x.find_offer("token") is None


async def test_looking_again_for_a_reply_costs_only_what_is_new(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    for number in range(250):
        fake_x.post("Northwind Help", f"Old news {number}", at=datetime(2026, 1, 1, tzinfo=UTC))
    assert await x.find_offer("a-token") is None
    assert (fake_x.posts_read(TIMELINE), money.spent["post read"]) == (250, 250)
    assert await x.find_offer("a-token") is None
    await x.offer(offer_to(fake_x.post("Mara", "@northwind_help hello").id))
    assert await x.find_offer("a-token") == fake_x.sent[-1].id
    assert await x.find_offer("a-token") == fake_x.sent[-1].id
    assert (fake_x.posts_read(TIMELINE), fake_x.count(TIMELINE)) == (251, 5)


@pytest.mark.parametrize("dropped_before", [True, False])
async def test_a_connection_that_ends_leaves_a_doubt(fake_x: FakeX, x: X, dropped_before: bool) -> None:
    post = fake_x.post("Mara", "@northwind_help hello")
    fake_x.trouble.drop("POST", "/2/tweets", before=dropped_before)
    with pytest.raises(Unknown):
        await x.offer(offer_to(post.id))
    assert fake_x.count(POST) == 1
    assert (await x.find_offer("a-token") is None) is dropped_before


async def test_a_page_for_people_in_place_of_an_answer_leaves_a_doubt(fake_x: FakeX, x: X) -> None:
    post = fake_x.post("Mara", "@northwind_help hello")
    fake_x.trouble.html_503("/2/tweets")
    with pytest.raises(Unknown):
        await x.offer(offer_to(post.id))
    fake_x.trouble.next(201, "<html>Created</html>", path="/2/tweets")
    with pytest.raises(Unknown):
        await x.offer(offer_to(post.id))
    fake_x.trouble.next(201, {"data": {}}, path="/2/tweets")
    with pytest.raises(Unknown):
        await x.offer(offer_to(post.id))
    assert not fake_x.sent


async def test_an_x_that_is_not_there_leaves_no_doubt(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    post = fake_x.post("Mara", "@northwind_help hello")
    fake_x.stop()
    with pytest.raises(TryLater):
        await x.offer(offer_to(post.id))
    assert money.spent["reply"] == 0


async def test_who_did_not_summon_us_can_never_be_answered(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    mention = fake_x.post("Mara", "@northwind_help hello")
    stranger = fake_x.post("Noor", "my parcel is lost")
    beside = fake_x.post("Noor", "mine, too", answers=mention)
    for post in (stranger, beside):
        with pytest.raises(NeverDeliverable, match="X: "):
            await x.offer(offer_to(post.id))
    assert money.spent["reply"] == 0
    assert not fake_x.sent


async def test_what_is_gone_or_said_already_is_final(fake_x: FakeX, x: X) -> None:
    gone = fake_x.post("Mara", "@northwind_help hello")
    fake_x.delete(gone)
    with pytest.raises(NeverDeliverable, match="deleted"):
        await x.offer(offer_to(gone.id))
    post = fake_x.post("Noor", "@northwind_help hello")
    await x.offer(offer_to(post.id))
    with pytest.raises(NeverDeliverable, match="duplicate"):
        await x.offer(offer_to(post.id))


async def test_a_limit_is_obeyed_without_asking(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    fake_x.trouble.rate_limit("/2/tweets", 1, 40, method="POST")
    await x.offer(offer_to(fake_x.post("Mara", "@northwind_help hello").id))
    with pytest.raises(TryLater) as later:
        await x.offer(offer_to(fake_x.post("Noor", "@northwind_help hello").id, "another"))
    assert 10 < later.value.seconds <= 41
    assert fake_x.count(POST) == 1
    assert fake_x.limits.impatient == 0
    assert money.spent["reply"] == 1


@pytest.mark.parametrize(("reset_in", "least", "most"), [(25, 5, 27), (-500, 1, 1)])
async def test_a_429_says_when_to_come_back(fake_x: FakeX, x: X, reset_in: int, least: int, most: int) -> None:
    post = fake_x.post("Mara", "@northwind_help hello")
    reset = {"x-rate-limit-reset": str(int(datetime.now(UTC).timestamp()) + reset_in)}
    fake_x.trouble.next(429, {"title": "Too Many Requests"}, reset, "/2/tweets")
    with pytest.raises(TryLater) as later:
        await x.offer(offer_to(post.id))
    assert least <= later.value.seconds <= most


async def test_a_usage_cap_stops_us_until_the_cycle_ends(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    fake_x.trouble.usage_capped()
    with pytest.raises(Halted) as halted:
        await x.offer(offer_to(fake_x.post("Mara", "@northwind_help hello").id))
    assert halted.value.until is not None
    assert halted.value.until > datetime.now(UTC)
    assert money.spent["reply"] == 0


@pytest.mark.parametrize("status", [302, 400, 402, 403, 404, 451])
async def test_a_refusal_that_we_do_not_know_stops_us(fake_x: FakeX, x: X, status: int) -> None:
    post = fake_x.post("Mara", "@northwind_help hello")
    fake_x.trouble.next(status, {"title": "Hm", "detail": "Your account is locked."}, {"Location": "/x"}, "/2/tweets")
    with pytest.raises(Halted, match="Your account is locked"):
        await x.offer(offer_to(post.id))
    assert fake_x.count(POST) == 1


async def test_without_money_nothing_is_said(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    money.is_empty = True
    with pytest.raises(TryLater, match="budget"):
        await x.offer(offer_to(fake_x.post("Mara", "@northwind_help hello").id))
    assert fake_x.count(POST) == 0


async def test_without_the_record_nothing_is_said(fake_x: FakeX) -> None:
    away = Database("postgresql://knock@127.0.0.1:9/knock", pool_size=1)
    async with account(fake_x, away) as x:
        with pytest.raises(TryLater, match="record"):
            await x.offer(offer_to(fake_x.post("Mara", "@northwind_help hello").id))
    await away.close()
    assert fake_x.count(POST) == 0


async def test_a_token_that_ends_in_between_is_no_harm(fake_x: FakeX, x: X) -> None:
    fake_x.expire_access_token()
    await x.offer(offer_to(fake_x.post("Mara", "@northwind_help hello").id))
    assert len(fake_x.sent) == 1


async def test_the_page_knows_our_name_before_anybody_listens(fake_x: FakeX, x: X) -> None:
    assert x.way_in("a-token").code_to is None
    await until(lambda: x.way_in("a-token").code_to == "northwind_help")
    assert fake_x.count("GET /2/users/me") == 1


async def test_visitors_do_not_make_x_busy(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    fake_x.trouble.html_503("/2/users/me", count=100)
    for _ in range(100):
        x.way_in("a-token")
        await asyncio.sleep(0.001)
    await until(lambda: fake_x.count("GET /2/users/me"))
    await x.stop()
    assert fake_x.count("GET /2/users/me") == 1


async def test_who_we_are_costs_nothing_when_x_does_not_say_it(fake_x: FakeX, x: X, money: PlayMoney) -> None:
    fake_x.trouble.html_503("/2/users/me")
    with pytest.raises(TryLater):
        await x.start()
    assert money.spent == {"user read": 0}
    fake_x.trouble.next(200, {"data": {"id": "none"}}, path="/2/users/me")
    with pytest.raises(Halted, match="does not say who we are"):
        await x.start()


async def test_signing_in_can_be_switched_off(fake_x: FakeX, database: Database) -> None:
    async with account(fake_x, database, x_sign_in=False) as x:
        await x.start()
        assert x.way_in("a-token").sign_in is None
    async with account(fake_x, database) as x:
        await x.start()
        assert x.way_in("a-token").sign_in is not None
