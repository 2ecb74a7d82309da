"""Our fake X shows what X shows: pages, entities, edits, what is gone or hidden; its windows, and its troubles."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.peers.fake_x import FakeX
from tests.peers.fake_x_search import Unreadable, read
from tests.peers.fake_x_text import weight

MENTIONS = "/2/users/:id/mentions"
FIELDS = "author_id,conversation_id,created_at,entities,in_reply_to_user_id,referenced_tweets,display_text_range"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeX]:
    with FakeX() as x:
        yield x


@pytest.fixture
def x(server: FakeX) -> FakeX:
    server.begin_anew()
    return server


@pytest.fixture
def api(x: FakeX) -> Iterator[httpx.Client]:
    """Us, with the token of our account."""
    headers = {"Authorization": f"Bearer {x.credentials.access_token}"}
    with httpx.Client(base_url=x.url, headers=headers, timeout=60, trust_env=False) as client:
        yield client


def mentions(x: FakeX, api: httpx.Client, **params: str | int) -> Any:
    return api.get(f"/2/users/{x.bot.id}/mentions", params={"tweet.fields": FIELDS, **params}).json()


def found(api: httpx.Client, query: str, **params: str | int) -> list[str]:
    answer = api.get("/2/tweets/search/recent", params={"query": query, **params}).json()
    return [post["id"] for post in answer.get("data", [])]


def test_mentions_go_on_after_an_id_and_reach_back_800(x: FakeX, api: httpx.Client) -> None:
    posts = [x.post(f"P{n}", f"@northwind_help parcel {n} is late") for n in range(805)]
    newest = mentions(x, api, since_id=posts[-3].id)
    assert [post["id"] for post in newest["data"]] == [posts[-1].id, posts[-2].id]
    assert newest["meta"] == {"result_count": 2, "newest_id": posts[-1].id, "oldest_id": posts[-2].id}
    assert mentions(x, api, since_id=posts[-1].id) == {"meta": {"result_count": 0}}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = mentions(x, api, max_results=100, **token)
        seen += [post["id"] for post in page["data"]]
        if "next_token" not in page["meta"]:
            break
        token = {"pagination_token": page["meta"]["next_token"]}
    assert seen == [post.id for post in reversed(posts[5:])]
    assert x.posts_read(f"GET {MENTIONS}") == 802


def test_a_text_has_short_links_and_escaped_signs(x: FakeX, api: httpx.Client) -> None:
    x.post("Mara", "@northwind_help <b>late</b> & wrong: https://shop.example/p?id=1&n=2.")
    (shown,) = mentions(x, api)["data"]
    text, (url,), (handle,) = shown["text"], shown["entities"]["urls"], shown["entities"]["mentions"]
    assert text.startswith("@northwind_help &lt;b&gt;late&lt;/b&gt; &amp; wrong: https://t.co/")
    assert text[url["start"] : url["end"]] == url["url"]
    assert url["expanded_url"] == "https://shop.example/p?id=1&n=2"
    assert (text[handle["start"] : handle["end"]], handle["id"]) == ("@northwind_help", x.bot.id)


def test_an_answer_tells_what_it_answers_and_carries_the_handles(x: FakeX, api: httpx.Client) -> None:
    root = x.post("Mara", "@northwind_help where is my parcel?")
    x.post("Noor", "Mine is late too", answers=root)
    shown = mentions(x, api, expansions="referenced_tweets.id,author_id")
    answer = shown["data"][0]
    assert answer["text"] == "@mara @northwind_help Mine is late too"
    assert answer["text"][answer["display_text_range"][0] :] == "Mine is late too"
    assert answer["conversation_id"] == root.id
    assert answer["in_reply_to_user_id"] == root.author.id
    assert answer["referenced_tweets"] == [{"type": "replied_to", "id": root.id}]
    assert [post["id"] for post in shown["includes"]["tweets"]] == [root.id]
    assert {user["username"] for user in shown["includes"]["users"]} == {"mara", "noor"}


def test_a_quote_ends_with_a_link_to_what_it_quotes(x: FakeX, api: httpx.Client) -> None:
    ours = x.post("Northwind Help", "We ship again.")
    x.post("Mara", "@northwind_help not to me", quotes=ours)
    (shown,) = mentions(x, api)["data"]
    assert shown["text"][slice(*shown["display_text_range"])] == "@northwind_help not to me"
    assert shown["entities"]["urls"][-1]["expanded_url"] == f"https://x.com/northwind_help/status/{ours.id}"
    assert shown["referenced_tweets"] == [{"type": "quoted", "id": ours.id}]


def test_of_a_long_text_there_is_the_beginning_and_a_note(x: FakeX, api: httpx.Client) -> None:
    said = "My kettle leaks. " * 30 + "@northwind_help"
    x.post("Mara", said)
    (shown,) = mentions(x, api, **{"tweet.fields": "entities,note_tweet"})["data"]
    assert weight(shown["text"]) <= 280
    assert "… https://t.co/" in shown["text"]
    assert "mentions" not in shown["entities"]
    assert shown["note_tweet"]["text"] == said
    assert shown["note_tweet"]["entities"]["mentions"][0]["id"] == x.bot.id


def test_an_edit_is_another_post_that_knows_the_first(x: FakeX, api: httpx.Client) -> None:
    old = x.post("Mara", "@northwind_help wher is it?")
    new = x.edit(old, "@northwind_help where is it?")
    (shown,) = mentions(x, api)["data"]
    assert (shown["id"], shown["edit_history_tweet_ids"]) == (new.id, [old.id, new.id])
    assert shown["conversation_id"] == old.id
    before = api.get(f"/2/tweets/{old.id}").json()["data"]
    assert (before["text"], before["edit_history_tweet_ids"]) == (old.text, [old.id, new.id])


def test_what_is_gone_or_hidden_is_told_of_beside_the_rest(x: FakeX, api: httpx.Client) -> None:
    gone, hidden, lost = (x.post(name, "@northwind_help help") for name in ("Mara", "Noor", "José"))
    there = x.post("Aiko", "@northwind_help help")
    x.delete(gone)
    x.protect("Noor")
    x.suspend("José")
    ids = ",".join(post.id for post in (gone, hidden, lost, there))
    answer = api.get("/2/tweets", params={"ids": ids}).json()
    assert [post["id"] for post in answer["data"]] == [there.id]
    assert {error["resource_id"]: error["title"] for error in answer["errors"]} == {
        gone.id: "Not Found Error",
        hidden.id: "Authorization Error",
        lost.id: "Forbidden",
    }
    assert [post["id"] for post in mentions(x, api)["data"]] == [there.id]
    assert "data" not in api.get(f"/2/tweets/{gone.id}").json()
    assert api.get(f"/2/users/{hidden.author.id}/tweets").json()["errors"][0]["title"] == "Authorization Error"
    own = {"Authorization": f"Bearer {x.token_of('Noor')}"}
    assert api.get(f"/2/tweets/{hidden.id}", headers=own).json()["data"]["id"] == hidden.id


def test_a_search_reaches_back_seven_days(x: FakeX, api: httpx.Client) -> None:
    now = datetime.now(UTC)
    old = x.post("Mara", "My kettle leaks", at=now - timedelta(days=8))
    new = x.post("Mara", "My kettle still leaks", at=now - timedelta(days=6))
    assert int(old.id) < int(new.id)
    assert found(api, "kettle") == [new.id]
    assert found(api, "kettle", start_time=(now - timedelta(days=1)).isoformat()) == []
    for early in ({"since_id": old.id}, {"start_time": old.created_at.isoformat()}):
        assert api.get("/2/tweets/search/recent", params={"query": "kettle", **early}).status_code == 400


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ("kettle", "me"),
        ('"kettle leaks"', "m"),
        ('"leaks kettle"', ""),
        ("from:mara", "ma"),
        ("to:mara", "e"),
        ("is:reply", "e"),
        ("@northwind_help -is:reply", "m"),
        ("conversation_id:{m}", "me"),
        ("(lamp OR leaks) from:mara", "ma"),
        ("lamp OR leaks from:mara -lamp", "ma"),
        ("kettle -from:mara -is:retweet", "e"),
        ("has:links", "a"),
    ],
)
def test_a_search_has_x_operators(x: FakeX, api: httpx.Client, query: str, matches: str) -> None:
    mara = x.post("Mara", "@northwind_help my KETTLE leaks!")
    posts = {
        "m": mara,
        "e": x.post("Noor", "What kettle is it?", answers=mara),
        "a": x.post("Mara", "A lamp: https://a.example/kettle"),
    }
    ids = found(api, query.format(m=mara.id))
    assert {name for name, post in posts.items() if post.id in ids} == set(matches)


@pytest.mark.parametrize("query", ["(kettle", "kettle OR", "is:nonsense", "()", "!!"])
def test_a_search_that_cannot_be_read_is_an_error(query: str) -> None:
    with pytest.raises(Unreadable):
        read(query)


def test_both_namings_are_understood_and_one_is_answered(x: FakeX, api: httpx.Client) -> None:
    root = x.post("Mara", "@northwind_help where?")
    answer = x.post("Mara", "Still nothing", answers=root)
    path, asked = f"/2/tweets/{answer.id}", {"post.fields": "referenced_posts", "expansions": "referenced_posts.id"}
    old = api.get(path, params=asked).json()
    assert {"referenced_tweets", "edit_history_tweet_ids"} <= set(old["data"])
    assert "tweets" in old["includes"]
    x.naming = "post"
    new = api.get(path, params={"tweet.fields": "referenced_tweets", "expansions": "referenced_tweets.id"}).json()
    assert {"referenced_posts", "edit_history_post_ids"} <= set(new["data"])
    assert [post["id"] for post in new["includes"]["posts"]] == [root.id]


def test_times_have_fractions_unless_they_are_odd(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where?", at=datetime(2026, 11, 20, 12, 0, 0, 7000, UTC))
    assert mentions(x, api)["data"][0]["created_at"] == "2026-11-20T12:00:00.007Z"
    x.trouble.odd_timestamps = True
    assert mentions(x, api)["data"][0]["created_at"] == "2026-11-20T12:00:00Z"
    assert post.created_at.microsecond == 7000


def test_a_window_is_counted_down_and_opens_again(x: FakeX, api: httpx.Client) -> None:
    x.limits.of[f"GET {MENTIONS}"] = (450, 2)
    path = f"/2/users/{x.bot.id}/mentions"
    left = [api.get(path).headers["x-rate-limit-remaining"] for _ in range(2)]
    refused = api.get(path)
    assert left == ["1", "0"]
    assert (refused.status_code, refused.json()["title"]) == (429, "Too Many Requests")
    assert refused.headers["x-rate-limit-limit"] == "2"
    assert 870 <= int(refused.headers["x-rate-limit-reset"]) - x.now() <= 900
    app = {"Authorization": f"Bearer {x.credentials.bearer_token}"}
    assert api.get(path, headers=app).headers["x-rate-limit-limit"] == "450"
    x.pass_time(int(refused.headers["x-rate-limit-reset"]) - x.now())
    assert api.get(path).status_code == 200
    assert (x.count(f"GET {MENTIONS}"), x.limits.impatient) == (5, 1)


def test_posts_of_a_day_are_counted_too(x: FakeX, api: httpx.Client) -> None:
    x.limits.posts_a_day = 1
    first = api.post("/2/tweets", json={"text": "We ship again."})
    assert first.headers["x-app-limit-24hour-remaining"] == "0"
    assert api.post("/2/tweets", json={"text": "And again."}).status_code == 429
    x.pass_time(24 * 3600)
    api.headers["Authorization"] = f"Bearer {x.token_of('Northwind Help')}"
    assert api.post("/2/tweets", json={"text": "And again."}).status_code == 201


def test_trouble_comes_when_it_is_asked_for(x: FakeX, api: httpx.Client) -> None:
    x.trouble.html_503(path=MENTIONS)
    x.trouble.next(status=418, body={"detail": "no tea"}, headers={"retry-after": "7"}, path="/2/users/me")
    broken = api.get(f"/2/users/{x.bot.id}/mentions")
    assert (broken.status_code, broken.headers["content-type"][:9]) == (503, "text/html")
    assert api.get("/2/users/me").headers["retry-after"] == "7"
    assert api.get("/2/users/me").status_code == 200
    x.trouble.usage_capped()
    capped = api.get(f"/2/users/{x.bot.id}/mentions")
    assert (capped.status_code, capped.json()["title"]) == (429, "UsageCapExceeded")
    assert api.get("/2/users/me").status_code == 200
    x.trouble.clear()
    assert api.get(f"/2/users/{x.bot.id}/mentions").status_code == 200


def test_every_call_is_written_down(x: FakeX, api: httpx.Client) -> None:
    api.get("/2/users/me", params={"user.fields": "protected"})
    api.post("/2/tweets", json={"text": "We ship again."}, headers={"Authorization": "Bearer nonsense"})
    assert x.calls == [
        ("GET", "/2/users/me", {"user.fields": "protected"}),
        ("POST", "/2/tweets", {"text": "We ship again."}),
    ]


def test_ten_thousand_posts_of_eight_thousand_people_are_there(x: FakeX, api: httpx.Client) -> None:
    for number in range(10_000):
        x.post(f"P{number % 8_000}", f"@northwind_help parcel {number} is late")
    assert len(found(api, "@northwind_help", max_results=100)) == 100
    assert len(x.accounts) == 8_001


def test_people_post_answer_and_delete_on_the_page(x: FakeX) -> None:
    x.person("Mara")
    x.person("Noor")
    with httpx.Client(base_url=x.url, timeout=60, trust_env=False, follow_redirects=True) as browser:
        page = browser.post("/say", data={"as": "mara", "text": "@northwind_help <i>late</i> https://a.example/x"})
        (post,) = x.order
        assert "&lt;i&gt;late&lt;/i&gt;" in page.text
        assert 'href="https://a.example/x"' in page.text
        browser.post("/say", data={"as": "noor", "text": "Mine too", "post": post.id})
        assert [answer.said for answer in x.replies_to(post)] == ["Mine too"]
        browser.post("/say", data={"as": "noor", "post": post.id, "delete": "1", "text": "No"})
        assert not post.deleted
        page = browser.post("/say", data={"as": "mara", "post": post.id, "delete": "1"})
        assert post.deleted
        assert "This post was deleted." in page.text
        assert browser.post("/say", data={"as": "mara", "text": "x" * 281}).status_code == 400


def test_it_is_gone_and_comes_back_at_the_same_address(x: FakeX, api: httpx.Client) -> None:
    x.stop()
    with pytest.raises(httpx.ConnectError):
        api.get("/2/users/me")
    x.start()
    assert api.get("/2/users/me").json()["data"]["username"] == "northwind_help"
