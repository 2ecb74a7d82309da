"""What the updates of Telegram tell us, from their JSON alone."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channel import Blocked, Click, Edited, Event, Post, PrivateMessage, Unreadable
from bot.channels.telegram_reading import read

MARA = {"id": 5, "is_bot": False, "first_name": "Mara", "last_name": "Roe", "username": "mara"}
NOOR = {"id": 6, "is_bot": False, "first_name": "Noor"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Acme users"}
NEWS = {"id": -1009, "type": "channel", "title": "News"}
PRIVATE = {"id": 5, "type": "private", "first_name": "Mara"}


def message(chat: Any = GROUP, sender: Any = MARA, number: int = 11, **more: Any) -> dict[str, Any]:
    return {"message_id": number, "date": 1_700_000_000, "chat": chat, "from": sender, **more}


def events(kind: str = "message", **more: Any) -> list[Event]:
    return list(read({"update_id": 1, kind: message(**more)}, "acme_help_bot"))


def only(kind: str = "message", **more: Any) -> Any:
    [event] = events(kind, **more)
    return event


def test_a_message_in_a_group_is_a_post_with_its_author_place_and_address() -> None:
    post = only(text="acme is down", sender=MARA | {"language_code": "es"})
    assert isinstance(post, Post)
    assert (post.id, post.place, post.url) == ("-1001234567890:11", "-1001234567890", "https://t.me/c/1234567890/11")
    author = post.author
    assert (author.id, author.handle, author.name, author.language) == ("5", "mara", "Mara Roe", "es")
    assert post.at.isoformat() == "2023-11-14T22:13:20+00:00"


def test_a_post_in_a_public_group_has_a_public_address_and_in_a_small_group_none() -> None:
    assert only(chat=GROUP | {"username": "acmeusers"}, text="hi").url == "https://t.me/acmeusers/11"
    assert only(chat={"id": -7, "type": "group", "title": "Friends"}, text="hi").url is None


def test_a_post_in_a_topic_belongs_to_the_topic_and_answers_nobody() -> None:
    opening = message(number=7, forum_topic_created={"name": "Help", "icon_color": 1})
    post = only(text="hi", message_thread_id=7, is_topic_message=True, reply_to_message=opening)
    assert (post.place, post.in_reply_to) == ("-1001234567890/7", None)
    assert post.url == "https://t.me/c/1234567890/7/11"


def test_a_reply_outside_a_forum_belongs_to_no_topic() -> None:
    assert only(text="hi", message_thread_id=7).place == "-1001234567890"


def test_what_the_same_person_said_before_comes_first_and_what_a_stranger_said_does_not_come() -> None:
    own, strangers = message(number=9, text="acme is down"), message(number=9, sender=NOOR, text="buy gold")
    first, second = events(text="still down", reply_to_message=own)
    assert [first.id, second.id] == ["-1001234567890:9", "-1001234567890:11"]
    post = only(text="not helpful", reply_to_message=strangers)
    assert (post.text, post.in_reply_to) == ("not helpful", "-1001234567890:9")


@pytest.mark.parametrize(
    "more",
    [
        {"sender": {"id": 1, "is_bot": True, "first_name": "Other bot"}},
        {"sender": {"id": 1087968824, "is_bot": True, "first_name": "Group"}, "sender_chat": GROUP},
        {"sender": {"id": 777000, "first_name": "Telegram"}, "sender_chat": NEWS},
    ],
    ids=["another bot", "an anonymous admin", "a channel"],
)
def test_who_speaks_for_no_person_counts_as_a_bot(more: dict[str, Any]) -> None:
    assert only(text="acme is down", **more).author.is_bot


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"photo": [{}], "caption": "my screen"}, "my screen\n[photo]"),
        ({"sticker": {"emoji": "😡"}}, "[sticker]"),
        ({"voice": {}}, "[voice message]"),
        ({"animation": {}, "document": {}}, "[animation]"),
        ({"venue": {}, "location": {}}, "[venue]"),
        ({"text": "acme is down", "forward_origin": {"type": "user"}}, "acme is down\n[forwarded]"),
    ],
)
def test_what_is_not_words_is_named_so_that_nothing_is_lost(more: dict[str, Any], text: str) -> None:
    assert only(**more).text == text
    assert only(chat=PRIVATE, **more).text == text


@pytest.mark.parametrize("more", [{"new_chat_members": [MARA]}, {"migrate_to_chat_id": -1009}, {"pinned_message": {}}])
def test_what_a_group_tells_of_itself_is_no_post(more: dict[str, Any]) -> None:
    assert events(**more) == []
    assert events(chat=PRIVATE, **more) == []


def test_start_with_a_token_is_a_click_by_whoever_pressed_it() -> None:
    click = only(chat=PRIVATE, text="/start a-token_1")
    assert isinstance(click, Click)
    assert (click.id, click.author.id, click.token) == ("5:11", "5", "a-token_1")


@pytest.mark.parametrize("text", ["/start", "/start@Acme_Help_Bot", "/START "])
def test_start_without_a_token_is_somebody_who_came_alone(text: str) -> None:
    click = only(chat=PRIVATE, text=text)
    assert isinstance(click, Click)
    assert click.token is None


@pytest.mark.parametrize(
    ("text", "read_as"),
    [("/stop", "stop"), ("/stop@acme_help_bot", "stop"), ("/help me please", "help me please"), ("/ no", "/ no")],
)
def test_a_command_in_private_is_its_words(text: str, read_as: str) -> None:
    line = only(chat=PRIVATE, text=text)
    assert isinstance(line, PrivateMessage)
    assert line.text == read_as


def test_a_command_in_a_group_is_a_post_unless_it_is_for_another_bot_or_start() -> None:
    assert only(text="/stop@acme_help_bot").text == "stop"
    assert only(text="/help my order is lost").text == "help my order is lost"
    assert events(text="/help@other_bot my order is lost") == []
    assert events(text="/start@acme_help_bot") == []


def test_a_line_with_a_slash_somewhere_is_no_command() -> None:
    assert only(chat=PRIVATE, text="/etc/passwd is what I see").text == "/etc/passwd is what I see"


def test_a_guest_message_is_a_post_with_the_ticket_for_its_answer() -> None:
    post = only("guest_message", chat={"id": 8, "type": "private"}, text="@acme_help_bot help", guest_query_id="q1")
    assert isinstance(post, Post)
    assert post.guest_query == "q1"


def test_a_guest_who_answers_their_own_post_brings_the_ticket_for_both() -> None:
    own = message(number=9, text="acme is down")
    more = {"reply_to_message": own, "guest_query_id": "q1"}
    posts = events("guest_message", text="@acme_help_bot help", **more)
    assert [post.guest_query for post in posts if isinstance(post, Post)] == ["q1", "q1"]


@pytest.mark.parametrize(("code", "language"), [("en-us", "en"), ("pt-BR", "pt"), ("de", "de"), ("", None)])
def test_a_language_is_told_without_its_country(code: str, language: str | None) -> None:
    assert only(text="hi", sender=MARA | {"language_code": code}).author.language == language


def test_an_edit_carries_the_first_id_and_the_new_words() -> None:
    edited = only("edited_message", text="acme is up", edit_date=1_700_000_060)
    assert isinstance(edited, Edited)
    assert (edited.id, edited.text, edited.at.second) == ("-1001234567890:11", "acme is up", 20)


@pytest.mark.parametrize(("status", "blocks"), [("kicked", True), ("member", False)])
def test_a_block_is_told_and_its_end_is_not(status: str, blocks: bool) -> None:
    change = {"chat": PRIVATE, "from": MARA, "date": 1_700_000_000, "new_chat_member": {"status": status}}
    found = read({"update_id": 1, "my_chat_member": change}, "acme_help_bot")
    assert [isinstance(event, Blocked) for event in found] == [True] * blocks


def test_being_taken_out_of_a_group_is_no_block() -> None:
    change = {"chat": GROUP, "from": MARA, "date": 1_700_000_000, "new_chat_member": {"status": "kicked"}}
    assert read({"update_id": 1, "my_chat_member": change}, "acme_help_bot") == []


def test_an_update_of_a_kind_that_we_do_not_know_is_nothing_to_us() -> None:
    assert read({"update_id": 1, "moon_phase": {"full": True}}, "acme_help_bot") == []
    assert read({"update_id": 1, "channel_post": message()}, "acme_help_bot") == []


@pytest.mark.parametrize("broken", [{"message_id": "11"}, {"date": -1}, {"date": 10**30}, {"chat": None}, {"text": 5}])
def test_an_update_of_another_shape_is_unreadable(broken: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read({"update_id": 1, "message": message(text="hi") | broken}, "acme_help_bot")


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["message_id", "date", "chat", "from", "sender_chat", "text", "reply_to_message", "photo", "edit_date"]
KINDS = ["message", "edited_message", "guest_message", "my_chat_member", "callback_query"]


def nearly_a_message() -> st.SearchStrategy[Any]:
    """A message of which some fields became junk."""
    chats = st.sampled_from([GROUP, PRIVATE])
    broken = st.dictionaries(st.sampled_from(FIELDS), JUNK, max_size=2)
    words = st.text(st.characters(codec=None))
    return st.builds(lambda chat, text, junk: message(chat=chat, text=text) | junk, chats, words, broken)


@given(st.dictionaries(st.sampled_from(KINDS), nearly_a_message() | JUNK, max_size=2), JUNK)
def test_any_json_is_events_or_unreadable(kinds: dict[str, Any], update_id: Any) -> None:
    for payload in ({"update_id": 1, **kinds}, {"update_id": update_id, **kinds}):
        with suppress(Unreadable):
            assert all(event.channel == "telegram" for event in read(payload, "acme_help_bot"))


@given(st.dictionaries(st.text(), JUNK))
def test_json_that_is_no_update_at_all_is_unreadable_or_nothing(payload: dict[str, Any]) -> None:
    with suppress(Unreadable):
        assert read(payload, None) == []


def test_nesting_without_end_is_unreadable() -> None:
    deep = message(text="hi")
    for _ in range(5_000):
        deep = message(text="hi", reply_to_message=deep)
    with pytest.raises(Unreadable):
        read({"update_id": 1, "message": deep}, "acme_help_bot")


@pytest.mark.parametrize(
    ("text", "asked"),
    [("/delete", "delete"), ("/PRIVACY@acme_help_bot", "privacy"), ("/delete my order", None), ("delete", None)],
)
def test_a_command_asks_for_something_only_where_it_stands_alone(text: str, asked: str | None) -> None:
    (said,) = events(text=text, chat=PRIVATE)
    assert isinstance(said, PrivateMessage)
    assert said.command == asked
