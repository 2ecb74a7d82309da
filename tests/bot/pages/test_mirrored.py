"""Pages in a language that runs from right to left."""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from playwright.async_api import expect

from bot.brand import Brand
from bot.pages.app import create_app
from bot.pages.speak import FOLDER
from tests.bot.pages.test_in_chromium import PHONE
from tests.bot.pages.world import World, chatting, offered
from tests.browser import Browse, axe, serving


def from_right_to_left(folder: Path) -> Path:
    """Catalogues in a made-up Arabic: every sentence of ours after a word of it."""
    with (FOLDER / "de" / "LC_MESSAGES" / "pages.po").open("rb") as file:
        ours = read_po(file)
    catalog = Catalog(locale="ar")
    for message in ours:
        if isinstance(message.id, str) and message.id:
            catalog.add(message.id, f"مرحبا {message.id}")
        elif message.id:
            catalog.add(message.id, tuple(f"مرحبا {message.id[1]}" for _ in range(catalog.num_plurals)))
    there = folder / "ar" / "LC_MESSAGES"
    there.mkdir(parents=True)
    with (there / "pages.po").open("wb") as file:
        write_po(file, catalog)
    return folder


def in_arabic(brand: Brand) -> Brand:
    """The brand, as if it spoke Arabic too."""
    said = brand.model_dump()
    for words in (said["offer"], *(said["consent"][one] for one in ("talk", "link", "keep", "articles", "training"))):
        words["ar"] = words["en"]
    return Brand.model_validate(said)


async def test_k10_pages_in_a_language_from_right_to_left_are_mirrored(
    world: World, browse: Browse, tmp_path: Path
) -> None:
    _, link = await offered(world)
    here = world.app.state.site
    brand, catalogues = in_arabic(here.brand), from_right_to_left(tmp_path)
    app = create_app(world.settings, brand, world.database, world.flow, world.live, catalogues)
    async with serving(app) as origin:
        context = await browse(viewport=PHONE, locale="ar", expected=("Failed to load resource",))
        page = await context.new_page()
        for path in ("/square", "/privacy", "/verify", link, link.replace("/h/", "/stop/")):
            await page.goto(f"{origin}{path}")
            await expect(page.locator("html")).to_have_attribute("dir", "rtl")
            await expect(page.locator("html")).to_have_attribute("lang", "ar")
            box = await page.locator(".brand").bounding_box()
            assert box
            assert box["x"] > PHONE["width"] / 2
            assert await page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
            await axe(page)
        await expect(page.get_by_role("heading", name="مرحبا")).to_be_visible()


async def test_k10_the_chat_of_somebody_who_writes_from_right_to_left_is_mirrored(
    world: World, browse: Browse, tmp_path: Path
) -> None:
    mara, link = await chatting(world)
    await mara.post(f"{link}/say", data={"text": "مرحبا"})
    here = world.app.state.site
    app = create_app(
        world.settings, in_arabic(here.brand), world.database, world.flow, world.live, from_right_to_left(tmp_path)
    )
    async with serving(app) as origin:
        context = await browse(viewport=PHONE, expected=("Failed to load resource",))
        await context.add_cookies(
            [{"name": one.name, "value": one.value or "", "url": origin} for one in mara.cookies.jar]
        )
        page = await context.new_page()
        await page.goto(f"{origin}{link}?lang=ar")
        mine, theirs = page.locator(".mine .said").first, page.locator(".bot .said").first
        left, right = await mine.bounding_box(), await theirs.bounding_box()
        assert left
        assert right
        assert left["x"] < 40
        assert right["x"] + right["width"] > PHONE["width"] - 40
        await axe(page)
        await context.close()
        world.live.close()
