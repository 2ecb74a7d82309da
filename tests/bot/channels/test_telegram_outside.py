"""The same way on a Telegram that nobody here wrote, so that our fake does not only confirm our own mistakes."""

from collections.abc import Iterator

import pytest

from bot.channel import Click, Post, PrivateLine, PrivateMessage, PublicOffer
from bot.channels.telegram import Telegram
from tests.bot.channels.conftest import Record, listening, until
from tests.peers.outside_telegram import OutsideTelegram

GROUP, MARA = -1_000_000_000_042, 77


@pytest.fixture(scope="module")
def outside() -> Iterator[OutsideTelegram]:
    with OutsideTelegram() as outside:
        yield outside


async def test_the_way_from_a_post_to_a_private_talk_works_on_an_outside_telegram(
    outside: OutsideTelegram, record: Record
) -> None:
    telegram = Telegram(outside.token, outside.url)
    async with listening(telegram, record):
        outside.say(GROUP, MARA, "Mara", "my acme order never arrived")
        await until(lambda: record.updates)
        [post] = record.events(telegram)
        assert isinstance(post, Post)
        assert (post.author.id, post.author.handle, post.place) == (str(MARA), "mara", str(GROUP))

        await telegram.offer(PublicOffer(post.id, post.place, "Sorry to hear that.", "Need help?", "a-token"))
        [offer] = outside.sent(GROUP)
        [[button]] = offer["reply_markup"]["inline_keyboard"]
        assert button == {"text": "Need help?", "url": f"https://t.me/{outside.username}?start=a-token"}

        outside.write(MARA, "Mara", "/start a-token")
        await until(lambda: len(record.updates) == 2)
        click = record.events(telegram)[-1]
        assert isinstance(click, Click)
        assert (click.author.id, click.token) == (post.author.id, "a-token")

        await telegram.send(PrivateLine("1", click.author.id, "Is it about order 17?", ("Yes", "No")))
        [line] = outside.sent(MARA)
        assert [[button["text"] for button in row] for row in line["reply_markup"]["keyboard"]] == [["Yes", "No"]]
        outside.write(MARA, "Mara", "Yes")
        await until(lambda: len(record.updates) == 3)
        answer = record.events(telegram)[-1]
        assert isinstance(answer, PrivateMessage)
        assert (answer.text, answer.author.id) == ("Yes", str(MARA))
    await telegram.stop()
