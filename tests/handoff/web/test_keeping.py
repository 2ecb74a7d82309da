"""What is kept for finding things: views with a name, and the list of tags."""

import httpx
import pytest
from playwright.async_api import expect

from handoff import marks
from tests.browser import Browse, axe
from tests.cast import BEN, NOOR
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off
from tests.handoff.web.test_reading import names


async def tagged(inbox: Inbox, *tags: str, story: Story = Story()) -> int:
    """A case with tags."""
    thread_id = await handed_off(inbox.database, story)
    async with inbox.database.transaction("test.tag") as session:
        for tag in tags:
            await marks.tag(session, thread_id, inbox.people["Ben"], tag)
    return thread_id


async def test_a_view_gets_a_name_is_come_back_to_and_is_removed(inbox: Inbox, url: str, browse: Browse) -> None:
    page = await desk(inbox, url, browse, "/inbox", BEN)
    await tagged(inbox, "refund")
    await handed_off(inbox.database, Story(author=NOOR))
    await page.goto(f"{url}/inbox?tag=refund&sort=newest")
    views = page.locator("#views")
    await views.locator("summary").click()
    await views.get_by_label("Save this view as").fill("Refunds, newest")
    await views.get_by_role("button", name="Save").click()
    await page.goto(f"{url}/inbox")
    await expect(page.locator("#rows .name")).to_have_count(2)
    await views.locator("summary").click()
    await axe(page)
    await views.get_by_role("link", name="Refunds, newest").click()
    await expect(page.locator("#rows .name")).to_have_text(["Mara"])
    assert "sort=newest" in page.url
    await views.locator("summary").click()
    await views.get_by_role("button", name="Remove the view Refunds, newest").click()
    await views.locator("summary").click()
    await expect(views.get_by_role("link", name="Refunds, newest")).to_have_count(0)


async def test_a_view_is_its_owners_alone(inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient) -> None:
    assert (await ben.post("/views?channel=x", data={"name": "On X"})).status_code == 303
    assert "On X" in (await ben.get("/inbox")).text
    assert "On X" not in (await ana.get("/inbox")).text
    await ana.post("/views/1/remove")
    assert "On X" in (await ben.get("/inbox")).text


async def test_a_name_is_needed_and_a_name_used_again_replaces(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    assert "Give the view a name first" in (await ben.post("/views", data={"name": "  "})).text
    await ben.post("/views?channel=x", data={"name": "Mine"})
    await ben.post("/views?channel=square", data={"name": "Mine"})
    page = (await ben.get("/inbox")).text
    assert page.count("Remove the view Mine") == 1
    assert "channel=square" in page


async def test_thirty_views_are_enough(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    for number in range(30):
        assert (await ben.post("/views", data={"name": f"View {number}"})).status_code == 303
    assert "You have 30 views already" in (await ben.post("/views", data={"name": "One more"})).text


async def test_a_tag_is_renamed_into_another_and_removed(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    await tagged(inbox, "refund", "vip")
    await tagged(inbox, "refunds", "refund", story=Story(author=NOOR))
    await ana.post("/admin/tags/rename", data={"tag": "refunds", "to": "Refund "})
    page = (await ana.get("/admin/tags")).text
    assert "refunds" not in page
    assert sorted(names(await ben.get("/inbox?tag=refund"))) == ["Mara", str(NOOR.name)]
    await ana.post("/admin/tags/remove", data={"tag": "vip"})
    assert "vip" not in (await ana.get("/admin/tags")).text
    assert names(await ben.get("/inbox?tag=refund"))


@pytest.mark.parametrize("to", ["", "  ", "\x00"])
async def test_a_tag_is_not_renamed_into_nothing(inbox: Inbox, ana: httpx.AsyncClient, to: str) -> None:
    await inbox.hire(BEN)
    await tagged(inbox, "refund")
    answer = await ana.post("/admin/tags/rename", data={"tag": "refund", "to": to})
    assert answer.status_code == 422
    assert "Write the tag first" in answer.text
    assert "refund" in (await ana.get("/admin/tags")).text


@pytest.mark.parametrize("deed", ["rename", "remove"])
async def test_a_tag_that_cannot_be_written_down_is_on_no_case(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient, deed: str
) -> None:
    await tagged(inbox, "refund")
    answer = await ana.post(f"/admin/tags/{deed}", data={"tag": "ref\x00unds", "to": "x"})
    assert answer.status_code == 303
    assert "refund" in (await ana.get("/admin/tags")).text
