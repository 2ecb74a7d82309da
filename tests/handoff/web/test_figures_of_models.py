"""The figures of a version beside those of another: what is said of a change is what the digits beside it show."""

import re

import httpx

from handoff import intents
from nlu.corpus import CorpusExample
from tests.bot.pages.world import words
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.versions import UTTERANCES, Answers, at_work, freeze, version

COMPARED = "/admin/nlu/models/2/compare/1"
MANY = 3000


def money(right: int, of: int, confidence: float = 0.9) -> Answers:
    """So many are right."""
    wrong = [("greet", "greet", confidence)] * (of - right)
    return {"refund": [("refund", "refund", confidence)] * right + wrong}


async def test_a_change_is_told_just_when_the_digits_beside_it_change(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await freeze(inbox.database, [CorpusExample(f"give me my money back {n}", "refund", "en") for n in range(MANY)])
    for right in (1999, 2000, 2001):
        await version(inbox.database, money(right, MANY))
    await at_work(inbox.database, 1)
    page = words((await ana.get(COMPARED)).text)
    assert "66.7% Accuracy ▲ 0.1 pts better" in page
    assert "0.80 Macro F1 no change" in page
    assert page.split("Utterances whose answer")[0].endswith("same ")
    page = words((await ana.get("/admin/nlu/models/3/compare/2")).text)
    assert "66.7% Accuracy no change" in page


async def test_a_change_of_the_calibration_has_as_many_digits_as_the_figure(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await freeze(inbox.database, UTTERANCES[:6])
    for confidence in (0.979, 0.975):
        await version(inbox.database, money(6, 6, confidence))
    await at_work(inbox.database, 1)
    assert "0.025 Calibration error ▲ 0.004 worse" in words((await ana.get(COMPARED)).text)


async def test_what_it_is_not_sure_of_asks_again_at_its_own_threshold_as_well(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await freeze(inbox.database, UTTERANCES[:6])
    answers: Answers = {"refund": [("nlu_fallback", "greet", 0.51), *money(5, 5)["refund"]]}
    await version(inbox.database, answers)
    page = words((await ana.get("/admin/nlu/models/1")).text)
    assert "16.7% Not sure, so it asks again" in page
    assert "At 35% it asks again about 16.7% and is wrong about 0.0%" in page
    assert "50% 16.7% 0.0%" in page.split("At every threshold")[1]


async def test_of_many_intents_what_was_mistaken_is_listed_and_the_matrix_is_drawn_when_asked_for(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    names = [f"problem_{n}" for n in range(61)]
    async with inbox.database.transaction("test.create") as session:
        for name in names:
            await intents.create(session, name, None)
    await freeze(inbox.database, [CorpusExample(f"{name}, {n}", name, "en") for name in names for n in range(3)])
    right: Answers = {name: [(name, name, 0.9)] * 3 for name in names}
    once, twice = ("problem_0", "problem_0", 0.9), ("problem_1", "problem_1", 0.9)
    await version(inbox.database, right)
    worse: Answers = {"problem_7": [once, twice, twice], "problem_9": [once, *right["problem_9"][1:]]}
    await version(inbox.database, {**right, **worse})
    await at_work(inbox.database, 1)
    page = (await ana.get(COMPARED)).text
    assert sum(map(int, re.findall(r'data-count="(\d+)"', page))) == 3 * 61
    cells = re.findall(r'data-count="(\d+)"><a href="([^"]+/cell[^"]+)"', page)
    assert [int(count) for count, _ in cells] == [2, 1, 1]
    for count, link in cells:
        assert (await ana.get(link.replace("&amp;", "&"))).text.count('<span dir="auto">') == int(count)
    difference = (await ana.get(f"{COMPARED}?of=difference")).text
    assert re.findall(r"/cell[^>]+>([+-]\d+)</a>", difference) == ["+2", "+1", "+1"]
    asked = re.search(r'<a href="([^"]+)#matrix-title">Show the whole matrix', page)
    assert asked
    whole = (await ana.get(asked[1].replace("&amp;", "&"))).text
    assert sum(map(int, re.findall(r'data-count="(\d+)"', whole))) == 3 * 61
    assert whole.count("/cell?") == 61 + 2
