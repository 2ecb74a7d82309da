"""The landing page: what it offers, how light it is, and what it keeps to itself."""

import re

from tests.bot.doorstep import Doorstep
from tests.bot.pages.world import World, offered, words
from tests.bot.town import Town
from tests.cast import MARA


async def test_the_landing_page_is_light_and_asks_nobody_else(world: World) -> None:
    mara, link = await offered(world)
    landing = await mara.get(link)
    assert "set-cookie" not in landing.headers
    assert landing.headers["referrer-policy"] == "no-referrer"
    assert 'content="noindex, nofollow"' in landing.text
    assert "<script" not in landing.text
    parts = set(re.findall(r'(?:href|src)="(/static[^"#]+)', landing.text))
    assert not re.findall(r'(?:href|src)="(?:https?:)?//', landing.text)
    sizes = [len((await mara.get(part)).content) for part in parts]
    assert len(parts) == 2
    assert len(landing.content) + sum(sizes) < 30_000


async def test_the_landing_of_a_post_on_telegram_leads_there(town: Town, doorstep: Doorstep) -> None:
    token = await town.offered(MARA)
    page = await doorstep.browser().get(f"/h/{token}")
    assert page.status_code == 200
    assert "It is about something that you posted on Telegram." in words(page.text)
    assert "Go on in Telegram" in words(page.text)
    assert "Chat here now" not in page.text
    assert "/prove/" not in page.text
    for secret in (MARA.name or "", MARA.handle or "", "parcel"):
        assert secret not in page.text


async def test_the_landing_of_a_post_on_x_offers_two_ways_and_tells_nothing(doorstep: Doorstep) -> None:
    link = await doorstep.offered(MARA)
    page = await doorstep.browser().get(link)
    assert re.findall(r'action="([^"]+)"', page.text) == [
        f"{link}/prove/sign-in",
        f"{link}/prove/code",
        link.replace("/h/", "/stop/"),
    ]
    assert "It is about something that you posted on X." in words(page.text)
    assert not re.search(r"\b20\d\d\b", words(page.text))
    for secret in (MARA.name or "", MARA.handle or "", "parcel"):
        assert secret not in page.text
