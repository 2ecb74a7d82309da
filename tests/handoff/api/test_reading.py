"""What other systems can read: threads, cases, messages, customers; and nothing before an opt-in."""

from datetime import UTC, datetime

import httpx
import pytest

from bot.channel import Author
from handoff import people, threads
from handoff.api.app import handbook
from handoff.models import Customer
from tests.cast import BEN, JOSE, MARA, NOOR
from tests.handoff.api.conftest import Api, Post
from tests.handoff.api.test_gate import NAMES, every_route
from tests.handoff.web.story import Story, handed_off, in_public, says


async def test_before_an_opt_in_nothing_of_a_stranger_can_be_read(api: Api, shop: httpx.AsyncClient) -> None:
    thread_id = await in_public(api.database)
    named = NAMES | {"thread_id": str(thread_id), "customer_id": "1"}
    paths = [path for path, methods in handbook(api.app)["paths"].items() if "get" in methods]
    assert len(paths) >= 12
    for path in paths:
        answer = await shop.get(path.format(**named))
        assert answer.status_code in (200, 404), path
        for secret in ("mara", "Mara", "1001", "charged twice", "a group", "example.org"):
            assert secret not in answer.text, (path, secret)


@pytest.mark.parametrize("deed", ["replies", "notes"])
async def test_nobody_writes_into_the_thread_of_a_stranger(api: Api, post: Post, deed: str) -> None:
    thread_id = await in_public(api.database)
    body = {"agent": BEN.email, "text": "Hello"} | ({"seen_seq": 0} if deed == "replies" else {})
    answer = await post(f"/threads/{thread_id}/{deed}", body)
    assert answer.status_code == 404


async def test_a_thread_is_whole_and_in_order(api: Api, shop: httpx.AsyncClient) -> None:
    thread_id = await handed_off(api.database)
    thread = (await shop.get(f"/threads/{thread_id}")).json()
    assert [one["seq"] for one in thread["messages"]] == list(range(1, thread["last_seq"] + 1))
    assert [one["kind"] for one in thread["messages"]][:4] == ["post", "offer", "event", "chat"]
    assert thread["state"] == "team"
    assert thread["cases"][0]["found"]["order_number"] == "NW-20418"
    assert thread["opted_in_at"].endswith("Z")


async def test_lists_are_filtered(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    first = await handed_off(api.database)
    second = await handed_off(api.database, Story(author=NOOR, channel="x", intent="app_crashes"))
    await in_public(api.database, Story(author=JOSE))

    async def ids(path: str, **sought: str) -> list[int]:
        return [one["id"] for one in (await shop.get(path, params=sought)).json()["items"]]

    assert await ids("/threads") == [second, first]
    assert await ids("/threads", channel="x") == [second]
    assert await ids("/threads", intent="charged_wrongly") == [first]
    assert await ids("/threads", state="bot") == []
    assert await ids("/threads", state="team", channel="telegram") == [first]
    waiting = await ids("/cases", state="waiting")
    assert len(waiting) == 2
    await post(f"/cases/{waiting[0]}/claim")
    assert await ids("/cases", state="claimed") == [waiting[0]]
    assert await ids("/cases", claimed_by=BEN.email.upper()) == [waiting[0]]
    assert await ids("/cases", intent="charged_wrongly") == [waiting[1]]
    assert await ids("/cases", tag="refund") == []
    assert len(await ids("/customers")) == 2
    assert len(await ids("/customers", channel="x")) == 1


async def test_what_changed_since_then_comes_in_the_order_of_the_changes(api: Api, shop: httpx.AsyncClient) -> None:
    numbers = [await handed_off(api.database, Story(author=who)) for who in (MARA, NOOR, JOSE)]
    since = datetime.now(UTC).isoformat()
    for number in (numbers[1], numbers[0]):
        await says(api.database, number, "One more thing")
    first = (await shop.get("/threads", params={"changed_since": since, "limit": 1})).json()
    assert [one["id"] for one in first["items"]] == [numbers[1]]
    rest = (await shop.get("/threads", params={"changed_since": since, "cursor": first["next"]})).json()
    assert [one["id"] for one in rest["items"]] == [numbers[0]]
    assert rest["next"] is None


async def test_new_entries_shift_no_page(api: Api, shop: httpx.AsyncClient) -> None:
    before = [await handed_off(api.database, Story(author=Author(str(n), None, f"Customer {n}"))) for n in range(5)]
    seen: list[int] = []
    following: str | None = ""
    while following is not None:
        page = (await shop.get("/threads", params={"limit": 2, "cursor": following})).json()
        seen += [one["id"] for one in page["items"]]
        following = page["next"]
        await handed_off(api.database, Story(author=Author(f"new {len(seen)}", None, "Somebody new")))
    assert seen == before[::-1]


@pytest.mark.parametrize("cursor", ["x", "!!", "W10", "WzFd" * 3, "WzAuNV0", "WyJ4Il0", "ü", "[" * 150])
async def test_a_cursor_of_somebody_elses_making_is_refused_with_a_sentence(
    shop: httpx.AsyncClient, cursor: str
) -> None:
    answer = await shop.get("/threads", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["type"] == "/api#no-such-cursor"


@pytest.mark.parametrize("query", ["colour=red", "limit=0", "limit=1000", "state=open", "changed_since=yesterday"])
async def test_what_is_not_known_is_refused_by_name(shop: httpx.AsyncClient, query: str) -> None:
    answer = await shop.get(f"/threads?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.json()["errors"][0]["where"]


async def test_who_has_it_already_gets_it_no_second_time(api: Api, shop: httpx.AsyncClient) -> None:
    thread_id = await handed_off(api.database)
    tag = (await shop.get(f"/threads/{thread_id}")).headers["ETag"]
    again = await shop.get(f"/threads/{thread_id}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    await says(api.database, thread_id, "Hello?")
    assert (await shop.get(f"/threads/{thread_id}", headers={"If-None-Match": tag})).status_code == 200


async def test_a_customer_shows_what_they_agreed_to_and_whether_they_said_stop(
    api: Api, shop: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(api.database)
    async with api.database.transaction("test.stop") as session:
        thread = await threads.locked(session, thread_id)
        customer = await session.get_one(Customer, thread.customer_id)
        promise = await people.promise(session, customer.account)
        promise.stopped_at, promise.stopped_by = datetime.now(UTC), "a word"
    found = (await shop.get(f"/customers/{customer.id}")).json()
    assert (found["name"], found["external_id"], found["stopped"]) == ("Mara", "1001", True)
    assert found["thread_ids"] == [thread_id]
    assert (await shop.get("/customers")).json()["items"][0]["stopped"] is True


async def test_messages_come_page_by_page(api: Api, shop: httpx.AsyncClient) -> None:
    thread_id = await handed_off(api.database)
    page = (await shop.get(f"/threads/{thread_id}/messages", params={"limit": 2})).json()
    rest = (await shop.get(f"/threads/{thread_id}/messages", params={"cursor": page["next"]})).json()
    seqs = [one["seq"] for one in page["items"] + rest["items"]]
    assert seqs == sorted(seqs, reverse=True)
    assert seqs[-1] == 1


def test_every_route_is_in_the_handbook_with_a_sentence(api: Api) -> None:
    for methods in handbook(api.app)["paths"].values():
        for told in methods.values():
            assert told["description"].endswith(".") or told["description"].endswith("took.")
    assert every_route()
