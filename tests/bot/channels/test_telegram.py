"""The whole way on our fake Telegram: a post, the offer, Start, and a talk in private."""

from bot.channel import Blocked, Click, Edited, Post, PrivateLine, PrivateMessage, PublicOffer
from bot.channels.telegram import Telegram
from tests.bot.channels.conftest import Record, listening, until
from tests.peers.fake_telegram import FakeTelegram


def offer_to(post: Post, token: str = "a-token") -> PublicOffer:
    return PublicOffer(post.id, post.place, "Sorry to hear that.", "Need help? Click here", token, post.guest_query)


async def test_a_post_is_offered_help_and_its_author_comes_to_talk(
    fake: FakeTelegram, telegram: Telegram, record: Record
) -> None:
    async with listening(telegram, record):
        number = fake.say("Acme users", "Mara", "my acme order never arrived")
        await until(lambda: record.updates)
        [post] = record.events(telegram)
        assert isinstance(post, Post)
        await telegram.offer(offer_to(post))

        [offer] = fake.sent
        assert (offer.chat, offer.reply_to) == (fake.group("Acme users").id, number)
        assert (offer.text, offer.buttons) == ("Sorry to hear that.", ("Need help? Click here",))
        assert offer.link == "https://t.me/acme_help_bot?start=a-token" == telegram.link("a-token")

        fake.follow("Mara", offer.link)
        await until(lambda: len(record.updates) == 2)
        click = record.events(telegram)[-1]
        assert isinstance(click, Click)
        assert (click.author.id, click.token) == (post.author.id, "a-token")

        await telegram.send(PrivateLine("1", click.author.id, "Is it about order 17?", ("Yes", "No")))
        assert (fake.sent[-1].chat, fake.sent[-1].buttons) == (int(click.author.id), ("Yes", "No"))
        fake.write("Mara", "Yes")
        await until(lambda: len(record.updates) == 3)
        answer = record.events(telegram)[-1]
        assert isinstance(answer, PrivateMessage)
        assert answer.text == "Yes"


async def test_help_is_offered_where_the_bot_is_no_member_but_was_called(
    fake: FakeTelegram, telegram: Telegram, record: Record
) -> None:
    async with listening(telegram, record):
        fake.summon("Mara", "@acme_help_bot my parcel is lost")
        await until(lambda: record.updates)
        [post] = record.events(telegram)
        assert isinstance(post, Post)
        said = await telegram.offer(offer_to(post))
        [offer] = fake.sent
        assert (offer.message_id, offer.guest_query) == (said, post.guest_query)
        assert offer.link == telegram.link("a-token")


async def test_an_edited_post_and_a_block_are_told(fake: FakeTelegram, telegram: Telegram, record: Record) -> None:
    async with listening(telegram, record):
        number = fake.say("Acme users", "Mara", "acme is down")
        fake.edit("Acme users", number, "acme is up again")
        fake.block("Mara")
        await until(lambda: len(record.updates) == 3)
        post, edited, blocked = record.events(telegram)
        assert isinstance(edited, Edited)
        assert (edited.id, edited.text) == (post.id, "acme is up again")
        assert isinstance(blocked, Blocked)
        assert blocked.author.id == edited.author.id


async def test_an_offer_goes_to_the_topic_of_its_post(fake: FakeTelegram, telegram: Telegram, record: Record) -> None:
    async with listening(telegram, record):
        fake.say("Acme forum", "Mara", "acme is down", message_thread_id=7, is_topic_message=True)
        await until(lambda: record.updates)
        [post] = record.events(telegram)
        assert isinstance(post, Post)
        await telegram.offer(offer_to(post))
        assert fake.sent[0].topic == 7
