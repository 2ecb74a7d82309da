"""Whatever comes in, in whatever order: a clear end, nothing lost, and the promises hold."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.channel import Author, Event
from tests.bot.town import COMPLAINT, Town, click, deletion, edit, line, post, update
from tests.cast import JOSE, MARA, TROLL

CLEAN = "SELECT count(*) FROM updates WHERE handled_at IS NULL OR trouble IS NOT NULL"


@pytest.mark.parametrize(
    "said",
    [
        "Help \x00 Northwind \x00",
        "Help \ud83d Northwind \udfff",
        "Help " + "Northwind " * 100_000,
        "Help " + "x" * 4097,
        "🌸🌸 help 🌸🌸",
        "help \u202e \u2066 النجدة نورثويند",
        "help '; DROP TABLE offers; -- %s {name} <script>",
    ],
    ids=["NUL", "surrogates", "1 MB", "4,097 characters", "emoji", "right to left", "code"],
)
async def test_whatever_is_posted_is_written_down_and_offered_help(town: Town, said: str) -> None:
    thread = await town.thread(await town.handed_off(MARA, said))
    assert await town.value(CLEAN) == 0
    assert thread.messages[0].text.startswith(("Help", "help", "🌸🌸 help"))
    assert thread.cases


@pytest.mark.parametrize("said", ["", " ", "🌸", "؟", "-1"])
async def test_what_says_nothing_is_no_mention(town: Town, said: str) -> None:
    await town.do(post(MARA, said))
    assert await town.value("SELECT outcome FROM tallies") == "low score"


@pytest.mark.parametrize("odd", ["-1", "0", "\x00", "9" * 300, "نور", "a|b"])
async def test_an_id_of_any_shape_is_somebody(town: Town, odd: str) -> None:
    somebody = Author(odd, odd, odd)
    await town.handed_off(somebody)
    assert await town.value(CLEAN) == 0
    assert await town.value("SELECT count(*) FROM cases") == 1


async def test_an_edit_of_a_post_that_we_never_heard_of_is_nothing_to_us(town: Town) -> None:
    await town.do(edit(MARA, "town:-5", "Help!"), deletion("town:-6"))
    assert await town.value(CLEAN) == 0
    assert await town.value("SELECT count(*) FROM threads") == 0


async def test_a_handoff_in_the_customers_first_second_works(town: Town) -> None:
    await town.do(line(MARA, "I want a person"))
    await town.do(line(MARA, "I want a person"))
    assert await town.value("SELECT count(*) FROM cases") == 1


STEPS = ("post", "twin", "edit", "click", "stranger", "line", "solved", "person", "delete", "stop", "work", "later")
BEGINNINGS: tuple[tuple[str, ...], ...] = ((), ("post", "work"), ("post", "work", "click", "work"))


class Story:
    """One thread's updates in any order, any number of times; what must hold is asked after each step."""

    def __init__(self, town: Town, who: Author) -> None:
        self.town, self.who, self.post_id = town, who, f"town:{who.id}"

    def events(self, step: str) -> list[Event]:
        """What comes in."""
        mine = [offer for offer in self.town.street.offers if offer.in_reply_to.startswith(self.post_id)]
        token = mine[0].token if mine else "none-yet"
        one: dict[str, Event] = {
            "post": post(self.who, COMPLAINT, self.post_id),
            "twin": post(self.who, COMPLAINT, f"{self.post_id}-b"),
            "edit": edit(self.who, self.post_id, "Help, I say it in other words"),
            "click": click(self.who, token),
            "stranger": click(TROLL, token),
            "line": line(self.who, "NW-1", f"line:{self.who.id}"),
            "solved": line(self.who, "It is solved"),
            "person": line(self.who, "I want a person"),
            "delete": deletion(self.post_id),
            "stop": line(self.who, "stop"),
        }
        return [one[step]] if step in one else []

    async def take(self, step: str) -> None:
        """One step."""
        if step == "later":
            await self.town.pass_time(timedelta(seconds=70))
        elif step == "work":
            await self.town.work()
        else:
            await self.town.flow.take([update(*self.events(step))])
            await asyncio.gather(self.town.flow.handle_next(), self.town.flow.handle_next())

    async def judge(self) -> None:
        """The promises."""
        value, mine = self.town.value, f"'{self.who.id}'"
        told = [said for said in self.town.street.lines if said.to == self.who.id]
        offers = [said for said in self.town.street.offers if said.in_reply_to.startswith(self.post_id)]
        assert len(offers) <= 1
        assert not told or await value(
            f"SELECT count(*) FROM opt_ins o JOIN threads t ON t.id = o.thread_id "
            f"JOIN customers c ON c.id = t.customer_id WHERE c.external_id = {mine}"
        )
        gaps = "SELECT count(*) FROM (SELECT max(seq) <> count(*) AS gap FROM messages GROUP BY thread_id) g WHERE gap"
        assert await value(gaps) == 0
        assert await value(CLEAN) == 0
        lost = "SELECT count(*) FROM opt_ins JOIN threads ON id = thread_id WHERE ended_at IS NULL AND due_at IS NULL "
        assert await value(lost + "AND NOT EXISTS (SELECT FROM cases WHERE cases.thread_id = threads.id)") == 0


async def tell(town: Town, steps: list[str], number: int) -> Story:
    """A story of somebody new, to its end."""
    story = Story(town, Author(f"5{number:05}", f"handle{number}", "Somebody"))
    for step in steps:
        await story.take(step)
    await town.work()
    await story.judge()
    return story


async def test_in_any_order_and_any_number_the_promises_hold(town: Town) -> None:
    numbers = iter(range(10_000))
    loop = asyncio.get_running_loop()

    @settings(
        max_examples=12,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(BEGINNINGS), st.lists(st.sampled_from(STEPS), max_size=8))
    def any_story(beginning: tuple[str, ...], steps: list[str]) -> None:
        asyncio.run_coroutine_threadsafe(tell(town, [*beginning, *steps], next(numbers)), loop).result(60)

    await asyncio.to_thread(any_story)


SAME: dict[str, Any] = {
    "clicks and lines": ["click", "stranger", "line"],
    "twins": ["post", "twin", "post"],
}


@pytest.mark.parametrize("steps", SAME.values(), ids=SAME)
async def test_where_the_order_should_not_matter_it_does_not(town: Town, steps: list[str]) -> None:
    async def end(order: list[str], number: int) -> object:
        story = await tell(town, ["post", "work", *order, "work", "person"], number)
        query = """SELECT json_build_object('ended', t.ended_why, 'speaker', t.speaker,
            'cases', (SELECT count(*) FROM cases WHERE thread_id = t.id),
            'said', (SELECT json_agg(text ORDER BY text) FROM messages
                     WHERE thread_id = t.id AND by = 'customer' AND kind <> 'event'))
            FROM threads t JOIN customers c ON c.id = customer_id WHERE c.handle = :handle"""
        return await town.value(query, handle=story.who.handle)

    orders = [steps, steps[::-1], [steps[1], steps[0], steps[2]], [steps[2], steps[0], steps[1]]]
    ends = [await end(order, 7000 + number) for number, order in enumerate(orders)]
    assert all(one == ends[0] for one in ends)


async def test_many_people_at_once_in_many_connections_wait_for_nobody_for_ever(town: Town) -> None:
    """Each thread's updates come twice, and six hands work on them at once: no deadlock, nothing twice."""
    who = [MARA, JOSE, *(Author(f"6{number}", None, "Somebody") for number in range(6))]
    for one in who:
        await town.offered(one)
    tokens = {one: town.street.offers[number].token for number, one in enumerate(who)}
    for one in who:
        events: list[Event] = [
            click(one, tokens[one]),
            click(TROLL, tokens[one]),
            line(one, "hm"),
            post(one),
            line(one, "stop"),
        ]
        await town.flow.take([update(event) for event in events for _ in range(2)])

    async def hand() -> None:
        while await town.value("SELECT count(*) FROM updates WHERE handled_at IS NULL"):
            await town.one_round()

    async with asyncio.timeout(60):
        await asyncio.gather(*(hand() for _ in range(6)))
    await town.work()
    assert await town.value(CLEAN) == 0
    assert await town.value("SELECT count(*) FROM promises WHERE stopped_at IS NOT NULL") == len(who)
    assert len(town.street.offers) == len(who)
