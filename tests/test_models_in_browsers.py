"""A version of the model, from its training to the next customer, as an admin sees it: `knock up` and real browsers."""

import asyncio
import re
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import text

from handoff import examples, intents
from handoff.database import Database
from tests.browser import Browse
from tests.knock_process import KnockProcess, trained
from tests.test_flow_in_browsers import complain, first_admin

pytestmark = pytest.mark.timeout(1800)

MINUTES = 600_000
SOON = 5_000
"""Milliseconds until a promotion reaches those who talk."""

DEAD = (
    "it arrived broken and does not switch on",
    "it came broken and will not switch on",
    "mine arrived broken and it does not turn on",
    "it arrived dead and never switched on",
    "broken on arrival, it does not start",
    "it does not switch on since it arrived",
    "arrived broken, does not switch on, can somebody help",
    "it was broken when it arrived and does not switch on",
    "new and broken, it does not switch on",
    "the new one arrived broken and stays off",
)
OLD, NEW = "something is wrong with your product", "it was dead on arrival"


async def teach(database: Database) -> None:
    """Admins made an intent of its own for what arrives broken."""
    async with database.transaction("test.teach") as session:
        await intents.create(session, "dead_on_arrival", None, wordings={"en": NEW})
        for text in DEAD:
            await examples.add(session, text, "dead_on_arrival", "en", source="admin", by=None, move=True)


async def chat(page: Page) -> None:
    """A customer takes the offer."""
    await page.get_by_role("link", name="Need help? Click here").click()
    await page.get_by_role("button", name="Chat here now").click()
    await expect(page.get_by_role("log")).to_contain_text(OLD, timeout=60_000)


async def say(page: Page, text: str) -> None:
    await page.get_by_label("Your message").fill(text)
    await page.get_by_role("button", name="Send").click()


def secrets_of(knock: KnockProcess) -> set[str]:
    """What only Rasa's processes and we may know."""
    found = {
        one.environ().get("KNOCK_RASA_TOKEN", "") for one in knock.children() if one.status() != psutil.STATUS_ZOMBIE
    }
    return {one for one in found if one} | {"the secret of this test"}


async def test_a3_a_training_is_watched_to_its_end_and_its_version_answers_the_next_customer(
    browse: Browse, home: Path, database: Database, database_url: str
) -> None:
    """A3, A5, A6, A7, A8 and A14 in one story: to train anew for each would take minutes."""
    folder = await asyncio.to_thread(trained, home, rasa=True)
    with KnockProcess(folder, database_url=database_url, secret="the secret of this test", undo_seconds="0") as knock:
        await asyncio.to_thread(knock.wait_until, knock.is_healthy, "its pages never answered")
        await asyncio.to_thread(knock.wait_for, "/join/")
        ana = await first_admin(await browse(), knock)
        await asyncio.to_thread(knock.wait_for, "Rasa is ready")
        mara = await complain(await browse(), knock)
        await chat(mara)
        await teach(database)
        models = f"http://localhost:{knock.inbox_port}/admin/nlu/models"

        await train(ana)
        await compare(ana)
        await promote(ana)
        await say(mara, "No")
        await say(mara, "it arrived broken and does not switch on")
        await expect(mara.get_by_role("log")).to_contain_text(NEW, timeout=60_000)

        await ana.goto(models)
        seen = [await ana.content(), *[await page(ana, f"{models}{path}") for path in ("/2", "/2/promote")]]
        secrets = secrets_of(knock)
        assert len(secrets) == 2, "the secret and the token of Rasa"
        assert not [one for one in secrets for html in seen if one in html], "a14: no secret stands on a page"

        await ana.goto(models)
        await ana.get_by_role("button", name="Roll back to version 1").click()
        await expect(ana.locator("#models")).to_contain_text("by Ana: “rolled back”")
        await expect(ana.locator("#models")).not_to_contain_text("is being loaded", timeout=SOON)
        noor = await complain(await browse(), knock)
        await chat(noor)
        for one in (ana, mara, noor):
            await one.context.close()


async def page(ana: Page, address: str) -> str:
    await ana.goto(address)
    return await ana.content()


async def train(ana: Page) -> None:
    """Press the button, see it rise, load the page anew, and come to the comparison by itself."""
    await ana.keyboard.press("g")
    await ana.keyboard.press("t")
    await ana.wait_for_url(re.compile("/admin/nlu/review"))
    await ana.locator("#main").get_by_role("link", name="Train", exact=True).click()
    await ana.get_by_role("button", name="Train a version").click()
    bar = ana.get_by_role("progressbar", name="Training")
    seen = {int(await bar.get_attribute("value") or 0)}
    async with asyncio.timeout(MINUTES / 1000):
        while len(seen) < 3:
            await asyncio.sleep(0.5)
            seen.add(int(await bar.get_attribute("value") or 0))
    await ana.reload()
    assert int(await bar.get_attribute("value") or 0) >= max(seen) - 1, "it survives that the page is loaded anew"
    await expect(ana.locator("#training")).to_contain_text("started by Ana")
    await ana.wait_for_url(re.compile("/models/2/compare/1"), timeout=MINUTES)


async def compare(ana: Page) -> None:
    """Both name the same test set, the matrix loses nobody, and a cell has exactly its utterances."""
    sentence = await ana.locator(".top .mut").inner_text()
    size = re.search(r"Both scored on the same frozen test set \(([\d,]+) utterances, set 1\)", sentence)
    assert size, sentence
    counts = await ana.locator("#matrix [data-count]").evaluate_all(
        "cells => cells.map(cell => Number(cell.dataset.count))"
    )
    assert sum(counts) == int(size[1].replace(",", ""))
    cell = ana.locator("#matrix [class^=heat] a").first
    count = int(await cell.inner_text())
    await cell.click()
    await expect(ana.locator(".utterances li")).to_have_count(count)
    await ana.go_back()


async def promote(ana: Page) -> None:
    """It takes away from an intent, so a reason is needed; the pages say when it is at work."""
    await ana.get_by_role("link", name="Promote version 2…").click()
    await expect(ana.get_by_role("heading", name="What gets worse")).to_be_visible()
    await ana.get_by_label("Why").fill("Broken parcels come first")
    await ana.get_by_role("button", name="Put version 2 to work").click()
    await expect(ana.locator("#models")).to_contain_text("Broken parcels come first")
    await expect(ana.locator("#models")).not_to_contain_text("is being loaded", timeout=SOON)
    await ana.goto(re.sub(r"/admin.*", "/admin/audit", ana.url))
    await expect(ana.locator("main")).to_contain_text("promote model")
    await expect(ana.locator("main")).to_contain_text("Broken parcels come first")


async def test_killed_in_the_middle_of_a_training_nothing_is_lost_and_it_is_taken_up(
    browse: Browse, home: Path, database: Database, database_url: str
) -> None:
    folder = await asyncio.to_thread(trained, home, rasa=True)
    settings = {"database_url": database_url, "secret": "the secret of this test"}
    with KnockProcess(folder, **settings) as knock:
        await asyncio.to_thread(knock.wait_until, knock.is_healthy, "its pages never answered")
        await asyncio.to_thread(knock.wait_for, "/join/")
        ana = await first_admin(await browse(expected=("ERR_CONNECTION_REFUSED", "Failed to load")), knock)
        await asyncio.to_thread(knock.wait_for, "Rasa is ready")
        await ana.goto(f"http://localhost:{knock.inbox_port}/admin/nlu/train")
        await ana.get_by_role("button", name="Train a version").click()
        await expect(ana.locator("#training")).to_contain_text("Training RulePolicy", timeout=MINUTES)
        await ana.context.close()
        training = [child for child in knock.children() if "train" in child.cmdline()]
        assert training
        knock.process.kill()
        assert not psutil.wait_procs(training, timeout=10)[1], "what it trained with ends with it"
    assert not [path.name for path in (folder / "models").glob("model-*")], "nothing half made"
    async with database.reading() as session:
        state = (await session.execute(text("SELECT state FROM trainings ORDER BY id DESC LIMIT 1"))).scalar_one()
    assert state == "running"
    with KnockProcess(folder, output="again", **settings) as knock:
        await asyncio.to_thread(knock.wait_for, "Rasa is ready")
        async with asyncio.timeout(MINUTES / 1000):
            while True:
                async with database.reading() as session:
                    last = (
                        await session.execute(text("SELECT state, tries FROM trainings ORDER BY id DESC LIMIT 1"))
                    ).one()
                if last.state != "running":
                    break
                await asyncio.sleep(0.5)
        assert tuple(last) == ("done", 2)
        async with database.reading() as session:
            live = (await session.execute(text("SELECT version FROM promotions"))).scalars().all()
        assert list(live) == [1], "nothing half promoted"
