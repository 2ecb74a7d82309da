"""The pages of the model in a real browser: accessible in both colour schemes, wide and narrow, and live."""

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import update

from handoff import corpora, database, examples, test_sets, trainings, versions
from handoff.trainings import Beat
from handoff.versions import Model
from nlu.corpus import CorpusExample
from tests.browser import Browse
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.spoken import says
from tests.handoff.web.test_look import NARROW, WIDE, looked_at
from tests.handoff.web.versions import GOOD, WORSE, at_work, freeze, version

MODELS = "/admin/nlu/models"
PATHS = (
    MODELS,
    f"{MODELS}/2",
    f"{MODELS}/2/compare/1",
    f"{MODELS}/2/compare/1?of=difference&numbers=normalised&cells=errors&threshold=0.5",
    f"{MODELS}/2/compare/1/cell?of=candidate&right=refund&said=order_missing",
    f"{MODELS}/2/promote",
    f"{MODELS}/2/disagreements",
    "/admin/nlu/train",
    "/admin/nlu/try",
)


async def furnish(inbox: Inbox) -> None:
    await freeze(inbox.database)
    await version(inbox.database, GOOD)
    await version(inbox.database, WORSE)
    await at_work(inbox.database, 1)
    ana = inbox.people.get("Ana") or await inbox.hire(ANA)
    async with inbox.database.transaction("test") as session:
        await versions.read_beside(session, 2, on=True)
        await trainings.ask(session, ana)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_every_page_of_the_model_is_accessible(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    await furnish(inbox)
    context = await browse(color_scheme=scheme, viewport=size)
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    for path in PATHS:
        await page.goto(url + path)
        await looked_at(page)


async def test_the_threshold_is_moved_and_the_matrix_stays_as_it_was_chosen(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await furnish(inbox)
    chosen = f"{MODELS}/2/compare/1?numbers=normalised&cells=errors&threshold=0.35"
    context = await browse()
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(url + chosen)
    slider, says = page.get_by_label("Threshold", exact=True), page.locator("#at-threshold")
    await expect(page.get_by_role("button", name="Show")).to_have_count(0)
    for _ in range(6):
        await slider.press("ArrowRight")
    await expect(says).to_have_text("At 65% it asks again about 16.7% and is wrong about 0.0%.")
    assert page.url == url + chosen
    plain = await browse(java_script_enabled=False)
    await inbox.sit_down(plain, ANA, url)
    page = await plain.new_page()
    await page.goto(url + chosen)
    await page.get_by_role("button", name="Show").click()
    await expect(page.get_by_role("link", name="errors only")).to_have_attribute("aria-current", "true")
    await page.get_by_role("link", name="of 100").click()
    assert "threshold=0.35" in page.url


async def test_whoever_tries_a_text_reads_that_it_takes_a_while_and_asks_once(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await furnish(inbox)
    context = await browse(expected=(r"ERR_",))
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(f"{url}/admin/nlu/try")
    # No answer yet: with this one the browser stays on the page.
    await page.route("**/try", lambda route: route.fulfill(status=204))
    await page.get_by_label("A customer begins with").fill("where is my parcel")
    button = page.get_by_role("button", name="Try it")
    await button.click()
    await expect(page.get_by_role("status").filter(has_text="Asking")).to_be_visible()
    await expect(button).to_be_disabled()
    await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    await expect(button).to_be_enabled()


async def test_a_page_that_is_open_follows_a_training_and_goes_to_the_comparison_at_its_end(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await furnish(inbox)
    context = await browse()
    await inbox.sit_down(context, ANA, url)
    page = await context.new_page()
    await page.goto(f"{url}/admin/nlu/train")
    async with inbox.database.transaction("test") as session:
        training = await trainings.take_up(session, "mine")
        assert training
    for part, step in ((0.2, "training RulePolicy"), (0.6, "testing version 3")):
        async with inbox.database.transaction("test") as session:
            assert await trainings.beat(session, training.id, "mine", Beat(step, part, 30.0, {}, [step]))
        await expect(page.locator("#training")).to_contain_text(f"{part:.0%}".replace("%", " %"))
        await expect(page.locator("#training")).to_contain_text(
            step.capitalize().replace("rulepolicy", "RulePolicy"), ignore_case=True
        )
    async with inbox.database.transaction("test") as session:
        mine = await trainings.held(session, training.id, "mine")
        assert mine
        await trainings.done(session, mine, 2)
    await page.wait_for_url(f"{url}{MODELS}/2/compare/1")
    await expect(page.locator("html.js")).to_be_attached()
    await page.keyboard.press("g")
    await page.keyboard.press("m")
    await page.wait_for_url(f"{url}{MODELS}")


@pytest.mark.parametrize("path", [MODELS, "/admin/nlu/train"])
async def test_what_customers_say_changes_only_the_numbers_beside_the_models(
    inbox: Inbox, url: str, browse: Browse, path: str
) -> None:
    await furnish(inbox)
    page = await desk(inbox, url, browse, path, ANA)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(url)))
    for n in range(5):
        await says(inbox.database, f"Money back when, {n}?")
        await expect(page.locator("#rail [data-count=reviews]")).to_have_text(str(n + 1))
    assert asked.count(path) <= 2, "when the stream begins, and after a minute in any case"
    async with page.expect_request(url + path), inbox.database.transaction("test.models") as session:
        database.changed(session, database.MODELS)


async def test_what_is_tested_with_in_another_language_is_no_new_label_for_ever(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    await freeze(inbox.database, [CorpusExample("Hotel", "refund", "en")])
    await version(inbox.database, None)
    async with inbox.database.transaction("test.trained") as session:
        await examples.add(session, "Hotel", "refund", "de", source="admin", by=None)
        trained = await test_sets.untested(session, await corpora.gather(session))
        await session.execute(update(Model).values(corpus=trained.sha256))
    assert "The examples changed" not in (await ana.get(MODELS)).text
    assert "A version was trained on just these" in (await ana.get("/admin/nlu/train")).text
