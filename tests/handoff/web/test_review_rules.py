"""The rules of the review on its page: the line, a day's work, the share held back, one person or two."""

import httpx
import pytest
from sqlalchemy import update

from handoff.review_rules import Rules
from tests.cast import Colleague
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.spoken import says
from tests.handoff.web.test_review import REVIEW, cards, digest, three


async def test_a_higher_line_lets_more_in_and_a_days_work_is_counted_down(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await says(inbox.database, "Fairly clear", {"refund": 0.65})
    assert "Nothing to review. The confidence line is at 60 %" in (await ana.get(REVIEW)).text
    await ana.post(f"{REVIEW}/rules", data={"line": 70, "held_back": 20, "daily": 1})
    await three(inbox)
    assert "1 left today</b>, 4 in all" in (await ana.get(REVIEW)).text
    await ana.post(REVIEW, data={"digest": digest("Fairly clear"), "answer": "ignore"})
    assert "0 left today</b>, 3 in all" in (await ana.get(REVIEW)).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"line": -1},
        {"line": 101},
        {"line": 10**400},
        {"held_back": 101},
        {"daily": 0},
        {"daily": 1001},
        {"held_back": -5},
    ],
)
async def test_rules_that_make_no_sense_are_refused(
    inbox: Inbox, ana: httpx.AsyncClient, wrong: dict[str, int]
) -> None:
    answer = await ana.post(f"{REVIEW}/rules", data={"line": 60, "held_back": 20, "daily": 20} | wrong)
    assert answer.status_code == 422
    assert "The line is between 0 and 100 percent" in answer.text


async def test_what_goes_into_the_test_set_is_said(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await three(inbox)
    for share, sentence in ((100, "Held back for the test set: never trained on."), (0, "The next training learns it")):
        await ana.post(f"{REVIEW}/rules", data={"line": 60, "held_back": share, "daily": 20})
        text = "I want out" if share else "Where is it"
        await ana.post(REVIEW, data={"digest": digest(text), "answer": "intent:cancel"})
        assert sentence in (await ana.get(REVIEW)).text


async def test_where_two_must_agree_the_page_says_what_each_said(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await three(inbox)
    async with inbox.database.transaction("test.rules") as session:
        await session.execute(update(Rules).values(two_people=True))
    rosa = await inbox.visitor(Colleague("Rosa", "rosa@northwind.example", "a lake without wind", role="admin"))
    first = digest("I want out")
    await ana.post(REVIEW, data={"digest": first, "answer": "intent:cancel"})
    page = (await ana.get(REVIEW)).text
    assert "It counts once a second person gives the same" in page
    assert first not in cards(page)
    await rosa.post(REVIEW, data={"digest": first, "answer": "intent:refund"})
    for client in (ana, rosa):
        assert "Ana: cancel · Rosa: refund" in (await client.get(REVIEW)).text


async def test_the_line_that_is_shown_is_the_line_that_was_set(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    for line in (29, 57, 58):
        await ana.post(f"{REVIEW}/rules", data={"line": line, "held_back": 20, "daily": 20})
        assert f'value="{line}"' in (await ana.get(REVIEW)).text
    assert (await ana.get(f"{REVIEW}?intent=a%00b")).status_code == 200
