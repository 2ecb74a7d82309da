"""What happens to our words when Telegram refuses them, is slow, or does not answer at all."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot
from telegram.request import HTTPXRequest

from bot.channel import ChannelError, NeverDeliverable, PrivateLine, PublicOffer, TryLater, Unknown
from bot.channels.telegram import Telegram
from bot.channels.telegram_sending import Limits, outcome, parts, rows
from tests.peers.fake_telegram import FakeTelegram
from tests.peers.fake_telegram_world import Loss


def line(fake: FakeTelegram, name: str, text: str = "Hello", key: str = "1") -> PrivateLine:
    return PrivateLine(key, str(fake.person(name)["id"]), text)


def offer(fake: FakeTelegram, message: int, group: str = "Acme users") -> PublicOffer:
    chat = fake.group(group).id
    return PublicOffer(f"{chat}:{message}", str(chat), "Sorry to hear that.", "Need help?", "a-token")


async def test_a_chat_that_must_rest_stalls_no_other_and_is_left_alone_until_then(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.press_start("Mara")
    fake.press_start("Noor")
    fake.flood(fake.person("Mara")["id"], 30)
    for _ in range(3):
        with pytest.raises(TryLater) as told:
            await telegram.send(line(fake, "Mara"))
        assert 5 < told.value.seconds <= 31
    await telegram.send(line(fake, "Noor"))
    assert fake.impatient == 1
    assert [sent.chat for sent in fake.sent] == [fake.person("Noor")["id"]]


async def test_who_blocked_us_does_not_want_to_hear_from_us(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.press_start("Mara")
    fake.block("Mara")
    with pytest.raises(NeverDeliverable) as told:
        await telegram.send(line(fake, "Mara"))
    assert told.value.blocked


async def test_who_never_pressed_start_is_not_written_to(fake: FakeTelegram, telegram: Telegram) -> None:
    with pytest.raises(NeverDeliverable) as told:
        await telegram.send(line(fake, "Mara"))
    assert not told.value.blocked


@pytest.mark.parametrize("to", ["-1000000000001", "@acmeusers", "", "0"])
async def test_a_private_line_never_goes_to_a_group(fake: FakeTelegram, telegram: Telegram, to: str) -> None:
    fake.say("Acme users", "Mara", "acme is down")
    with pytest.raises(NeverDeliverable):
        await telegram.send(PrivateLine("1", to, "Your order number is 17."))
    assert fake.sent == []


async def test_a_post_that_is_gone_gets_no_offer(fake: FakeTelegram, telegram: Telegram) -> None:
    number = fake.say("Acme users", "Mara", "acme is down")
    fake.delete("Acme users", number)
    with pytest.raises(NeverDeliverable):
        await telegram.offer(offer(fake, number))
    assert fake.sent == []


async def test_a_group_that_moved_gets_no_offer_for_its_numbers_mean_other_posts(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.group("Friends", "group")
    number = fake.say("Friends", "Mara", "acme is down")
    to_mara = offer(fake, number, "Friends")
    fake.migrate("Friends")
    assert fake.say("Friends", "Noor", "hello everybody") == number
    with pytest.raises(NeverDeliverable):
        await telegram.offer(to_mara)
    assert fake.sent == []


async def test_a_group_that_took_us_out_gets_no_offer(fake: FakeTelegram, telegram: Telegram) -> None:
    number = fake.say("Acme users", "Mara", "acme is down")
    fake.remove("Acme users")
    with pytest.raises(NeverDeliverable) as told:
        await telegram.offer(offer(fake, number))
    assert not told.value.blocked


async def test_a_guest_is_answered_only_once(fake: FakeTelegram, telegram: Telegram) -> None:
    query = fake.summon("Mara", "@acme_help_bot help")
    ask = PublicOffer("-1:1", "-1", "Sorry to hear that.", "Need help?", "a-token", query)
    await telegram.offer(ask)
    with pytest.raises(NeverDeliverable):
        await telegram.offer(ask)
    assert len(fake.sent) == 1


@pytest.mark.parametrize("how", ["drop", "html", "error"])
async def test_an_answer_that_got_lost_leaves_us_in_doubt(fake: FakeTelegram, telegram: Telegram, how: Loss) -> None:
    number = fake.say("Acme users", "Mara", "acme is down")
    fake.lose_answer(how)
    with pytest.raises(Unknown):
        await telegram.offer(offer(fake, number))
    assert len(fake.sent) == 1


async def test_a_telegram_that_cannot_be_reached_was_told_nothing(fake: FakeTelegram, telegram: Telegram) -> None:
    number = fake.say("Acme users", "Mara", "acme is down")
    fake.stop()
    with pytest.raises(TryLater):
        await telegram.offer(offer(fake, number))
    with pytest.raises(TryLater):
        await telegram.send(line(fake, "Mara"))
    fake.start()
    await telegram.offer(offer(fake, number))
    assert len(fake.sent) == 1


async def test_a_token_that_is_not_accepted_is_a_matter_of_time(fake: FakeTelegram) -> None:
    telegram = Telegram("1:wrong", fake.url)
    with pytest.raises(TryLater):
        await telegram.start()
    with pytest.raises(TryLater):
        await telegram.send(line(fake, "Mara"))
    await telegram.stop()


@pytest.mark.parametrize(
    ("trouble", "means"),
    [
        (httpx.ConnectError("refused"), TryLater),
        (httpx.ConnectTimeout("slow"), TryLater),
        (httpx.PoolTimeout("busy"), TryLater),
        (httpx.ProxyError("no way through"), TryLater),
        (httpx.WriteError("half written"), Unknown),
        (httpx.WriteTimeout("half written"), Unknown),
        (httpx.ReadError("reset"), Unknown),
        (httpx.ReadTimeout("slow"), Unknown),
        (httpx.RemoteProtocolError("cut off"), Unknown),
        (httpx.Response(200, json={"ok": True}), Unknown),
        (httpx.Response(200, json={"ok": True, "result": {"moon": "full"}}), Unknown),
        (httpx.Response(200, content=b"\xff\x00"), Unknown),
        (httpx.Response(200, json=[]), Unknown),
        (httpx.Response(502, html="<h1>Bad gateway</h1>"), Unknown),
        (httpx.Response(503, json={"ok": False, "description": "busy"}), Unknown),
        (httpx.Response(429, json={"ok": False, "parameters": {"retry_after": 7}}), TryLater),
        (httpx.Response(401, json={"ok": False}), TryLater),
        (httpx.Response(400, json={"ok": False, "description": "Bad Request: chat not found"}), NeverDeliverable),
        (httpx.Response(403, json={"ok": False, "description": "Forbidden: user is deactivated"}), NeverDeliverable),
        (httpx.Response(400, json={"ok": False, "parameters": {"migrate_to_chat_id": -5}}), NeverDeliverable),
    ],
    ids=repr,
)
async def test_only_what_surely_had_no_effect_may_be_tried_again(
    trouble: httpx.Response | httpx.HTTPError, means: type[ChannelError]
) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        if isinstance(trouble, httpx.Response):
            return trouble
        raise trouble

    transport = HTTPXRequest(httpx_kwargs={"transport": httpx.MockTransport(answer)})
    with pytest.raises(Exception) as told:  # noqa: PT011, whatever the library makes of it
        await Bot("1:x", request=transport).send_message(5, "Hello")
    assert type(outcome(told.value)) is means
    await transport.shutdown()


async def test_a_long_line_comes_in_several_messages_and_its_buttons_with_the_last(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.press_start("Mara")
    text = "\n".join(f"line {number}: {'🙂' * 20}" for number in range(300))
    await telegram.send(PrivateLine("1", str(fake.person("Mara")["id"]), text, ("Yes",)))
    assert "\n".join(sent.text for sent in fake.sent) == text
    assert [sent.buttons for sent in fake.sent] == [(), (), (), ("Yes",)]


async def test_a_second_try_of_a_long_line_begins_where_the_first_one_ended(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.press_start("Mara")
    long = line(fake, "Mara", " ".join(["a" * 4000, "b" * 4000, "c" * 4000]))
    fake.lose_answer(after=1)
    with pytest.raises(Unknown):
        await telegram.send(long)
    await telegram.send(long)
    assert [sent.text[0] for sent in fake.sent] == ["a", "b", "b", "c"]


async def test_a_line_without_buttons_takes_away_those_of_the_line_before(
    fake: FakeTelegram, telegram: Telegram
) -> None:
    fake.press_start("Mara")
    await telegram.send(line(fake, "Mara", "*not bold* <b>not bold</b>"))
    assert fake.sent[0].text == "*not bold* <b>not bold</b>"
    assert fake.asked[-1]["reply_markup"] == '{"remove_keyboard": true}'
    assert "parse_mode" not in fake.asked[-1]


async def test_an_empty_line_is_not_sent(fake: FakeTelegram, telegram: Telegram) -> None:
    fake.press_start("Mara")
    with pytest.raises(NeverDeliverable):
        await telegram.send(line(fake, "Mara", " \n "))
    assert "sendMessage" not in fake.calls


@given(st.text(st.sampled_from("ab \n🙂é")), st.integers(2, 12))
def test_the_pieces_of_a_text_fit_and_lose_no_word(text: str, most: int) -> None:
    pieces = parts(text, most)
    assert all(len(piece.encode("utf-16-le")) <= 2 * most for piece in pieces)
    assert all(piece.strip() for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_text_is_cut_between_lines_or_else_between_words() -> None:
    assert parts("one two\nthree four", 12) == ["one two", "three four"]
    assert parts("one two three", 8) == ["one two", "three"]
    assert parts("onetwothree", 8) == ["onetwoth", "ree"]


def test_quick_answers_come_two_in_a_row() -> None:
    assert rows(["one", "two", "three"]) == [["one", "two"], ["three"]]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(("chat", "most", "period"), [(5, 5, 5.0), (-5, 20, 60.0)], ids=["private", "group"])
def test_we_say_no_more_than_telegram_allows_in_a_chat(chat: int, most: int, period: float) -> None:
    clock = Clock()
    limits = Limits(clock)
    for _ in range(most):
        limits.admit(chat)
    with pytest.raises(TryLater) as told:
        limits.admit(chat)
    assert told.value.seconds == period
    clock.now += period
    limits.admit(chat)


def test_we_say_no_more_than_telegram_allows_in_all() -> None:
    clock = Clock()
    limits = Limits(clock)
    for chat in range(1, 31):
        limits.admit(chat)
    with pytest.raises(TryLater):
        limits.admit(31)
    with pytest.raises(TryLater):
        limits.admit(None)
    clock.now += 1
    limits.admit(31)


def test_the_limits_of_very_many_chats_need_little_room() -> None:
    clock = Clock()
    limits = Limits(clock)
    for chat in range(1, 30_000):
        clock.now += 0.1
        limits.admit(chat)
    assert len(vars(limits)["_said"]) < 10_100
