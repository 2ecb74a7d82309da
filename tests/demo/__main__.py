"""Knock with a team and some forty customers in every state: `make demo`. Nothing of it is kept."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.progress import Progress

from tests.demo.customers import Person, customer, live, people
from tests.demo.knock import MODELS, Demo, started
from tests.demo.pictures import take
from tests.demo.team import TEAM, Desk, assemble
from tests.peers.fake_telegram import FakeTelegram
from tests.peers.fake_x import FakeX
from tests.stories import Customer, OnSquare, OnTelegram, until

AT_ONCE = 4
"""Customers who talk at the same time."""
CLOSED = ("solved", "unsolved", "silent")
"""The fates of customers whose case is closed."""
GUIDE = """\

[b]Forty people asked for help, and four colleagues look after them.[/b] All of them are made up.

  The inbox     {inbox}/inbox
                {team}
  The square    {square}/square   post there as somebody new, and see what happens
  X, pretended  {x}

Ctrl-C ends it all, and nothing of it is kept."""
console = Console(highlight=False)


async def fill(demo: Demo, everybody: Sequence[Person]) -> set[str]:
    """Let everybody come, a few at a time, and then the team do its work. Who has a case in the end."""
    desks = await assemble(demo.inbox, demo.first_link)
    await desks["Ana"].save_replies()
    customers = {
        one.name: customer(one, number, demo.pages, demo.telegram, demo.x) for number, one in enumerate(everybody, 1)
    }
    with Progress(console=console, transient=True) as progress:
        coming = progress.add_task("Customers come", total=len(everybody))
        gate = asyncio.Semaphore(AT_ONCE)

        async def come(number: int, one: Person) -> None:
            async with gate:
                try:
                    await live(one, customers[one.name], number)
                except TimeoutError:
                    heard = await customers[one.name].heard()
                    console.print(f"{one.name} ({one.channel}) waited too long; last heard: {heard[-1:]}", markup=False)
                progress.advance(coming)

        async with asyncio.TaskGroup() as tasks:
            for number, one in enumerate(everybody, 1):
                tasks.create_task(come(number, one))
        working = progress.add_task("The team works", total=len(everybody))
        for one in everybody:
            await work(one, customers[one.name], desks)
            progress.advance(working)
    cases = set(await desks["Lena"].cases())
    for browser in [
        *(desk.browser for desk in desks.values()),
        *(one.browser for one in customers.values() if isinstance(one, OnSquare)),
    ]:
        await browser.aclose()
    return cases


async def work(person: Person, one: Customer, desks: dict[str, Desk]) -> None:
    """What the team does for a customer, and what they say to it."""
    desk = desks[person.agent or "Lena"]
    thread = (await desk.cases()).get(person.name)
    if thread is None:
        return
    await desk.work_on(thread, person)
    if person.then or person.fate in CLOSED:
        await until(lambda: _was_told(one, person.reply), 60)
    if person.then:
        await one.say(person.then)
    if person.fate in CLOSED:
        await desk.close(thread)
    if person.fate in ("solved", "unsolved"):
        await _say_whether(one, person.fate == "solved")
    if person.fate == "forgotten" and isinstance(one, OnSquare):
        await one.delete_all()


async def _was_told(one: Customer, reply: str) -> bool:
    return any(reply[:20] in line for line in await one.heard())


async def _say_whether(one: Customer, solved: bool) -> None:
    if isinstance(one, OnSquare):
        await one.answer_whether_solved(solved)
    elif isinstance(one, OnTelegram):
        await one.say("Yes, it is solved" if solved else "No, it is not solved")


@click.command()
@click.option(
    "--pictures", type=click.Path(path_type=Path), help="Take pictures for the README into this folder, and end."
)
def main(pictures: Path | None) -> None:
    """Run all of it until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        TemporaryDirectory(prefix="knock-demo-", ignore_cleanup_errors=True) as folder,
        FakeTelegram() as telegram,
        FakeX.to_try(9020) as x,
        started(Path(folder), MODELS, telegram, x, console) as demo,
    ):
        asyncio.run(fill(demo, people()))
        if pictures:
            asyncio.run(take(demo, pictures))
            return
        team = "\n                ".join(f"{who.email} ({who.role}), password: {who.password}" for who in TEAM)
        console.print(GUIDE.format(inbox=demo.inbox, square=demo.pages, x=x.url, team=team), soft_wrap=True)
        with suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    main()
