"""The pages of the model: which versions there are, how they compare, and putting one to work."""

import asyncio
import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, select, text, update

from handoff import examples, trainings, versions
from handoff.deeds import Deed
from handoff.versions import Model, Promotion
from tests.bot.pages.world import words
from tests.cast import BEN, LENA, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.versions import GOOD, UTTERANCES, freeze, version

MODELS = "/admin/nlu/models"


async def live(inbox: Inbox) -> int | None:
    async with inbox.database.reading() as session:
        found = await versions.live(session)
    return found.version if found else None


async def test_before_there_is_any_model_the_page_says_what_to_do(ana: httpx.AsyncClient) -> None:
    assert "No model yet. Train the first" in words((await ana.get(MODELS)).text)
    assert "Train a version" in (await ana.get("/admin/nlu/train")).text


async def test_a_training_is_asked_for_once_and_shows_who_started_it(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    assert (await ana.post("/admin/nlu/train")).status_code == 303
    page = words((await ana.get("/admin/nlu/train")).text)
    assert "started by Ana" in page
    assert "0 %" in page
    again = await ana.post("/admin/nlu/train")
    assert (again.status_code, "under way already, started by Ana" in again.text) == (409, True)
    async with inbox.database.reading() as session:
        training = (await session.scalars(select(trainings.Training.id))).one()
    assert (await ana.post(f"/admin/nlu/train/{training}/cancel")).status_code == 303
    assert "The last training was cancelled" in (await ana.get("/admin/nlu/train")).text
    async with inbox.database.reading() as session:
        assert list(await session.scalars(select(Deed.what).order_by(Deed.id))) == ["start training", "cancel training"]


@pytest.mark.usefixtures("two")
async def test_a5_the_matrix_sums_to_the_size_of_the_test_set_and_a_cell_lists_exactly_its_utterances(
    ana: httpx.AsyncClient,
) -> None:
    for view in ("", "?of=live", "?numbers=normalised", "?of=candidate&numbers=raw"):
        page = (await ana.get(f"{MODELS}/2/compare/1{view}")).text
        assert sum(map(int, re.findall(r'data-count="(\d+)"', page))) == len(UTTERANCES)
    cells = re.findall(r'data-count="(\d+)"><a href="([^"]+)"', (await ana.get(f"{MODELS}/2/compare/1")).text)
    assert len(cells) == 4
    for count, link in cells:
        listed = (await ana.get(link.replace("&amp;", "&"))).text
        assert listed.count('<span dir="auto">') == int(count)
    errors = (await ana.get(f"{MODELS}/2/compare/1?cells=errors")).text
    assert len(re.findall("/cell", errors)) == 1
    matches = (await ana.get(f"{MODELS}/2/compare/1?cells=matches")).text
    assert len(re.findall("/cell", matches)) == 3
    difference = (await ana.get(f"{MODELS}/2/compare/1?of=difference")).text
    moved = re.findall(r'<a href="([^"]+of=difference[^"]+)"[^>]*>([+-]\d+)</a>', difference)
    assert "-2" in [number for _, number in moved]
    alone = (await ana.get(f"{MODELS}/1?of=difference")).text
    cell = re.search(r'<a href="([^"]+/cell[^"]+)"', alone)
    assert cell
    assert (await ana.get(cell[1].replace("&amp;", "&"))).status_code == 200, "there is nothing to differ from"
    for link, number in moved:
        listed = (await ana.get(link.replace("&amp;", "&"))).text
        assert listed.count("<b>+</b>") - listed.count("<b>−</b>") == int(number)


@pytest.mark.usefixtures("two")
async def test_a6_both_versions_are_scored_on_the_same_test_set_also_when_there_is_a_newer_one(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    assert "Both scored on the same frozen test set (12 utterances, set 1)" in words(
        (await ana.get(f"{MODELS}/2/compare/1")).text
    )
    more = [*UTTERANCES[:-1], UTTERANCES[0].__class__("salut", "greet", "fr")]
    assert await freeze(inbox.database, more) == 2
    page = words((await ana.get(f"{MODELS}/2/compare/1")).text)
    assert "(12 utterances, set 1)" in page
    assert "There is a newer set, 2" in page
    assert await freeze(inbox.database, more) == 2, "nothing changed, so it is the same set"


@pytest.mark.usefixtures("two")
async def test_the_intents_that_get_worse_come_first_and_the_table_can_be_sorted(ana: httpx.AsyncClient) -> None:
    def order(page: str) -> list[str]:
        return re.findall(r'<meter aria-label="F1 of (\w+)"', page)

    assert order((await ana.get(f"{MODELS}/2/compare/1")).text)[0] == "refund"
    assert order((await ana.get(f"{MODELS}/2/compare/1?sort=intent")).text) == ["greet", "order_missing", "refund"]
    page = words((await ana.get(f"{MODELS}/2/compare/1")).text)
    assert "▼ worse -0.12" in page
    assert "Utterances whose answer changed 4" in page


@pytest.mark.usefixtures("two")
async def test_the_threshold_shows_what_asking_again_costs_and_saves(ana: httpx.AsyncClient) -> None:
    page = words((await ana.get(f"{MODELS}/2/compare/1?threshold=0.65")).text)
    assert "At 65% it asks again about 16.7% and is wrong about 0.0%" in page
    assert "At 35% it asks again about 0.0% and is wrong about 16.7%" in words((await ana.get(f"{MODELS}/2")).text)
    assert (await ana.get(f"{MODELS}/2?threshold=nan")).status_code == 422


@pytest.mark.usefixtures("two")
async def test_a7_who_promotes_a_version_with_a_clear_loss_must_say_why(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    question = words((await ana.get(f"{MODELS}/2/promote")).text)
    assert "refund : F1 falls by 0.12" in question
    refused = await ana.post(f"{MODELS}/2/promote", data={"seen": "1", "reason": "  "})
    assert (refused.status_code, "Write down why" in refused.text, await live(inbox)) == (422, True, 1)
    done = await ana.post(f"{MODELS}/2/promote", data={"seen": "1", "reason": "parcels matter more"})
    assert (done.status_code, await live(inbox)) == (303, 2)
    audit = words((await ana.get("/admin/audit")).text)
    assert "promote model" in audit
    assert "version 2 in place of version 1; worse: refund -0.12, order_missing -0.06; parcels matter more" in audit
    assert "parcels matter more" in (await ana.get(MODELS)).text


@pytest.mark.usefixtures("two")
async def test_a_version_has_the_scores_of_the_newest_set_that_it_answered_whole(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    page = (await ana.get(MODELS)).text
    assert ("not tested" in page, "(set 1)" in page) == (False, False)
    await freeze(inbox.database, [*UTTERANCES, UTTERANCES[0].__class__("salut", "greet", "fr")])
    await version(inbox.database, None)
    page = (await ana.get(MODELS)).text
    assert (page.count("83.3% (set 1)"), page.count("not tested with the whole of any set")) == (2, 1)


@pytest.mark.usefixtures("two")
async def test_an_intent_that_no_utterance_tests_is_named_before_a_promotion(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    async with inbox.database.transaction("test") as session:
        await session.execute(update(Model).values(counts={"refund": {"en": 12}, "gift_wrapping": {"en": 3}}))
    question = words((await ana.get(f"{MODELS}/2/promote")).text)
    assert "has no utterance of it: gift_wrapping" in question


@pytest.mark.usefixtures("two")
async def test_without_a_clear_loss_no_reason_is_asked_for(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await version(inbox.database, GOOD)
    assert "Nothing gets worse" in (await ana.get(f"{MODELS}/3/promote")).text
    assert (await ana.post(f"{MODELS}/3/promote", data={"seen": "1"})).status_code == 303
    assert await live(inbox) == 3


@pytest.mark.usefixtures("two")
async def test_a7_who_promotes_what_was_not_tested_with_the_same_set_must_say_why(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await version(inbox.database, None)
    assert "Nobody can tell what gets worse" in (await ana.get(f"{MODELS}/3/promote")).text
    refused = await ana.post(f"{MODELS}/3/promote", data={"seen": "1"})
    assert (refused.status_code, "nobody can tell" in refused.text, await live(inbox)) == (422, True, 1)
    done = await ana.post(f"{MODELS}/3/promote", data={"seen": "1", "reason": "the old one is of no use"})
    assert (done.status_code, await live(inbox)) == (303, 3)
    assert "not tested with the same set; the old one is of no use" in words((await ana.get("/admin/audit")).text)


@pytest.mark.usefixtures("two")
async def test_of_two_admins_who_promote_at_once_one_wins_and_the_other_is_told(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    third = await version(inbox.database, GOOD)
    lena = await inbox.visitor(LENA)
    async with inbox.database.transaction("test") as session:
        await session.execute(text("UPDATE agents SET role = 'admin'"))
    answers = await asyncio.gather(
        ana.post(f"{MODELS}/{third}/promote", data={"seen": "1", "reason": "mine"}),
        lena.post(f"{MODELS}/2/promote", data={"seen": "1", "reason": "no, mine"}),
    )
    assert sorted(one.status_code for one in answers) == [303, 409]
    (told,) = [one.text for one in answers if one.status_code == 409]
    assert re.search(r"(Ana|Lena) put version [23] to work meanwhile", told)
    async with inbox.database.reading() as session:
        assert await session.scalar(select(func.count(Promotion.n))) == 2
        assert await session.scalar(select(func.count(Deed.id)).where(Deed.what == "promote model")) == 1


@pytest.mark.usefixtures("two")
async def test_a8_one_click_puts_the_version_before_to_work_again(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    nothing = await ana.post(f"{MODELS}/roll-back", data={"seen": "1"})
    assert (nothing.status_code, "no earlier version" in nothing.text) == (409, True)
    await ana.post(f"{MODELS}/2/promote", data={"seen": "1", "reason": "a try"})
    for page in (MODELS, f"{MODELS}/2/compare/1", "/admin/audit"):
        assert "Roll back to version 1" in (await ana.get(page)).text
    assert (await ana.post(f"{MODELS}/roll-back", data={"seen": "2"})).status_code == 303
    assert await live(inbox) == 1
    again = await ana.post(f"{MODELS}/roll-back", data={"seen": "2"})
    assert (again.status_code, await live(inbox)) == (409, 1), "who did not see it rolled back does not roll forth"
    for page in (MODELS, f"{MODELS}/1/compare/2", "/admin/audit"):
        assert "Roll back to" not in (await ana.get(page)).text
    forth = await ana.post(f"{MODELS}/roll-back", data={"seen": "1"})
    assert (forth.status_code, await live(inbox)) == (409, 1), "and neither does who saw it"
    third = await version(inbox.database, GOOD)
    await ana.post(f"{MODELS}/{third}/promote", data={"seen": "1"})
    assert "Roll back to version 1" in (await ana.get(MODELS)).text
    assert "roll back model" in (await ana.get("/admin/audit")).text


@pytest.mark.usefixtures("two")
async def test_a_version_whose_file_is_gone_cannot_be_put_to_work(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    async with inbox.database.transaction("test") as session:
        await versions.mark_gone(session, 2, "only 1 versions are kept")
    assert "cannot be promoted" in (await ana.get(f"{MODELS}/2/promote")).text
    answer = await ana.post(f"{MODELS}/2/promote", data={"seen": "1", "reason": "why not"})
    assert (answer.status_code, "was deleted" in answer.text, await live(inbox)) == (409, True, 1)
    assert (await ana.post(f"{MODELS}/2/beside", data={"turn": "on"})).status_code == 409


@pytest.mark.usefixtures("two")
async def test_a_version_that_is_not_there_is_a_plain_page(ana: httpx.AsyncClient) -> None:
    for path in ("9", "9/compare/1", "1/compare/9", "9/promote", "9/disagreements", "9/compare/1/cell?right=a&said=b"):
        assert (await ana.get(f"{MODELS}/{path}")).status_code == 404, path
    assert (await ana.post(f"{MODELS}/9/promote", data={"seen": "1"})).status_code == 404
    assert (await ana.get(f"{MODELS}/0")).status_code == 404


@pytest.mark.usefixtures("two")
async def test_the_page_says_which_versions_hold_examples_of_who_was_forgotten(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    async with inbox.database.transaction("test") as session:
        kept = await examples.add(
            session, "where is the lamp of my aunt", "order_missing", "en", source="admin", by=None
        )
    await version(inbox.database, GOOD, example_ids=[kept.id])
    assert "still holds examples" not in (await ana.get(MODELS)).text
    async with inbox.database.transaction("test") as session:
        await session.execute(text("DELETE FROM examples"))
    page = (await ana.get(MODELS)).text
    assert "Version 3 still holds examples" in words(page)
    assert "Retrain without them" in page


@pytest.mark.usefixtures("two")
async def test_only_who_may_train_changes_anything_and_analysts_read(inbox: Inbox) -> None:
    for who, status in ((YUKI, 200), (LENA, 200), (BEN, 403)):
        visitor = await inbox.visitor(who)
        pages = [await visitor.get(f"{MODELS}{path}") for path in ("", "/2", "/2/compare/1")]
        assert [page.status_code for page in pages] == [status] * 3
        mains = [re.findall(r"<main.*?</main>", page.text, re.DOTALL) for page in pages]
        assert not any("<form method" in "".join(main) for main in mains), who.name
        assert (await visitor.post(f"{MODELS}/2/promote", data={"seen": "1", "reason": "x"})).status_code == 403
        assert (await visitor.get("/admin/nlu/try")).status_code == 403
    assert await live(inbox) == 1


@pytest.mark.usefixtures("two")
async def test_one_version_reads_beside_the_one_at_work_until_it_is_promoted(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await version(inbox.database, GOOD)
    for number in (2, 3):
        assert (await ana.post(f"{MODELS}/{number}/beside", data={"turn": "on"})).status_code == 303
    async with inbox.database.reading() as session:
        assert [one.version for one in await versions.every(session) if one.beside_since] == [3]
    assert "reads beside" in (await ana.get(MODELS)).text
    await ana.post(f"{MODELS}/3/promote", data={"seen": "1"})
    async with inbox.database.reading() as session:
        assert await versions.beside(session) is None
    assert (await ana.post(f"{MODELS}/3/beside", data={"turn": "on"})).status_code == 409


def test_files_are_kept_of_the_newest_the_one_at_work_and_the_one_before_it() -> None:
    every = [Model(version=number, gone_at=None, beside_since=None) for number in range(9, 0, -1)]
    assert [one.version for one in versions.to_delete(every, {2, 1}, keep=3)] == [6, 5, 4, 3]
    assert [one.version for one in versions.to_delete(every, (), keep=20)] == []


async def test_what_a_training_is_doing_is_told_to_pages_that_are_open(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    async with inbox.live.subscribed() as hints:
        await ana.post("/admin/nlu/train")
        async with asyncio.timeout(60):
            while await hints.get() != -3:
                pass
    async with inbox.database.transaction("test") as session:
        await session.execute(
            update(trainings.Training).values(asked_at=trainings.Training.asked_at - timedelta(days=1))
        )
