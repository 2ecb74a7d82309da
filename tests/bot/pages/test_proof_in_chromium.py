"""Proof in a real browser, with and without scripts: signing in on our fake X, and a code that is noticed by itself."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from playwright.async_api import Page, expect

from bot.channel import Author
from bot.channels.x import sign_in
from bot.settings import BotSettings
from tests.bot.channels.conftest import until
from tests.bot.doorstep import WRONG_PERSON, Doorstep
from tests.bot.pages.test_in_chromium import PHONE, looks_right
from tests.bot.town import Town
from tests.browser import Browse, serving
from tests.cast import MARA, TROLL
from tests.peers.fake_x import FakeX


class Free:
    """Everything is paid for."""

    async def spend(self, item: str, units: int = 1) -> None:
        """No cent."""

    async def refund(self, item: str, units: int) -> None:
        """None either."""


@asynccontextmanager
async def open_door(town: Town, x: FakeX | None = None) -> AsyncIterator[Doorstep]:
    """The pages served, with their hints; where people sign in is the fake X, if there is one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    doorstep = Doorstep(town, f"http://localhost:{port}")
    if x:
        settings = BotSettings(
            public_url=doorstep.origin,
            x_api=x.url,
            x_sign_in_url=f"{x.url}/i/oauth2/authorize",
            x_client_id=x.credentials.client_id,
            x_client_secret=x.credentials.client_secret,
        )
        town.x.sign_in = sign_in(settings, Free())
        x.redirect_uris.append(f"{doorstep.origin}/proof/x")
    hints = asyncio.create_task(town.live.run())
    try:
        async with serving(doorstep.app, port):
            yield doorstep
            town.live.close()
    finally:
        hints.cancel()
        await asyncio.gather(hints, return_exceptions=True)


async def landing(doorstep: Doorstep, browse: Browse, author: Author, scripts: bool = True) -> Page:
    """Somebody opens the link of their offer on a phone."""
    link = await doorstep.offered(author)
    context = await browse(viewport=PHONE, java_script_enabled=scripts, expected=("Failed to load resource",))
    page = await context.new_page()
    await page.goto(f"{doorstep.origin}{link}")
    return page


def person(x: FakeX, name: str) -> Author:
    """Somebody on the fake X."""
    account = x.person(name)
    return Author(account.id, account.username, account.name)


async def test_the_author_signs_in_with_x_and_nobody_else_gets_in(town: Town, browse: Browse) -> None:
    """Chromium asks our content security policy whether the form may lead to X."""
    with FakeX() as x:
        mara, _ = person(x, "Mara"), person(x, "Noor")
        async with open_door(town, x) as doorstep:
            page = await landing(doorstep, browse, mara)
            link = page.url
            for answer, sentence in (
                ("Cancel", "You did not sign in, so nothing has happened."),
                ("Sign in as Noor", "This link was made for somebody else"),
            ):
                await page.goto(link)
                await page.get_by_role("button", name="Sign in with X").click()
                await page.get_by_role("button", name=answer).click()
                await expect(page.get_by_text(sentence)).to_be_visible()
                await looks_right(page)
            await page.goto(link)
            await page.get_by_role("button", name="Sign in with X").click()
            await page.get_by_role("button", name="Sign in as Mara").click()
            await expect(page.get_by_role("log")).to_be_visible()
            assert page.url.startswith(link)
            await page.go_back()
            await page.go_back()
            await page.goto(link)
            await expect(page.get_by_role("log")).to_be_visible()
            await page.get_by_role("button", name=re.compile("Sign out")).click()
            await expect(page.get_by_role("button", name="Sign in with X")).to_be_visible()


async def test_the_page_of_a_code_goes_on_by_itself_once_it_was_posted(town: Town, browse: Browse) -> None:
    async with open_door(town) as doorstep:
        page = await landing(doorstep, browse, MARA)
        await page.get_by_role("button", name="Post a code instead").click()
        field = page.get_by_label("Copy this")
        await expect(page.get_by_text("This page goes on by itself.")).to_be_visible()
        await looks_right(page)
        said = await field.input_value()
        await doorstep.posts(TROLL, said)
        await page.get_by_role("button", name="I have posted it, check now").click()
        await expect(page.get_by_role("alert")).to_contain_text("Your code has not reached us yet.")
        await looks_right(page)
        await doorstep.posts(MARA, said)
        await expect(page.get_by_role("log")).to_be_visible()


async def test_the_code_is_copied_by_one_press(town: Town, browse: Browse) -> None:
    async with open_door(town) as doorstep:
        page = await landing(doorstep, browse, MARA)
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.get_by_role("button", name="Post a code instead").click()
        await page.get_by_role("button", name="Copy").click()
        await expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = await page.evaluate("() => navigator.clipboard.readText()")
        assert re.fullmatch(r"@northwind_help [0-9A-Z]{6}", copied)


async def test_both_ways_work_without_scripts(town: Town, browse: Browse) -> None:
    with FakeX() as x:
        mara = person(x, "Mara")
        async with open_door(town, x) as doorstep:
            page = await landing(doorstep, browse, mara, scripts=False)
            link = page.url
            await page.get_by_role("button", name="Post a code instead").click()
            await expect(page.get_by_role("button", name="Copy")).to_be_hidden()
            await doorstep.posts(mara, await page.get_by_label("Copy this").input_value())
            await page.get_by_role("button", name="I have posted it, check now").click()
            await expect(page.get_by_role("log")).to_be_visible()
            await page.get_by_role("button", name=re.compile("Sign out")).click()
            await page.goto(link)
            await page.get_by_role("button", name="Sign in with X").click()
            await page.get_by_role("button", name="Sign in as Mara").click()
            await expect(page.get_by_role("log")).to_be_visible()


async def test_whoever_waits_for_a_code_hears_nothing_of_the_thread(town: Town) -> None:
    async with open_door(town) as doorstep:
        link, browser = await doorstep.offered(MARA), doorstep.browser()
        code = await doorstep.code(browser, link)
        heard: list[str] = []

        async def listen() -> None:
            address = f"{doorstep.origin}{link}/prove/live"
            listener = httpx.AsyncClient(cookies=browser.cookies, timeout=None)
            async with listener as client, client.stream("GET", address) as answer:
                async for line in answer.aiter_lines():
                    heard.append(line)

        listening = asyncio.create_task(listen())
        await asyncio.sleep(1)
        for _ in range(3):
            await doorstep.enters(code, TROLL)
            await asyncio.sleep(0.5)
        assert await doorstep.events() == [WRONG_PERSON]
        await until(lambda: "event: resync" in heard)
        assert "event: changed" not in heard
        await doorstep.enters(code, MARA)
        await until(lambda: "event: changed" in heard)
        assert (await browser.post(f"{link}/prove/enter")).status_code == 303
        await doorstep.enters(code, MARA)
        await asyncio.wait_for(listening, 60)
