"""The whole way on our fake X: a mention, the one reply, and what becomes of it."""

import pytest

from bot.channel import Post, PrivateLine, Unknown
from bot.channels.x import X
from tests.bot.channels.conftest import Record, listening, until
from tests.bot.channels.on_x import PlayMoney, offer_to, posts
from tests.peers.fake_x import FakeX


async def mention(fake: FakeX, x: X, record: Record, text: str = "@northwind_help my parcel is lost") -> Post:
    """Mara mentions us, and we hear it."""
    fake.post("Mara", text)
    async with listening(x, record):
        await until(lambda: record.updates)
    return posts(record.events(x))[-1]


async def test_who_mentions_us_is_answered_once_with_the_link(
    fake_x: FakeX, x: X, record: Record, money: PlayMoney
) -> None:
    post = await mention(fake_x, x, record)
    assert post.summons
    assert (post.author.handle, post.text) == ("mara", "@northwind_help my parcel is lost")
    assert post.url == f"https://x.com/mara/status/{post.id}"
    said = await x.offer(offer_to(post))
    [sent] = fake_x.sent
    assert (sent.id, sent.links) == (said, ["https://help.example/h/a-token"])
    assert sent.said == "Sorry to hear that.\nNeed help? Click here: https://help.example/h/a-token"
    assert sent.answers is not None
    assert sent.answers.id == post.id
    assert money.spent == {"user read": 1, "mention": 1, "reply": 1}
    assert await x.find_offer("a-token") == said
    assert await x.send(PrivateLine("line-1", post.author.id, "Hello")) == "line-1"


async def test_a_reply_whose_answer_got_lost_is_found_again(fake_x: FakeX, x: X, record: Record) -> None:
    post = await mention(fake_x, x, record)
    fake_x.trouble.drop_after_accepting_post()
    with pytest.raises(Unknown):
        await x.offer(offer_to(post))
    [sent] = fake_x.sent
    assert await x.find_offer("another-token") is None
    assert await x.find_offer("a-token") == sent.id
