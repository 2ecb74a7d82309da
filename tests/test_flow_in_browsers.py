"""The story as its people see it: `knock up` for real, a customer in one browser, an agent in another."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser import Browse
from tests.cast import ANA
from tests.knock_process import KnockProcess, trained
from tests.on_x import settings_on
from tests.peers.fake_x import FakeX

COMPLAINT = "Hey @northwind_help, it arrived broken and does not switch on. Can somebody help me?"


async def first_admin(browser: BrowserContext, knock: KnockProcess) -> Page:
    """Ana follows the link that Knock printed at its first start."""
    link = re.search(r"http://localhost:\d+/join/\S+", knock.output)
    assert link, knock.output
    page = await browser.new_page()
    await page.goto(link[0])
    await page.get_by_label("Your name").fill(ANA.name)
    await page.get_by_label("Email address").fill(ANA.email)
    await page.get_by_label("Password").fill(ANA.password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/inbox"))
    return page


async def complain(browser: BrowserContext, knock: KnockProcess, name: str = "Mara") -> Page:
    """Somebody picks a name on the square and says what happened."""
    page = await browser.new_page()
    await page.goto(f"http://localhost:{knock.port}/square")
    await page.get_by_label("Your name here").fill(name)
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_label("Start a topic").fill(COMPLAINT)
    await page.get_by_role("button", name="Post").click()
    return page


async def talk(page: Page) -> None:
    """Mara takes the offer and answers the bot."""
    await page.get_by_role("link", name="Need help? Click here").click()
    await page.get_by_role("button", name="Chat here now").click()
    await answer_the_bot(page)


async def answer_the_bot(page: Page) -> None:
    """Mara answers what the bot asks."""
    log = page.get_by_role("log")
    await expect(log).to_contain_text("Is that right?", timeout=30_000)
    await page.get_by_role("button", name="Yes", exact=True).click()
    await expect(log).to_contain_text("Which product")
    for line, answer in (("the lamp", "order number"), ("NW-20418", "number 1 in the line")):
        await page.get_by_label("Your message").fill(line)
        await page.get_by_role("button", name="Send").click()
        await expect(log).to_contain_text(answer)


async def take_and_reply(ana: Page) -> None:
    """Ana finds the case with all that was said, takes it and replies."""
    await ana.get_by_role("link", name=re.compile("Mara")).click()
    await expect(ana.get_by_text(COMPLAINT).first).to_be_visible()
    await expect(ana.locator("body")).to_contain_text("NW-20418")
    await ana.get_by_role("button", name="Claim").click()
    await ana.get_by_label("Your text").fill("Hello Mara, a new lamp is on its way.")
    await ana.get_by_role("button", name="Send reply").click()


@pytest.mark.timeout(300)
async def test_a_post_on_the_square_becomes_a_case_that_an_agent_answers(browse: Browse, home: Path) -> None:
    with KnockProcess(await asyncio.to_thread(trained, home, rasa=True), undo_seconds="0") as knock:
        knock.wait_until(knock.is_healthy, "its pages never answered")
        knock.wait_for("/join/")
        ana = await first_admin(await browse(), knock)
        knock.wait_for("Rasa is ready")
        mara = await complain(await browse(), knock)
        await talk(mara)

        await take_and_reply(ana)
        await expect(mara.get_by_role("log")).to_contain_text("a new lamp is on its way")
        await expect(mara.get_by_role("heading", name=ANA.name)).to_be_visible()
        await mara.get_by_label("Your message").fill("Thank you!")
        await mara.get_by_role("button", name="Send").click()
        await expect(ana.locator("#team")).to_contain_text("Thank you!")
        await mara.context.close()
        await ana.context.close()
        assert knock.end() == 0


@pytest.mark.timeout(300)
async def test_a_mention_on_x_becomes_a_case_that_an_agent_answers_and_no_stranger_sees(
    browse: Browse, home: Path
) -> None:
    with FakeX() as x:
        settings = {name: str(value) for name, value in settings_on(x, x_poll_seconds=2, undo_seconds=0).items()}
        knock = KnockProcess(await asyncio.to_thread(trained, home, rasa=True), **settings)
        x.redirect_uris.append(f"http://localhost:{knock.port}/proof/x")
        with knock:
            knock.wait_until(knock.is_healthy, "its pages never answered")
            knock.wait_for("/join/")
            ana = await first_admin(await browse(), knock)
            knock.wait_for("Rasa is ready")
            x.person("Noor")
            x.post("Mara", COMPLAINT)
            await asyncio.to_thread(knock.wait_until, lambda: bool(x.sent), "X was never answered")

            noor = await sign_in_with_x(await browse(expected=("403", "400")), x.sent[0].links[0], "Noor")
            await expect(noor.locator("main")).to_contain_text("made for somebody else")
            mara = await sign_in_with_x(await browse(), x.sent[0].links[0], "Mara")
            await answer_the_bot(mara)
            await take_and_reply(ana)
            await expect(mara.get_by_role("log")).to_contain_text("a new lamp is on its way")
            await noor.reload()
            assert "lamp" not in await noor.content()
            assert len(x.sent) == 1
            for page in (ana, mara, noor):
                await page.context.close()
            assert knock.end() == 0


async def sign_in_with_x(browser: BrowserContext, link: str, name: str) -> Page:
    """Somebody opens the link of the one reply, and says on X who they are."""
    page = await browser.new_page()
    await page.goto(link)
    await page.get_by_role("button", name="Sign in with X").click()
    await page.get_by_role("button", name=re.compile(name)).click()
    await page.wait_for_url(re.compile("localhost"))
    return page
