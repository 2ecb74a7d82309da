"""SIGKILL at every commit and every call, then a new start: no second offer, nobody lost, nothing said is missing."""

import ast
import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from handoff import attachments, cases, threads
from handoff.attachments import MB, File
from handoff.database import Database
from handoff.models import Agent, Message, Thread
from tests.files import PDF, PNG
from tests.kill import worker
from tests.peers.fake_channel import COMPLAINT, SAYS, Ledger
from tests.rasa_server import RasaServer

STEPS = ("bot/flow.py", "bot/run.py", "bot/triage.py")
PAGE = ("flow.click", "flow.message")
DOUBT = ("reconcile.claim", "reconcile.find", "reconcile.settle")
AGAIN = (
    "flow.handle",
    "triage.claim",
    "triage.settle",
    "deliver.claim",
    "deliver.send",
    "deliver.settle",
)
NOT_ON_THE_WAY = ("flow.stop", "flow.return", "flow.prove", "run.halt", "gather.settle", "queue.again")
"""One transaction each, which this story does not come by; tests of their steps in tests/bot are about them."""

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.kill.worker"])


def failpoints() -> list[str]:
    """Every failpoint of the steps, read from their source, so that a new one cannot be forgotten."""
    names = []
    for path in STEPS:
        for node in ast.walk(ast.parse((worker.ROOT / path).read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name, function = str(node.args[0].value), ast.unparse(node.func)
                kind = "commit" if function.endswith(".transaction") else "call" if function == "outside" else None
                if kind and name not in NOT_ON_THE_WAY:
                    names += [f"{name}: {when} {kind}" for when in ("before", "after")]
    return sorted(set(names))


def kills() -> Iterator[Any]:
    """(scenario, failpoint) for each test."""
    for name in failpoints():
        step = name.split(":")[0]
        scenario = "page" if step in PAGE else "looks" if step in DOUBT else "story"
        for nth in (1, 2) if step in AGAIN else (1,):
            yield pytest.param(scenario, f"{name}#{nth}", id=f"{name} #{nth}")


def test_there_are_at_least_twenty_points_to_die_at() -> None:
    assert len(failpoints()) >= 20


class World:
    """A record, a platform, and the bot's process between them."""

    def __init__(self, database: Database, ledger: Ledger, environment: dict[str, str], scenario: str) -> None:
        self.database, self.ledger, self.scenario = database, ledger, scenario
        self._environment = environment

    @asynccontextmanager
    async def bot(self, failpoint: str = "") -> AsyncIterator[Any]:
        """The bot at work, until the block ends."""
        environment = {**self._environment, "KNOCK_FAILPOINT": failpoint}
        process = processes.Process(target=worker.work, args=(self.ledger.path, self.scenario, environment))
        process.start()
        try:
            yield process
        finally:
            process.kill()
            await asyncio.to_thread(process.join)

    async def value(self, query: str) -> Any:
        """The first value of a query."""
        async with self.database.reading() as session:
            return (await session.execute(text(query))).scalar()

    async def until(self, query: str, seconds: float = 40) -> None:
        """Wait until a query says true."""
        for _ in range(int(seconds / 0.1)):
            if await self.value(query):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"still not so after {seconds} s: {query}\n{self.ledger.read()}")


@pytest.fixture
def world(database: Database, tmp_path: Path, rasa: RasaServer, request: pytest.FixtureRequest) -> World:
    environment = {
        "KNOCK_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "KNOCK_SECRET": "the secret of the tests",
        "KNOCK_RASA_URL": rasa.url,
        "KNOCK_RASA_TOKEN": rasa.token,
    }
    return World(database, Ledger(tmp_path / "ledger"), environment, request.getfixturevalue("scenario"))


SETTLED = "SELECT EXISTS (SELECT FROM cases) OR EXISTS (SELECT FROM offers WHERE state = 'human')"
ALL_SENT = "SELECT NOT EXISTS (SELECT FROM messages WHERE delivery = 'pending')"
ALL_HEARD = "SELECT count(*) = 2 FROM messages WHERE kind = 'chat' AND by = 'customer'"


@pytest.mark.parametrize(("scenario", "failpoint"), list(kills()))
async def test_killed_anywhere_no_promise_is_broken(world: World, scenario: str, failpoint: str) -> None:
    async with world.bot(failpoint) as process:
        await asyncio.to_thread(process.join, 30)
        assert process.exitcode == -9, f"the story never came to {failpoint}"
    async with world.bot():
        await world.until(SETTLED)
        if await world.value("SELECT EXISTS (SELECT FROM cases)"):
            await tell_the_rest(world)
    await judge(world)


@pytest.mark.parametrize("scenario", ["drops"])
async def test_an_offer_whose_answer_got_lost_is_never_repeated_and_a_click_proves_it(
    world: World, scenario: str
) -> None:
    async with world.bot():
        await world.until("SELECT EXISTS (SELECT FROM cases)")
        await tell_the_rest(world)
    assert await world.value("SELECT state || ', ' || why FROM offers") == "sent, the link was clicked"
    await judge(world)


@pytest.mark.parametrize("scenario", ["story"])
@pytest.mark.parametrize("failpoint", ["deliver.send: after call", "deliver.settle: before commit"])
async def test_killed_among_the_files_of_a_reply_only_the_one_under_way_is_sent_again(
    world: World, scenario: str, failpoint: str
) -> None:
    async with world.bot():
        await world.until(SETTLED)
        await world.until(ALL_HEARD)
        await world.until(ALL_SENT)
    before = len(world.ledger.of("send"))
    async with world.database.transaction("tests") as session:
        ana = Agent(email="ana@northwind.example", name="Ana", password_hash="-")
        session.add(ana)
        await session.flush()
        thread_id = (await session.scalars(select(Thread.id))).one()
        await attachments.begin(session, thread_id, ana, [File("label.pdf", PDF), File("map.png", PNG)], MB)
        files = [file.id for file in await attachments.begun(session, thread_id, ana)]
        await cases.reply(session, thread_id, ana, "Here.", client_id="reply-1", seen_seq=99, files=files)
    async with world.bot(f"{failpoint}#2") as process:
        await asyncio.to_thread(process.join, 30)
        assert process.exitcode == -9
    async with world.bot():
        await world.until(ALL_SENT)
    sent = [line["key"].partition("-")[0] for line in world.ledger.of("send")[before:]]
    assert sent == ["message", "attachment", "attachment", "attachment"], "the words once, the first file twice"
    assert len({line["key"] for line in world.ledger.of("send")[before:]}) == 3


async def tell_the_rest(world: World) -> None:
    """The customer has said all, an agent replies, and the reply arrives."""
    await world.until(ALL_HEARD)
    async with world.database.transaction("tests") as session:
        ana = Agent(email="ana@northwind.example", name="Ana", password_hash="-")
        session.add(ana)
        await session.flush()
        thread_id = (await session.scalars(select(Thread.id))).one()
        await cases.reply(session, thread_id, ana, "It is on its way.", client_id="reply-1", seen_seq=99)
    await world.until(ALL_SENT)
    assert any(line["text"] == "It is on its way." for line in world.ledger.of("send"))


async def judge(world: World) -> None:
    """The promises, asked of the platform and of the record."""
    assert len(world.ledger.of("offer")) <= 1
    async with world.database.reading() as session:
        thread = await threads.whole(session, (await session.scalars(select(Thread.id))).one())
    assert thread is not None
    if thread.opt_in is not None:
        assert thread.speaker == "team"
        assert thread.cases
        assert [message.text for message in said(thread, "customer")] == list(SAYS)
        sent = {line["key"] for line in world.ledger.of("send")}
        assert all(f"message-{message.id}" in sent for message in thread.messages if message.delivery == "sent")
        assert "withheld" not in {message.delivery for message in thread.messages}
    assert [message.text for message in thread.messages if message.kind == "post"] == [COMPLAINT]
    assert [message.seq for message in thread.messages] == list(range(1, thread.last_seq + 1))
    assert await world.value("SELECT count(*) FROM updates WHERE handled_at IS NULL OR tries > 0") == 0


def said(thread: Thread, by: str) -> list[Message]:
    """The chat of one side."""
    return [message for message in thread.messages if message.kind == "chat" and message.by == by]
