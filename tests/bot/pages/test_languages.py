"""In which language the pages speak, and which way they run."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import text

from bot.pages.speak import Languages, ngettext, span, spoken
from tests.bot.doorstep import Doorstep
from tests.bot.pages.world import World, chatting, offered, words
from tests.cast import MARA


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("de", "de"),
        ("el-GR,el;q=0.9,en;q=0.8", "el"),
        ("ja, fr;q=0.4, es;q=0.6", "es"),
        ("en;q=0, fr;q=0.1", "fr"),
        ("ja", "en"),
        ("", "en"),
        (";q=x,,*;q=", "en"),
    ],
)
async def test_k10_the_language_follows_accept_language(world: World, accepted: str, spoken: str) -> None:
    page = await world.visitor().get("/privacy", headers={"Accept-Language": accepted})
    assert f'<html lang="{spoken}" dir="ltr">' in page.text


async def test_a_language_in_the_address_comes_first(world: World) -> None:
    page = await world.visitor().get("/privacy?lang=fr", headers={"Accept-Language": "de"})
    assert '<html lang="fr"' in page.text
    page = await world.visitor().get("/privacy?lang=tlh", headers={"Accept-Language": "de"})
    assert '<html lang="de"' in page.text
    assert words(page.text)


async def test_the_author_reads_the_language_of_the_thread_and_a_stranger_their_own(world: World) -> None:
    mara, link = await offered(world)
    async with world.database.transaction("test") as session:
        await session.execute(text("UPDATE threads SET language = 'el'"))
    for visitor, theirs in ((mara, "el"), (world.visitor(), "fr")):
        page = await visitor.get(link, headers={"Accept-Language": "fr"})
        assert f'<html lang="{theirs}"' in page.text
    assert '<html lang="de"' in (await mara.get(f"{link}?lang=de")).text
    assert "Συνομιλία εδώ, τώρα" in words((await mara.get(link)).text)


async def test_what_was_agreed_to_is_kept_in_the_language_that_it_was_read_in(world: World) -> None:
    mara, link = await offered(world)
    landing = await mara.get(f"{link}?lang=de")
    await mara.post(unescape(re.findall(r'action="(/h/[^"]+)"', landing.text)[0]))
    async with world.database.reading() as session:
        wording = await session.scalar(text("SELECT wording FROM opt_ins"))
    assert str(wording).startswith("Du chattest privat")
    assert str(wording) in words(landing.text)


@pytest.mark.parametrize("language", ["en", "es", "de", "fr", "el"])
async def test_every_page_can_be_said_in_every_language(world: World, language: str) -> None:
    mara, link = await chatting(world)
    await world.agent_replies("Hello")
    await world.work()
    stop = link.replace("/h/", "/stop/")
    for path in ("/square", "/square/t/1", "/privacy", "/verify", "/nothing", link, f"{link}/yours", stop):
        page = await mara.get(f"{path}?lang={language}")
        assert f'<html lang="{language}"' in page.text
        assert "%(" not in page.text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "3,000 people are waiting"), ("de", "warten 3.000 Personen"), ("fr", "3 000 personnes")],
)
def test_numbers_are_written_as_in_the_language(language: str, said: str) -> None:
    Languages(["en", "de", "fr"]).begin(language, "")
    found = ngettext("Right now one person is waiting.", "Right now %(num)s people are waiting.", 3000)
    assert said in re.sub(r"\s", " ", found)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, "1 second"), (89, "89 seconds"), (91, "2 minutes"), (3600, "60 minutes"), (7200, "2 hours")],
)
def test_a_stretch_of_time_is_rounded_up(seconds: int, said: str) -> None:
    Languages(["en"]).begin("en", "")
    assert span(timedelta(seconds=seconds)) == said


async def test_a_chosen_language_stays(world: World) -> None:
    mara, link = await chatting(world)
    page = await mara.get(f"{link}?lang=fr")
    links = re.findall(r'<(?:a|form)\b[^>]*(?:href|action)="(/[^"]*)"', page.text)
    assert len(links) >= 5
    assert all("lang=fr" in unescape(leads) for leads in links)
    said = await mara.post(unescape(next(leads for leads in links if "/say" in leads)), data={"text": "Bonjour"})
    assert said.url.query == b"lang=fr"
    assert said.url.fragment == "end"
    assert '<html lang="fr"' in said.text
    assert 'href="?page=1&amp;answer=1&amp;lang=fr#write"' in (await mara.get("/square/t/1?lang=fr")).text
    assert "lang=" not in re.sub(r"hreflang=|\slang=", "", (await mara.get(link)).text)


async def test_who_goes_elsewhere_to_sign_in_takes_no_language_along(doorstep: Doorstep) -> None:
    link, browser = await doorstep.offered(MARA), doorstep.browser()
    left = await browser.post(f"{link}/prove/sign-in?lang=de")
    assert left.status_code == 303
    assert "lang=" not in left.headers["location"]
    asked = await browser.post(f"{link}/prove/code?lang=de")
    assert asked.headers["location"] == f"{link}/prove/code?lang=de"


@pytest.mark.parametrize(("wanted", "spoken_by_all"), [(["it"], "en"), (["de", "it", "en"], "de"), (["fr"], "fr")])
def test_who_speaks_none_of_ours_reads_the_brands_first_language_that_we_have(
    wanted: list[str], spoken_by_all: str
) -> None:
    Languages(wanted).begin("", "ja")
    assert spoken().tag == spoken_by_all
