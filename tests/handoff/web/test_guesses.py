"""The guess beside each line of a thread, and an agent's word that it is wrong."""

import httpx
from playwright.async_api import expect
from sqlalchemy import select

from handoff.utterances import Utterance
from tests.browser import Browse
from tests.cast import ANA, BEN, MARA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.spoken import says
from tests.handoff.web.test_review import REVIEW, cards, digest


async def test_the_guess_stands_beside_each_line_for_whoever_asks(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id, line = await says(inbox.database, "I want out", {"cancel": 0.83, "refund": 0.1}, agrees=False)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}", BEN)
    guess = page.locator(f"#m-{line} details.guess")
    await expect(guess.get_by_text("cancel 83 %")).to_be_hidden()
    await guess.locator("summary").click()
    await expect(guess.get_by_text("cancel 83 %")).to_be_visible()


async def test_l_says_that_the_last_line_was_understood_wrongly(inbox: Inbox, url: str, browse: Browse) -> None:
    thread_id, message_id = await says(inbox.database, "I want out", {"refund": 0.93}, who=MARA)
    page = await desk(inbox, url, browse, f"/inbox/{thread_id}", BEN)
    await page.keyboard.press("l")
    await expect(page).to_have_url(f"{url}/inbox/{thread_id}/messages/{message_id}/intent")
    await page.get_by_label("It is about").fill("cancel")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#m-{message_id}")).to_contain_text("Called wrong")
    ana = await inbox.visitor(ANA)
    shown = (await ana.get(REVIEW)).text
    assert cards(shown) == [digest("I want out")]
    assert "Agent said wrong" in shown
    assert 'value="intent:cancel"' in shown


async def test_without_the_consent_a_line_that_was_called_wrong_stays_out_and_the_agent_reads_why(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id, message_id = await says(inbox.database, "I want out", {"refund": 0.93}, agrees=False)
    address = f"/inbox/{thread_id}/messages/{message_id}/intent"
    assert "has not agreed to training" in (await ben.get(address)).text
    assert (await ben.post(address, data={"intent": "cancel"})).status_code == 303
    assert cards((await ana.get(REVIEW)).text) == []
    async with inbox.database.reading() as session:
        row = (await session.scalars(select(Utterance))).one()
    assert (row.hint, row.wrong_by) == ("cancel", inbox.people["Ben"].id)
    assert (await ben.post(f"{address}/undo")).status_code == 303
    async with inbox.database.reading() as session:
        assert (await session.scalars(select(Utterance.wrong_by))).one() is None


async def test_only_a_customers_line_of_this_thread_has_a_guess(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    one, message_id = await says(inbox.database, "I want out")
    other, _ = await says(inbox.database, "Money back when?")
    for thread_id, line in ((other, message_id), (one, 2**40)):
        for method in ("GET", "POST"):
            answer = await ben.request(method, f"/inbox/{thread_id}/messages/{line}/intent")
            assert answer.status_code == 404, (thread_id, line, method)
    answer = await ben.post(f"/inbox/{one}/messages/{message_id}/intent", data={"intent": "no_such"})
    assert (answer.status_code, "There is no intent “no_such”" in answer.text) == (422, True)


async def test_how_somebody_is_reached_is_masked_here_too(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id, message_id = await says(inbox.database, "Write to mara@orchard.example, I want out")
    for address in (REVIEW, f"{REVIEW}/near?digest={digest('Write to mara@orchard.example, I want out')}"):
        page = (await ana.get(address)).text
        assert "I want out" in page
        assert "mara@orchard" not in page
    assert "mara@orchard" not in (await ana.get(f"/inbox/{thread_id}/messages/{message_id}/intent")).text
