"""Many who ask at once are one question."""

import asyncio

from handoff.web.together import Together


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
