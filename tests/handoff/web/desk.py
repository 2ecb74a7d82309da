"""An agent's desk: the inbox in a real browser, and what is done there in many tests."""

from typing import Any

from playwright.async_api import Page, expect
from sqlalchemy import select

from handoff.models import Message
from tests.browser import Browse
from tests.cast import BEN, Colleague
from tests.handoff.web.conftest import Inbox

HANDLED = (r"ERR_", r"status of (401|409|422|500)")
"""What Chromium says in its console although the page handles it: refusals and lost connections."""


async def desk(inbox: Inbox, url: str, browse: Browse, path: str, who: Colleague = BEN, **options: Any) -> Page:
    """A page of the inbox in the browser of somebody who is signed in, with its scripts running."""
    context = await browse(expected=HANDLED, **options)
    await inbox.sit_down(context, who, url)
    page = await context.new_page()
    await page.goto(url + path)
    await expect(page.locator("html.js")).to_be_attached()
    return page


async def write(page: Page, text: str) -> None:
    """Write in the composer and send."""
    await page.get_by_label("Your text").fill(text)
    await page.keyboard.press("Control+Enter")


async def said(inbox: Inbox, text: str) -> list[Message]:
    """The messages with these words that were written down."""
    async with inbox.database.reading() as session:
        return list(await session.scalars(select(Message).where(Message.text == text)))
