"""Clients that nobody here wrote work against our fake X: X's own SDK, and tweepy."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import pytest
import requests
import tweepy
from tweepy.asynchronous import AsyncClient, AsyncStreamingClient
from xdk import Client
from yarl import URL

from tests.peers.fake_x import FakeX

REDIRECT = "http://127.0.0.1:8000/x/back"
POST_FIELDS = ["conversation_id", "created_at", "entities", "lang", "public_metrics", "text"]
EXPANSIONS = ["author_id", "referenced_posts", "in_reply_to_user_id", "entities.mentions.username"]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeX]:
    with FakeX() as x:
        yield x


@pytest.fixture
def x(server: FakeX) -> FakeX:
    server.begin_anew()
    server.naming = "post"
    return server


@pytest.fixture
def sdk(x: FakeX) -> Iterator[Client]:
    """X's SDK with the token of our account."""
    client = Client(base_url=x.url, access_token=x.credentials.access_token)
    client.session.trust_env = False
    with client.session:
        yield client


@pytest.fixture
def app(x: FakeX) -> Iterator[Client]:
    """X's SDK with the token of the app by itself."""
    client = Client(base_url=x.url, bearer_token=x.credentials.bearer_token)
    client.session.trust_env = False
    with client.session:
        yield client


class OriginSwap:
    """tweepy's session, for another origin than the one that tweepy knows."""

    def __init__(self, origin: str) -> None:
        self._origin = URL(origin)
        self._session = aiohttp.ClientSession()

    def request(self, method: str, url: str | URL, **more: Any) -> Any:
        there = URL(url).with_scheme(self._origin.scheme).with_host("127.0.0.1").with_port(self._origin.port)
        return self._session.request(method, there, **more)

    headers = property(lambda self: self._session.headers)
    closed = property(lambda self: self._session.closed)

    async def close(self) -> None:
        await self._session.close()


@pytest.fixture
async def bird(x: FakeX) -> AsyncIterator[AsyncClient]:
    """tweepy with the token of our account."""
    x.naming = "tweet"
    client = AsyncClient(x.credentials.access_token)
    client.session = OriginSwap(x.url)
    yield client
    await client.session.close()


# X's own SDK


def test_the_sdk_reads_accounts(x: FakeX, sdk: Client) -> None:
    mara = x.person("Mara")
    me = sdk.users.get_me(user_fields=["created_at", "protected", "public_metrics"]).data
    assert (me.id, me.username, me.name) == (x.bot.id, "northwind_help", "Northwind Help")
    assert me.public_metrics.post_count == 0
    assert sdk.users.get_by_id(mara.id).data.username == "mara"
    assert sdk.users.get_by_username("mara").data.id == mara.id
    found = sdk.users.get_by_ids([mara.id, "1"])
    assert [user.id for user in found.data] == [mara.id]
    assert found.errors[0].type == "https://api.x.com/2/problems/resource-not-found"


def test_the_sdk_reads_mentions_page_by_page(x: FakeX, sdk: Client) -> None:
    posts = [x.post(f"Person {n}", f"@northwind_help parcel {n} is late") for n in range(12)]
    pages = list(sdk.users.get_mentions(x.bot.id, max_results=5, post_fields=POST_FIELDS, expansions=EXPANSIONS))
    assert [len(page.data) for page in pages] == [5, 5, 2]
    assert [post.id for page in pages for post in page.data] == [post.id for post in reversed(posts)]
    newest = pages[0].data[0]
    assert newest.author_id == posts[-1].author.id
    assert newest.conversation_id == newest.id
    assert newest.edit_history_post_ids == [newest.id]
    assert newest.entities.mentions[0].username == "northwind_help"
    assert {user.username for user in pages[0].includes.users} >= {"northwind_help", "person_11"}
    assert [page.data for page in sdk.users.get_mentions(x.bot.id, since_id=posts[-1].id)] == [None]


def test_the_sdk_reads_posts_and_learns_what_is_missing(x: FakeX, sdk: Client) -> None:
    root = x.post("Mara", "@northwind_help where is it?")
    answer = x.post("Noor", "Mine too", answers=root)
    x.delete(root)
    hidden = x.post("José", "secret")
    x.protect("José")
    found = sdk.posts.get_by_ids([answer.id, root.id, hidden.id], post_fields=POST_FIELDS, expansions=EXPANSIONS)
    assert [post.id for post in found.data] == [answer.id]
    assert found.data[0].referenced_posts[0].id == root.id
    kinds = {(error.resource_id, error.type.rsplit("/")[-1]) for error in found.errors}
    assert kinds == {(root.id, "resource-not-found"), (hidden.id, "not-authorized-for-resource")}
    assert sdk.posts.get_by_id(root.id).data is None


def test_the_sdk_posts_answers_and_deletes(x: FakeX, sdk: Client) -> None:
    post = x.post("Mara", "@northwind_help where is it?")
    made = sdk.posts.create({"text": "Help is here", "reply": {"in_reply_to_tweet_id": post.id}}).data
    assert made.edit_history_post_ids == [made.id]
    assert [sent.id for sent in x.sent] == [made.id]
    (page,) = sdk.users.get_posts(x.bot.id, expansions=["referenced_posts"])
    assert page.data[0].referenced_posts[0].type == "replied_to"
    assert page.includes.posts[0].id == post.id
    assert sdk.posts.delete(made.id).data.deleted
    with pytest.raises(requests.HTTPError):
        sdk.posts.create({"text": "Hello", "reply": {"in_reply_to_tweet_id": x.post("Noor", "It crashes").id}})


def test_the_sdk_searches(x: FakeX, app: Client) -> None:
    late = x.post("Mara", "My Northwind parcel is late")
    x.post("Noor", "What a day")
    (page,) = app.posts.search_recent("northwind -is:retweet", max_results=10, post_fields=POST_FIELDS)
    assert [post.id for post in page.data] == [late.id]


def test_the_sdk_keeps_subscriptions(x: FakeX, sdk: Client, app: Client) -> None:
    wanted = {"event_type": "post.mention.create", "filter": {"user_id": x.bot.id}, "tag": "mentions"}
    made = sdk.activity.create_subscription(wanted).data.subscription
    (page,) = sdk.activity.get_subscriptions()
    assert [(it.subscription_id, it.event_type, it.tag) for it in page.data] == [
        (made.subscription_id, "post.mention.create", "mentions")
    ]
    changed = app.activity.update_subscription(made.subscription_id, {"tag": "calls"})
    assert changed.data.subscription.tag == "calls"
    assert app.activity.delete_subscription(made.subscription_id).data.deleted
    with pytest.raises(requests.HTTPError, match="403"):
        app.activity.create_subscription(wanted)


def test_the_sdk_signs_in_and_refreshes(x: FakeX, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    x.redirect_uris.append(REDIRECT)
    keys = {"client_id": x.credentials.client_id, "client_secret": x.credentials.client_secret}
    client = Client(
        base_url=x.url,
        redirect_uri=REDIRECT,
        scope=["users.read", "tweet.read", "offline.access"],
        **keys,
    )
    back = URL(x.sign_in(client.get_authorization_url(state="s-1"), "Mara"))
    assert back.query["state"] == "s-1"
    token = client.exchange_code(back.query["code"])
    assert token["expires_in"] == 7200
    assert client.users.get_me().data.username == "mara"
    with pytest.raises(ValueError, match="authorization code was invalid"):
        client.exchange_code(back.query["code"])
    assert client.refresh_token()["access_token"] != token["access_token"]
    assert client.users.get_me().data.username == "mara"
    client.session.close()


# tweepy


async def test_tweepy_reads_mentions(x: FakeX, bird: AsyncClient) -> None:
    post = x.post("Mara", "@northwind_help see https://shop.example/parcel?id=1&n=2")
    found = await bird.get_users_mentions(
        x.bot.id,
        tweet_fields=["author_id", "conversation_id", "created_at", "entities", "referenced_tweets"],
        expansions=["author_id", "referenced_tweets.id.author_id"],
        user_fields=["username"],
    )
    (tweet,) = found.data
    assert (str(tweet.id), str(tweet.author_id)) == (post.id, post.author.id)
    assert tweet.created_at == post.created_at
    assert tweet.entities["urls"][0]["expanded_url"] == "https://shop.example/parcel?id=1&n=2"
    assert found.includes["users"][0].username == "mara"


async def test_tweepy_answers_and_searches(x: FakeX, bird: AsyncClient) -> None:
    post = x.post("Mara", "@northwind_help where is my parcel?")
    made = await bird.create_tweet(text="Help is here", in_reply_to_tweet_id=post.id, user_auth=False)
    assert made.data["id"] == x.sent[0].id
    found = await bird.search_recent_tweets(f"conversation_id:{post.id}", tweet_fields=["conversation_id"])
    assert [str(tweet.id) for tweet in found.data] == [x.sent[0].id, post.id]
    noor = x.post("Noor", "It crashes")
    with pytest.raises(tweepy.Forbidden, match="not been mentioned"):
        await bird.create_tweet(text="Help is here", in_reply_to_tweet_id=noor.id, user_auth=False)


async def test_tweepy_learns_when_to_come_again(x: FakeX, bird: AsyncClient) -> None:
    x.trouble.rate_limit("/2/users/:id/mentions", remaining=1, reset_in=60)
    first = await bird.get_users_mentions(x.bot.id)
    assert first.meta["result_count"] == 0
    with pytest.raises(tweepy.TooManyRequests) as caught:
        await bird.get_users_mentions(x.bot.id)
    assert 30 <= caught.value.reset_time - x.now() <= 61
    x.pass_time(61)
    assert (await bird.get_users_mentions(x.bot.id)).meta["result_count"] == 0


async def test_tweepy_hears_the_stream(x: FakeX) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()

    class Listener(AsyncStreamingClient):  # type: ignore[misc]
        async def on_tweet(self, tweet: tweepy.Tweet) -> None:
            await heard.put(tweet.text)

        async def on_keep_alive(self) -> None:
            await heard.put("alive")

    x.naming, x.stream.keep_alive = "tweet", 0.1
    listener = Listener(x.credentials.bearer_token, max_retries=0)
    listener.session = OriginSwap(x.url)
    await listener.add_rules(tweepy.StreamRule("northwind OR @northwind_help", tag="brand"))
    task = listener.filter()
    assert await asyncio.wait_for(heard.get(), 60) == "alive"
    x.post("Noor", "What a day")
    x.post("Mara", "My Northwind parcel is late")
    while (text := await asyncio.wait_for(heard.get(), 60)) == "alive":
        pass
    assert text == "My Northwind parcel is late"
    listener.disconnect()
    await task
