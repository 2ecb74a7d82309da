"""What an update of X tells us, in both of its namings, and with all that people and platforms write."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channel import Author, Edited, Event, Post, PrivateMessage, Unreadable
from bot.channels.x_reading import read

US, MARA = "1700000000000000001", "1700000000000007920"
ID, LATER, PARENT = "1990000000000000001", "1990000004194304001", "1989000000000000001"
NAMED = {"start": 0, "end": 15, "username": "northwind_help", "id": US}


def item(text: str = "@northwind_help my parcel is lost", **more: Any) -> dict[str, Any]:
    """A post as we write it down when we asked for it."""
    post = {
        "id": ID,
        "text": text,
        "author_id": MARA,
        "created_at": "2025-11-16T08:40:33.123Z",
        "conversation_id": ID,
        "edit_history_tweet_ids": [ID],
        "entities": {"mentions": [NAMED]},
        **more,
    }
    return {"us": US, "post": post, "users": [{"id": MARA, "username": "mara", "name": "Mara"}], "referenced": []}


def event(kind: str, payload: Any, **more: Any) -> dict[str, Any]:
    """A post as X pushes it."""
    told = {"event_uuid": "5c1f", "filter": {"user_id": US}, "event_type": kind, "payload": payload}
    return {"data": told | more}


def one(payload: dict[str, Any]) -> Post:
    [found] = read(payload)
    assert isinstance(found, Post)
    return found


def test_a_mention_is_a_post_that_summons_us() -> None:
    assert read(item()) == [
        Post(
            "x",
            ID,
            Author(MARA, "mara", "Mara"),
            "@northwind_help my parcel is lost",
            datetime(2025, 11, 16, 8, 40, 33, 123000, UTC),
            in_reply_to=None,
            place=ID,
            url=f"https://x.com/mara/status/{ID}",
            summons=True,
        )
    ]


def test_the_new_names_say_the_same() -> None:
    old = item(referenced_tweets=[{"type": "replied_to", "id": PARENT}], conversation_id=PARENT)
    new = item(referenced_posts=[{"type": "replied_to", "id": PARENT}], conversation_id=PARENT)
    new["post"]["edit_history_post_ids"] = new["post"].pop("edit_history_tweet_ids")
    assert read(new) == read(old)
    assert one(new).in_reply_to == PARENT
    assert one(new).place == PARENT


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("2025-11-16T08:40:33Z", datetime(2025, 11, 16, 8, 40, 33, tzinfo=UTC)),
        ("2025-11-16T08:40:33.1Z", datetime(2025, 11, 16, 8, 40, 33, 100000, UTC)),
        ("2025-11-16T09:40:33.000000+01:00", datetime(2025, 11, 16, 8, 40, 33, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_and_without_fractions(written: str, read_as: datetime) -> None:
    assert one(item(created_at=written)).at == read_as


def test_a_post_without_a_time_has_that_of_its_id() -> None:
    payload = item()
    del payload["post"]["created_at"]
    assert one(payload).at == datetime(2025, 11, 16, 10, 12, 27, 69000, UTC)


def test_the_text_is_what_a_reader_sees() -> None:
    urls = [{"start": 29, "end": 52, "url": "https://t.co/abc", "expanded_url": "https://a.example/?x=1&lt=2"}]
    said = one(item("@northwind_help 3 &lt; 4 &amp;&amp; 5 &gt; 4 &amp;lt; https://t.co/abc", entities={"urls": urls}))
    assert said.text == "@northwind_help 3 < 4 && 5 > 4 &lt; https://a.example/?x=1&lt=2"


def test_a_long_text_is_read_whole() -> None:
    whole = {"text": "@northwind_help " + "all of it " * 50, "entities": {"mentions": [NAMED]}}
    assert one(item("@northwind_help all of …", note_tweet=whole)).text == whole["text"]
    assert one(item("@northwind_help all of …", note_post=whole)).text == whole["text"]


ANSWER = {"type": "replied_to", "id": PARENT}


@pytest.mark.parametrize(
    ("text", "shown_from", "summons"),
    [
        ("@northwind_help @noor same here", 22, False),
        ("@noor @northwind_help same here", None, False),
        ("@noor same here, @Northwind_Help what now?", 6, True),
        ("@noor @northwind_help same here @northwind_help", 22, True),
        ("@noor @northwind_help where is it?", 6, True),
        ("@noor ask @northwind_helpers", 6, False),
    ],
)
def test_in_an_answer_our_name_counts_where_the_author_wrote_it(
    text: str, shown_from: int | None, summons: bool
) -> None:
    shown = {} if shown_from is None else {"display_text_range": [shown_from, len(text)]}
    assert one(item(text, referenced_tweets=[ANSWER], **shown)).summons is summons


def test_a_quote_of_a_post_of_ours_summons_us_and_of_anothers_does_not() -> None:
    quote = item("what about this?", entities={}, referenced_tweets=[{"type": "quoted", "id": PARENT}])
    assert one({**quote, "referenced": [{"id": PARENT, "author_id": US}]}).summons
    assert not one({**quote, "referenced": [{"id": PARENT, "author_id": MARA}]}).summons
    assert not one(quote).summons


def test_an_edited_post_is_the_first_one_with_other_words() -> None:
    said = read(item(id=LATER, edit_history_tweet_ids=[ID, LATER], created_at="2025-11-16T08:57:13Z"))
    post, edited = said
    assert isinstance(post, Post)
    assert isinstance(edited, Edited)
    assert post.id == edited.id == ID
    assert post.text == edited.text
    assert edited.at == datetime(2025, 11, 16, 8, 57, 13, tzinfo=UTC)
    assert post.at == datetime(2025, 11, 16, 10, 12, 27, 69000, UTC)
    assert post.url == f"https://x.com/mara/status/{ID}"


def test_our_own_posts_and_what_others_only_repeat_are_nothing_to_us() -> None:
    assert not read(item(author_id=US))
    assert not read(item(referenced_tweets=[{"type": "retweeted", "id": PARENT}]))


def test_a_post_of_somebody_x_does_not_tell_about_has_an_address_all_the_same() -> None:
    said = one({**item(), "users": []})
    assert said.author == Author(MARA)
    assert said.url == f"https://x.com/i/status/{ID}"


def test_what_is_pushed_reads_like_what_was_asked_for() -> None:
    asked = item()
    pushed = event("post.mention.create", asked["post"], includes={"users": asked["users"]})
    assert read(pushed) == read(asked)


def test_who_is_pushed_as_having_quoted_us_summons_us() -> None:
    quote = item("what about this?", entities={}, referenced_posts=[{"type": "quoted", "id": PARENT}])["post"]
    assert one(event("post.quote.create", quote)).summons


def message(sender: str, text: str = "hello &amp; goodbye") -> dict[str, Any]:
    created = {"sender_id": sender, "target": {"recipient_id": US}, "message_data": {"text": text}}
    told = {"type": "message_create", "id": "77", "created_timestamp": "1763282433123", "message_create": created}
    return {"direct_message_events": [told], "users": {MARA: {"id": MARA, "screen_name": "mara", "name": "Mara"}}}


def test_a_direct_message_is_a_private_message_and_ours_comes_back_as_nothing() -> None:
    at = datetime(2025, 11, 16, 8, 40, 33, 123000, UTC)
    said: list[Event] = [PrivateMessage("x", "77", Author(MARA, "mara", "Mara"), "hello & goodbye", at)]
    assert read(event("dm.received", message(MARA))) == said
    assert not read(event("dm.received", message(US)))


@pytest.mark.parametrize("kind", ["post.reply.create", "chat.received", "dm.sent", "something.new"])
def test_events_that_we_did_not_ask_for_are_nothing_to_us(kind: str) -> None:
    assert not read(event(kind, {"whatever": 1}))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"post": None},
        {"post": "hello"},
        {**item(), "us": None},
        item(id=17),
        item(id="17; DROP"),
        {**item(), "post": {"id": ID, "author_id": MARA}},
        item(author_id=None),
        item(created_at="yesterday"),
        item(created_at="2025-11-16T08:40:33"),
        item(entities=[]),
        item(edit_history_tweet_ids="17"),
        {"data": None},
        {"data": []},
        event("post.mention.create", None),
        event("post.mention.create", {"id": ID}),
        event("post.mention.create", item()["post"], filter={}),
        event("dm.received", {}),
        event("dm.received", {"direct_message_events": [{"id": "1"}]}),
        event("dm.received", message("nobody")),
    ],
)
def test_what_we_cannot_read_is_kept_for_a_look(payload: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read(payload)
