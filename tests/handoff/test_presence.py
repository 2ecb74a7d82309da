"""Who is present: heard from every process, forgotten in seconds, and never written down."""

import asyncio

from sqlalchemy import text

from handoff.database import PRESENCE, Database
from handoff.live import SOMEBODY, Live
from handoff.presence import CUSTOMER, Presence, State, word


class Clock:
    """The time, which the test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def says(presence: Presence, state: State, who: int = 1, tab: str = "tab-1", thread: int = 42) -> bool:
    return presence.hear(word(thread, who, f"Agent {who}", state, tab))


def states(presence: Presence) -> list[tuple[int, str]]:
    return sorted((present.who, present.state) for present in presence.now())


def test_whoever_stops_typing_is_only_looking_five_seconds_later() -> None:
    clock = Clock()
    presence = Presence(clock)
    assert says(presence, "typing")
    clock.now = 4.0
    assert not says(presence, "typing"), "nothing new: nobody is told"
    clock.now = 8.0
    assert not presence.expire()
    clock.now = 9.1
    assert presence.expire()
    assert states(presence) == [(1, "viewing")]


def test_a_page_that_falls_silent_is_gone_after_a_minute() -> None:
    clock = Clock()
    presence = Presence(clock)
    says(presence, "viewing")
    clock.now = 61.0
    assert presence.expire()
    assert states(presence) == []


def test_whoever_closes_the_page_is_gone_at_once_unless_another_tab_of_theirs_is_open() -> None:
    presence = Presence(Clock())
    says(presence, "viewing", tab="tab-1")
    says(presence, "typing", tab="tab-2")
    assert states(presence) == [(1, "typing")], "a person is there once, with the most they do"
    assert says(presence, "gone", tab="tab-2")
    assert states(presence) == [(1, "viewing")]
    assert says(presence, "gone", tab="tab-1")
    assert states(presence) == []


def test_changes_are_told_once_and_the_first_time_everybody_who_is_there() -> None:
    presence = Presence(Clock())
    says(presence, "viewing", who=1)
    ask = presence.changes(lambda present: present.who != 2)
    assert [(one["who"], one["state"]) for one in ask()] == [(1, "viewing")]
    assert ask() == []
    says(presence, "typing", who=1)
    says(presence, "typing", who=2, tab="tab-2")
    assert [(one["who"], one["state"]) for one in ask()] == [(1, "typing")]
    says(presence, "gone", who=1)
    assert [(one["who"], one["state"]) for one in ask()] == [(1, "gone")]


def test_a_customer_who_stops_typing_is_not_said_to_look() -> None:
    clock = Clock()
    presence = Presence(clock)
    says(presence, "typing", who=CUSTOMER)
    clock.now = 6.0
    assert presence.expire()
    assert states(presence) == []


async def test_another_process_hears_of_it_and_no_row_is_written(database: Database) -> None:
    live = Live(database)
    async with live.subscribed() as hints:
        hearing = asyncio.create_task(live.run())
        async with asyncio.timeout(60):
            await hints.get()
            before = await _writes(database)
            await database.notify(PRESENCE, word(42, 1, "Ana", "typing", "tab-1"))
            while await hints.get() != SOMEBODY:
                pass
        assert states(live.presence) == [(1, "typing")]
        assert await _writes(database) == before
        hearing.cancel()


async def _writes(database: Database) -> int:
    """Rows that were ever written in this database."""
    async with database.reading() as session:
        rows = "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables"
        return int((await session.execute(text(rows))).scalar_one())
