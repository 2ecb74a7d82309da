"""Who gets a case: the page of teams, skills and giving; a team's cases in the list; and small things beside it."""

import httpx
import pytest
from playwright.async_api import expect
from sqlalchemy import select, text

from bot.give import Give
from handoff import skills, teams
from handoff.claims import are_given, switch
from handoff.models import Case
from handoff.skills import Skill
from tests.browser import Browse, axe
from tests.cast import ANA, BEN, JOSE, LENA, NOOR, YUKI
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.desk import desk
from tests.handoff.web.story import Story, handed_off
from tests.handoff.web.test_look import NARROW, WIDE


async def billing(inbox: Inbox, *names: str) -> int:
    """A team, with these people in it."""
    async with inbox.database.transaction("test.team") as session:
        team = await teams.make(session, "Billing")
        await teams.fill(session, team.id, [inbox.people[name].id for name in names])
    return team.id


async def given(inbox: Inbox, ana: httpx.AsyncClient, thread_id: int, team_id: int) -> httpx.Response:
    return await ana.post(f"/inbox/{thread_id}/transfer", data={"to": f"team-{team_id}"})


async def test_an_admin_makes_fills_renames_and_removes_a_team(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    assert (await ana.post("/admin/teams", data={"name": "  Billing   and more "})).status_code == 303
    async with inbox.database.reading() as session:
        (team,) = await teams.everything(session)
    assert team.name == "Billing and more"
    ben_id = inbox.people["Ben"].id
    form = {"name": "Refunds", "member": [ben_id]}
    assert (await ana.post(f"/admin/teams/{team.id}", data=form)).status_code == 303
    page = (await ana.get("/admin/teams")).text
    assert 'value="Refunds"' in page
    assert f'name="member" value="{ben_id}" checked' in page
    await ana.post(f"/admin/teams/{team.id}/remove")
    assert "There is no team yet" in (await ana.get("/admin/teams")).text
    assert (await ana.post(f"/admin/teams/{team.id}", data=form)).status_code == 409, "it is gone"


async def test_a_number_that_no_agent_has_is_no_member(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    await ana.post("/admin/teams", data={"name": "Billing"})
    answer = await ana.post("/admin/teams/1", data={"name": "Billing", "member": ["9" * 30]})
    assert answer.status_code == 422


async def test_two_teams_have_two_names_and_each_has_one(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    for name, status in [("Billing", 303), ("billing", 409), (" ", 409), ("Refunds", 303)]:
        assert (await ana.post("/admin/teams", data={"name": name})).status_code == status
    async with inbox.database.reading() as session:
        refunds = (await teams.everything(session))[1]
    answer = await ana.post(f"/admin/teams/{refunds.id}", data={"name": "BILLING"})
    assert (answer.status_code, "Choose another name" in answer.text) == (409, True)


async def test_a_case_that_was_given_to_a_team_is_in_its_members_view(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    lena = await inbox.visitor(LENA)
    cleo = await inbox.visitor(YUKI)
    thread_id = await handed_off(inbox.database)
    await handed_off(inbox.database, Story(author=NOOR, summary="Something else"))
    team_id = await billing(inbox, "Ben")
    await ana.post(f"/inbox/{thread_id}/claim")
    assert f'value="team-{team_id}"' in (await ana.get(f"/inbox/{thread_id}")).text
    assert (await given(inbox, ana, thread_id, team_id)).status_code == 303
    page = (await ben.get(f"/inbox?view=open&team={team_id}")).text
    assert "Charged twice" in page
    assert "Something else" not in page
    assert f'Billing <span class="n" data-count="team-{team_id}">1</span>' in page
    opened = (await ben.get(f"/inbox/{thread_id}")).text
    assert "Ana gave the case to the team Billing" in opened
    assert "Waiting for <bdi>Billing</bdi>" in opened
    assert "it waits for the team <bdi>Billing</bdi>" in opened
    assert "Billing <span" in (await lena.get("/inbox")).text, "who leads sees every team"
    assert "Billing <span" not in (await cleo.get("/inbox")).text
    async with inbox.database.reading() as session:
        assert (await session.execute(select(Case.claimed_by).where(Case.thread_id == thread_id))).scalar() is None


async def test_a_colleagues_case_is_not_ours_to_give_and_a_team_that_is_gone_gets_nothing(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    team_id = await billing(inbox)
    await ana.post(f"/inbox/{thread_id}/claim")
    assert (await given(inbox, ben, thread_id, team_id)).status_code == 409
    assert (await given(inbox, ana, thread_id, 999)).status_code == 409
    assert (await ana.post(f"/inbox/{thread_id}/transfer", data={"to": "team-x"})).status_code == 422


async def test_removing_a_team_loses_no_case(inbox: Inbox, ana: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    team_id = await billing(inbox)
    await given(inbox, ana, thread_id, team_id)
    await ana.post(f"/admin/teams/{team_id}/remove")
    page = (await ana.get("/inbox?view=waiting")).text
    assert "Charged twice" in page
    assert "Unclaimed" in page


async def test_a_lead_says_what_an_agent_can_take_on_and_makes_no_team(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    lena = await inbox.visitor(LENA)
    ben_id = inbox.people["Ben"].id
    form = {"language": ["en", "de"], "intent": ["refund"], "capacity": "3"}
    assert (await lena.post(f"/admin/agents/{ben_id}/skills", data=form)).status_code == 303
    async with inbox.database.reading() as session:
        skill = await session.get_one(Skill, ben_id)
        assert (skill.languages, skill.intents, skill.capacity) == (["de", "en"], ["refund"], 3)
        assert "refund" in await skills.known_intents(session)
    page = (await lena.get("/admin/teams")).text
    assert "at most 3 at once" in page
    assert "Make the team" not in page
    assert (await lena.post("/admin/teams", data={"name": "Mine"})).status_code == 403
    assert (await lena.post(f"/admin/agents/{ben_id}/skills", data={"capacity": "101"})).status_code == 422
    await lena.post("/admin/agents/999999/skills", data={"capacity": "1"})
    assert (await ben.get("/admin/teams")).status_code == 403
    await lena.post(f"/admin/agents/{ben_id}/skills", data={"capacity": "3"})
    assert "every language" in (await lena.get("/admin/teams")).text


async def test_giving_automatically_is_an_admins_to_switch_and_stands_in_the_audit_log(
    inbox: Inbox, ana: httpx.AsyncClient
) -> None:
    assert "taken by agents themselves" in (await ana.get("/admin/teams")).text
    await ana.post("/admin/teams/giving", data={"on": "true"})
    async with inbox.database.reading() as session:
        assert await are_given(session)
    assert "given to agents automatically" in (await ana.get("/admin/teams")).text
    await ana.post("/admin/teams/giving")
    async with inbox.database.reading() as session:
        assert not await are_given(session)
        deeds = await session.execute(text("SELECT about FROM deeds WHERE what = 'giving' ORDER BY id"))
        assert [about for (about,) in deeds] == ["on", "off"]


async def test_the_list_says_that_the_agent_of_a_case_is_away(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    thread_id = await handed_off(inbox.database)
    await ben.post(f"/inbox/{thread_id}/claim")
    assert "Ben, away" not in (await ana.get("/inbox")).text
    await ben.post("/me/presence", data={"away": "true"})
    assert "Ben, away" in (await ana.get("/inbox")).text


async def test_an_analyst_is_shown_no_way_to_try_a_reply_again(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    thread_id = await handed_off(inbox.database)
    yuki = await inbox.visitor(YUKI)
    form = {"text": "Hello", "client_id": "client-id-1", "seen_seq": "99"}
    await ben.post(f"/inbox/{thread_id}/reply", data=form)
    async with inbox.database.transaction("test.fail") as session:
        await session.execute(text("UPDATE messages SET delivery = 'failed', due_at = NULL WHERE text = 'Hello'"))
    assert "Try again" in (await ben.get(f"/inbox/{thread_id}")).text
    assert "Try again" not in (await yuki.get(f"/inbox/{thread_id}")).text


async def test_who_switches_single_keys_stays_on_their_own_page(ben: httpx.AsyncClient) -> None:
    assert (await ben.post("/me/keys")).headers["location"] == "/me"


async def test_a_case_that_is_given_shows_up_in_the_agents_list_by_itself(
    inbox: Inbox, url: str, browse: Browse
) -> None:
    await handed_off(inbox.database)
    page = await desk(inbox, url, browse, "/inbox?view=open")
    await expect(page.locator("#rows .who")).to_have_text("Unclaimed")
    async with inbox.database.transaction("test.switch") as session:
        await switch(session, inbox.people["Ben"], on=True)
    assert await Give(inbox.database).next()
    await expect(page.locator("#rows .who")).to_have_text("You")
    await page.locator("#rows .row").click()
    await expect(page.locator("#team")).to_contain_text("Given to Ben automatically")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_page_is_accessible_for_admins_and_leads(
    inbox: Inbox, url: str, browse: Browse, scheme: str, size: dict[str, int]
) -> None:
    for who in (ANA, BEN, LENA):
        await inbox.hire(who)
    await billing(inbox, "Ben", "Lena")
    for who in (ANA, LENA):
        page = await desk(inbox, url, browse, "/admin/teams", who, color_scheme=scheme, viewport=size)
        await page.locator("summary").filter(has_text="Ben").click()
        await axe(page)
        assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


async def test_a_team_is_made_and_gets_a_case_in_the_browser(inbox: Inbox, url: str, browse: Browse) -> None:
    await handed_off(inbox.database, Story(author=JOSE, summary="Refund, please"))
    page = await desk(inbox, url, browse, "/admin/teams", ANA)
    await page.get_by_label("A new team").fill("Billing")
    await page.get_by_role("button", name="Make the team").click()
    await page.get_by_role("group", name="Who is in it").get_by_label("Ana").check()
    await page.get_by_role("button", name="Save the team Billing").click()
    await expect(page.get_by_role("group", name="Who is in it").get_by_label("Ana")).to_be_checked()
    await page.goto(f"{url}/inbox")
    await page.locator("#rows .row").first.click()
    await page.locator("#more > summary").click()
    await page.get_by_label("Give the case to").select_option(label="Team Billing")
    await page.get_by_role("button", name="Give", exact=True).click()
    await expect(page.locator("#team")).to_contain_text("Ana gave the case to the team Billing")
    await expect(page.locator("#rows .who").first).to_have_text("Billing")
