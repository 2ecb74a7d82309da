"""The pictures of the README, taken of the demonstration in a real browser."""

import re
import shutil
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from tests.browser import ARGUMENTS
from tests.cast import BEN
from tests.demo.knock import Demo

DESK = {"viewport": {"width": 1440, "height": 900}, "reduced_motion": "reduce", "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "reduced_motion": "reduce", "device_scale_factor": 2}


async def take(demo: Demo, folder: Path) -> None:
    """The inbox at a thread, and the page where a customer learns what the offer is about."""
    folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        path = shutil.which("chromium") or playwright.chromium.executable_path
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        await _inbox(browser, demo, folder / "inbox.png")
        await _landing(browser, demo, folder / "landing.png")
        await browser.close()


async def _inbox(browser: Browser, demo: Demo, picture: Path) -> None:
    page = await (await browser.new_context(**DESK)).new_page()  # type: ignore[arg-type]
    await _sign_in(page, demo)
    await page.get_by_role("link", name=re.compile("^Mara")).click()
    await expect(page.locator("#thread-title")).to_be_visible()
    await page.mouse.move(720, 5)
    await page.screenshot(path=picture)


async def _sign_in(page: Page, demo: Demo) -> None:
    await page.goto(f"{demo.inbox}/login")
    await page.get_by_label("Email").fill(BEN.email)
    await page.get_by_label("Password").fill(BEN.password)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile("/inbox"))


async def _landing(browser: Browser, demo: Demo, picture: Path) -> None:
    """The link of somebody who did not use it."""
    link = next(sent.links[0] for sent in demo.x.sent if sent.answers is not None and "late again" in sent.answers.text)
    page = await (await browser.new_context(**PHONE)).new_page()  # type: ignore[arg-type]
    await page.goto(link)
    await page.screenshot(path=picture, full_page=True)
