"""In which language the pages speak, and which way they run."""

import pytest

from tests.bot.pages.world import World, words


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
