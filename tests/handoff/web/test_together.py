"""Many who ask at once are one question."""

import asyncio
from dataclasses import dataclass

from handoff.web.together import Kept, Together


class Record:
    """Counts how often it is asked, and answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def __call__(self) -> int:
        self.asked += 1
        number = self.asked
        await self.may_answer.wait()
        return number


async def test_two_hundred_who_ask_at_once_are_one_question() -> None:
    record = Record()
    together = Together(record)
    record.may_answer.set()
    assert await asyncio.gather(*(together() for _ in range(200))) == [1] * 200
    assert record.asked == 1


async def test_who_comes_while_an_answer_is_on_its_way_gets_the_next_one() -> None:
    record = Record()
    together = Together(record)
    first = asyncio.create_task(together())
    await asyncio.sleep(0.01)
    late = [asyncio.create_task(together()) for _ in range(3)]
    await asyncio.sleep(0.01)
    record.may_answer.set()
    assert await first == 1
    assert await asyncio.gather(*late) == [2, 2, 2], "what was true when they came"


async def test_who_goes_away_does_not_take_the_answer_with_them() -> None:
    record = Record()
    together = Together(record)
    gone, stays = (asyncio.create_task(together()) for _ in range(2))
    await asyncio.sleep(0.01)
    gone.cancel()
    record.may_answer.set()
    assert await stays == 1


@dataclass
class Answer:
    """Read at a moment."""

    moment: int


class Reading:
    """A record that changes with each question."""

    def __init__(self) -> None:
        self.now = 0

    async def __call__(self) -> Answer:
        self.now += 10
        return Answer(self.now)


async def test_an_answer_is_kept_for_those_for_whom_it_is_new_enough() -> None:
    kept = Kept(Reading(), lasts=60)
    assert (await kept(since=5)).moment == 10, "there was none yet"
    assert (await kept(since=10)).moment == 10
    assert (await kept(since=11)).moment == 20
    assert (await kept(since=11)).moment == 20
    assert (await kept()).moment == 30, "who says nothing gets what was asked for after they came"


async def test_who_says_what_must_be_in_the_answer_waits_for_the_one_that_is_on_its_way() -> None:
    record = Record()

    async def reading() -> Answer:
        return Answer(10 * await record())

    kept = Kept(reading, lasts=60)
    first = asyncio.create_task(kept(since=5))
    await asyncio.sleep(0.01)
    late = [asyncio.create_task(kept(since=since)) for since in (9, 11, None)]
    await asyncio.sleep(0.01)
    record.may_answer.set()
    assert (await first).moment == 10
    assert [answer.moment for answer in await asyncio.gather(*late)] == [10, 20, 20]
    assert record.asked == 2


async def test_an_answer_that_is_too_old_is_good_for_nobody() -> None:
    now = 100.0
    kept = Kept(Reading(), lasts=5, clock=lambda: now)
    assert (await kept(since=1)).moment == 10
    now += 4
    assert (await kept(since=1)).moment == 10
    now += 2
    assert kept.is_over
    assert (await kept(since=1)).moment == 20
