"""What webhooks are told: written down with the deed, signed as Standard Webhooks has it, sent until it arrives."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from sqlalchemy import select, update
from standardwebhooks import Webhook as Verifier

from bot import look, notify
from bot.notify import Notify
from bot.reach import Reach
from handoff import cases, people, webhooks
from handoff.credentials import Seal
from handoff.database import Database
from handoff.models import Agent, Customer, Thread
from handoff.webhooks import EVENTS, Call, Telling, Webhook
from tests.browser import serving
from tests.handoff.api.conftest import Api, Post
from tests.handoff.web.story import Story, handed_off, in_public, says

SEAL = Seal(b"a key for tests")


@dataclass
class Shop:
    """Another system. It writes down what it is told, and answers with the first of `statuses`, then with 204."""

    secret: str = ""
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        app = FastAPI()

        @app.post("/knock")
        async def told(request: Request) -> Response:
            self.calls.append((dict(request.headers), await request.body()))
            status = self.statuses.pop(0) if self.statuses else 204
            return Response(status_code=status, headers={"Location": "http://127.0.0.1:9/"} if status == 302 else {})

        async with serving(app) as url:
            yield f"{url}/knock"

    def told(self) -> list[dict[str, object]]:
        """What it was told; each call is verified by a library that is not ours."""
        return [Verifier(self.secret).verify(body, headers) for headers, body in self.calls]


async def subscribed(database: Database, url: str, *events: webhooks.Event) -> str:
    """The secret of a new webhook."""
    async with database.transaction("test.webhook") as session:
        return await webhooks.make(session, SEAL, url, list(events or EVENTS), loopback=True)


def notifier(database: Database) -> Notify:
    return Notify(database, SEAL, Reach(loopback=True))


async def notify_all(database: Database, most: int = 1000) -> int:
    """Make every call that is due, as the bot's loop does, or the first of them; how many."""
    calls, bot = 0, notifier(database)
    while calls < most and (work := await bot.claim()) is not False:
        if work is not True:
            await work()
            calls += 1
    return calls


async def tellings(database: Database) -> list[Telling]:
    async with database.reading() as session:
        return list(await session.scalars(select(Telling).order_by(Telling.id)))


async def later(database: Database, by: timedelta) -> None:
    """Time passes for all that waits."""
    async with database.transaction("test.later") as session:
        await session.execute(
            update(Telling).values(due_at=Telling.due_at - by, first_tried_at=Telling.first_tried_at - by)
        )
        await session.execute(update(Webhook).values(failing_since=Webhook.failing_since - by))


async def test_another_system_is_told_of_a_case_and_can_verify_that_it_was_us(api: Api, post: Post) -> None:
    shop = Shop()
    async with shop.open() as url:
        shop.secret = await subscribed(api.database, url)
        thread_id = await handed_off(api.database)
        await post("/cases/1/claim")
        await post("/cases/1/close")
        await notify_all(api.database)
    told = shop.told()
    kinds = [one["type"] for one in told]
    assert [kind for kind in kinds if kind != "message.created"] == [
        "case.opened",
        "case.claimed",
        "case.closed",
        "thread.ended",
    ]
    claimed = next(one for one in told if one["type"] == "case.claimed")
    assert claimed["data"] == {"case_id": 1, "thread_id": thread_id, "agent": "ben@northwind.example"}
    assert datetime.fromisoformat(str(claimed["timestamp"])).tzinfo is not None
    assert {telling.state for telling in await tellings(api.database)} == {"sent"}


async def test_no_call_holds_a_word_of_anybody(api: Api) -> None:
    shop = Shop()
    async with shop.open() as url:
        shop.secret = await subscribed(api.database, url)
        thread_id = await handed_off(api.database)
        await says(api.database, thread_id, "My number is 555-0199")
        await notify_all(api.database)
    sent = b" ".join(body for _, body in shop.calls).decode()
    assert "message.created" in sent
    for words in ("555-0199", "Mara", "mara_k", "NW-20418", "Charged twice"):
        assert words not in sent


async def test_of_a_stranger_nobody_is_told_anything(api: Api) -> None:
    await subscribed(api.database, "https://hooks.example/knock")
    thread_id = await in_public(api.database)
    async with api.database.transaction("test.stop and end") as session:
        thread = await session.get_one(Thread, thread_id)
        customer = await session.get_one(Customer, thread.customer_id)
        promise = await people.promise(session, customer.account)
        promise.stopped_at = thread.ended_at = datetime.now(UTC)
    assert await tellings(api.database) == []


async def test_a_stop_is_told_once(api: Api) -> None:
    await subscribed(api.database, "https://hooks.example/knock", "customer.stopped")
    thread_id = await handed_off(api.database)
    for _ in range(2):
        async with api.database.transaction("test.stop") as session:
            thread = await session.get_one(Thread, thread_id)
            customer = await session.get_one(Customer, thread.customer_id)
            promise = await people.promise(session, customer.account)
            promise.stopped_at = datetime.now(UTC)
    assert [one.data for one in await tellings(api.database)] == [{"customer_id": customer.id}]


async def test_what_did_not_happen_is_not_told(api: Api) -> None:
    await subscribed(api.database, "https://hooks.example/knock", "case.claimed")
    thread_id = await handed_off(api.database)
    ben = api.people["Ben"]
    with pytest.raises(RuntimeError):
        await claims_and_fails(api.database, thread_id, ben)
    assert await tellings(api.database) == []


async def claims_and_fails(database: Database, thread_id: int, agent: Agent) -> None:
    async with database.transaction("test.claim") as session:
        await cases.claim(session, thread_id, agent)
        raise RuntimeError


async def test_a_webhook_is_told_only_of_the_events_that_were_chosen(api: Api) -> None:
    await subscribed(api.database, "https://hooks.example/a", "case.opened")
    await subscribed(api.database, "https://hooks.example/b", "case.opened", "case.closed")
    await handed_off(api.database)
    assert [(one.webhook_id, one.type) for one in await tellings(api.database)] == [
        (1, "case.opened"),
        (2, "case.opened"),
    ]


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_a_call_that_went_wrong_is_made_again_later_under_the_same_id(api: Api, status: int) -> None:
    shop = Shop(statuses=[status])
    async with shop.open() as url:
        shop.secret = await subscribed(api.database, url, "case.opened")
        await handed_off(api.database)
        assert await notify_all(api.database, most=1) == 1
        (telling,) = await tellings(api.database)
        assert telling.state == "pending"
        assert telling.first_tried_at
        assert telling.due_at - telling.first_tried_at >= notify.wait(1)
        await later(api.database, timedelta(seconds=6))
        assert await notify_all(api.database) == 1
    assert len({headers["webhook-id"] for headers, _ in shop.calls}) == 1
    assert len({body for _, body in shop.calls}) == 1
    async with api.database.reading() as session:
        assert list(await session.scalars(select(Call.status).order_by(Call.id))) == [status, 204]
        assert (await session.scalars(select(Webhook))).one().failing_since is None


async def test_waits_grow_to_six_hours() -> None:
    waits = [notify.wait(tries).total_seconds() for tries in (1, 2, 3, 4, 5, 6, 7, 8, 1000)]
    assert waits == [5, 20, 80, 320, 1280, 5120, 20480, 21600, 21600]


async def test_a_webhook_that_fails_for_a_day_is_switched_off(api: Api) -> None:
    shop = Shop(statuses=[500] * 9)
    async with shop.open() as url:
        await subscribed(api.database, url, "case.opened")
        await handed_off(api.database)
        await notify_all(api.database)
        await later(api.database, timedelta(hours=23))
        await notify_all(api.database)
        assert (await only_webhook(api.database)).off_at is None
        await later(api.database, timedelta(hours=8))
        await notify_all(api.database)
    webhook = await only_webhook(api.database)
    assert (webhook.off_at is not None, webhook.off_why) == (True, "it failed for a day")
    assert (await tellings(api.database))[0].state == "failed"
    await handed_off(api.database, Story(channel="x"))
    assert len(await tellings(api.database)) == 1, "who is switched off is told nothing"


async def only_webhook(database: Database) -> Webhook:
    async with database.reading() as session:
        return (await session.scalars(select(Webhook))).one()


async def test_who_says_never_again_is_not_called_again(api: Api) -> None:
    shop = Shop(statuses=[410])
    async with shop.open() as url:
        await subscribed(api.database, url, "case.opened")
        await handed_off(api.database)
        await notify_all(api.database)
    assert (await only_webhook(api.database)).off_why == "it answered 410: Gone"


async def test_two_processes_make_one_call_at_a_time_and_each_call_once(api: Api) -> None:
    shop = Shop()
    async with shop.open() as url:
        shop.secret = await subscribed(api.database, url, "message.created")
        await handed_off(api.database)
        made = await asyncio.gather(*(notify_all(api.database) for _ in range(3)))
        while await notify_all(api.database):
            pass
    seqs = [json.loads(body)["data"]["seq"] for _, body in shop.calls]
    assert seqs == sorted(set(seqs))
    assert sum(made) <= len(seqs)


async def test_who_died_while_calling_leaves_the_call_to_the_next(api: Api) -> None:
    shop = Shop()
    async with shop.open() as url:
        shop.secret = await subscribed(api.database, url, "case.opened")
        await handed_off(api.database)
        assert await notifier(api.database).claim() not in (True, False)
        assert await notify_all(api.database) == 0, "it is left to who took it, for a while"
        async with api.database.transaction("test.lease ends") as session:
            await session.execute(update(Webhook).values(busy_until=datetime.now(UTC) - timedelta(seconds=1)))
        assert await notify_all(api.database) == 1


async def test_a_replay_tells_the_same_again(api: Api, shop: httpx.AsyncClient, post: Post) -> None:
    other = Shop()
    async with other.open() as url:
        other.secret = await subscribed(api.database, url, "case.opened")
        await handed_off(api.database)
        await notify_all(api.database)
        told = (await shop.get("/webhooks/1/events")).json()["items"][0]
        assert (told["state"], told["calls"][0]["status"]) == ("sent", 204)
        answer = await post(f"/webhooks/1/events/{told['id']}/replay", None)
        assert answer.json() == {"id": told["id"], "state": "pending"}
        await notify_all(api.database)
    assert [headers["webhook-id"] for headers, _ in other.calls] == [told["id"]] * 2
    assert (await post("/webhooks/1/events/msg_0/replay")).status_code == 404


async def test_the_bot_looks_for_calls_that_are_due(api: Api) -> None:
    async with api.database.reading() as session:
        assert "tellings" not in await look.look(session)
    await subscribed(api.database, "https://hooks.example/knock", "case.opened")
    await handed_off(api.database)
    async with api.database.reading() as session:
        assert "tellings" in await look.look(session)


async def test_what_was_told_long_ago_is_forgotten(api: Api) -> None:
    shop = Shop()
    async with shop.open() as url:
        await subscribed(api.database, url, "case.opened")
        await handed_off(api.database)
        await notify_all(api.database)
    async with api.database.transaction("test.a month") as session:
        await session.execute(update(Telling).values(at=Telling.at - timedelta(days=31)))
    await notifier(api.database).forget()
    assert await tellings(api.database) == []
    async with api.database.reading() as session:
        assert list(await session.scalars(select(Call))) == []
