"""Our fake X refuses and accepts posts as X does: who may be answered, what is too long, what is gone."""

from collections.abc import Iterator

import httpx
import pytest

from tests.peers.fake_x import FakeX
from tests.peers.fake_x_posts import Post
from tests.peers.fake_x_text import weight
from tests.peers.fake_x_world import BLOCKED, DUPLICATE, GONE, NOT_MENTIONED, NOT_SUMMONED, RESTRICTED, TOO_LONG


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


def answer(api: httpx.Client, text: str, to: Post, **more: object) -> httpx.Response:
    return api.post("/2/tweets", json={"text": text, "reply": {"in_reply_to_tweet_id": to.id}, **more})


def refusal(response: httpx.Response) -> str:
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["detail"])


def test_who_mentions_us_can_be_answered(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    made = answer(api, "Help is here: https://help.example/h/abc", post)
    assert made.status_code == 201
    (sent,) = x.sent
    assert made.json()["data"] == {"id": sent.id, "text": sent.text, "edit_history_tweet_ids": [sent.id]}
    assert sent.text.startswith("@mara Help is here: https://t.co/")
    assert sent.links == ["https://help.example/h/abc"]
    assert sent.conversation_id == post.id
    assert x.replies_to(post) == [sent]


def test_who_quotes_us_can_be_answered(x: FakeX, api: httpx.Client) -> None:
    ours = x.post("Northwind Help", "We ship again.")
    assert answer(api, "Help is here", x.post("Mara", "Not to me", quotes=ours)).status_code == 201


def test_who_did_not_call_us_cannot_be_answered(x: FakeX, api: httpx.Client) -> None:
    assert refusal(answer(api, "Help is here", x.post("Mara", "My Northwind parcel is late"))) == NOT_SUMMONED
    assert not x.sent


def test_a_handle_that_an_answer_only_carries_is_no_call(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    echo = x.post("Noor", "Same here!", answers=post)
    assert echo.text == "@mara @northwind_help Same here!"
    assert refusal(answer(api, "Help is here", echo)) == NOT_MENTIONED


def test_without_the_rule_everybody_can_be_answered(x: FakeX, api: httpx.Client) -> None:
    x.summon_rule = False
    assert answer(api, "Help is here", x.post("Mara", "My parcel is late")).status_code == 201


def test_what_is_gone_cannot_be_answered(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    x.delete(post)
    assert refusal(answer(api, "Help is here", post)) == GONE
    other = x.post("Noor", "@northwind_help the app crashes")
    x.protect("Noor")
    assert refusal(answer(api, "Help is here", other)) == GONE


def test_who_blocked_us_or_wants_no_answers_gets_none(x: FakeX, api: httpx.Client) -> None:
    x.block("Mara")
    assert refusal(answer(api, "Help is here", x.post("Mara", "@northwind_help where is it?"))) == BLOCKED
    post = x.post("Noor", "@northwind_help it crashes")
    x.restrict(post)
    assert refusal(answer(api, "Help is here", post)) == RESTRICTED


def test_the_same_answer_twice_is_refused(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    assert answer(api, "Help is here", post).status_code == 201
    assert refusal(answer(api, "Help is here", post)) == DUPLICATE
    assert answer(api, "Help is here", x.post("Noor", "@northwind_help it crashes")).status_code == 201


def test_an_answer_may_weigh_280(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    link = "https://help.example/h/" + "x" * 200
    assert answer(api, "a" * 256 + " " + link, post).status_code == 201
    assert refusal(answer(api, "b" * 257 + " " + link, post)) == TOO_LONG


@pytest.mark.parametrize(
    ("text", "weighs"),
    [("Käse", 4), ("助けて", 6), ("👩🏽‍💻!", 3), ("at https://a.example/b.", 27), ("Λάμπα 🇬🇷", 8)],
)
def test_signs_weigh_what_they_weigh_on_x(text: str, weighs: int) -> None:
    assert weight(text) == weighs


def test_only_a_person_posts(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    api.headers["Authorization"] = f"Bearer {x.credentials.bearer_token}"
    assert "Application-Only is forbidden" in refusal(answer(api, "Help is here", post))
    api.headers["Authorization"] = "Bearer nonsense"
    assert answer(api, "Help is here", post).status_code == 401
    api.headers["Authorization"] = f"Bearer {x.credentials.access_token}"
    x.expire_access_token()
    assert answer(api, "Help is here", post).status_code == 401


def test_what_x_does_not_know_is_an_error(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    assert answer(api, "Help is here", post, idempotency_key="1").status_code == 400
    assert api.get("/2/users/me", params={"fields": "id"}).status_code == 400
    assert api.get("/2/users/me", params={"user.fields": "email"}).status_code == 400


def test_a_post_can_be_there_although_no_answer_came(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    x.trouble.drop_after_accepting_post()
    with pytest.raises(httpx.RemoteProtocolError):
        answer(api, "Help is here", post)
    assert [sent.said for sent in x.replies_to(post)] == ["Help is here"]
    mine = api.get(f"/2/users/{x.bot.id}/tweets", params={"tweet.fields": "referenced_tweets"}).json()["data"]
    assert mine[0]["referenced_tweets"] == [{"type": "replied_to", "id": post.id}]


def test_our_own_posts_can_be_deleted(x: FakeX, api: httpx.Client) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    id = answer(api, "Help is here", post).json()["data"]["id"]
    assert api.delete(f"/2/tweets/{id}").json() == {"data": {"deleted": True}}
    assert api.delete(f"/2/tweets/{post.id}").status_code == 403
    assert x.replies_to(post) == []
