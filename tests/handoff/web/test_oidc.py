"""Coming in by the sign-in of one's company, at a provider that nobody here wrote: who may, and who stays out."""

import base64
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.async_api import expect
from pydantic import ValidationError
from sqlalchemy import func, select, update

from handoff import agents
from handoff.deeds import Deed
from handoff.models import Agent
from handoff.settings import Settings
from handoff.sign_ins import SignIn
from handoff.web.app import create_app
from tests.browser import Browse, axe, serving
from tests.cast import BEN
from tests.handoff.web.conftest import ORIGIN, Inbox
from tests.handoff.web.desk import HANDLED
from tests.handoff.web.test_look import NARROW, WIDE
from tests.peers.outside_oidc import OutsideProvider
from tests.rasa_server import free_port

BENS = {"email": "Ben@northwind.example", "email_verified": True, "name": "Ben from afar"}


@pytest.fixture(scope="module")
def running() -> Iterator[OutsideProvider]:
    with OutsideProvider() as provider:
        yield provider


@pytest.fixture
def provider(running: OutsideProvider) -> OutsideProvider:
    """The provider, which vouches for Ben."""
    running.say(token=BENS, userinfo=None, answer=None, back={}, about={})
    return running


def settings(tmp_path: Path, issuer: str, **more: Any) -> Settings:
    told: dict[str, Any] = {"oidc_issuer": issuer, "oidc_client_id": "knock", "oidc_client_secret": "a secret: of ours"}
    made: dict[str, Any] = {"home": tmp_path, "secret": "a secret for tests", "_env_file": None}
    return Settings(**made | told | more)


@pytest.fixture
async def office(inbox: Inbox, provider: OutsideProvider, tmp_path: Path) -> Inbox:
    """The inbox of a company with a provider; Ben works there."""
    made = settings(tmp_path, provider.issuer)
    return replace(inbox, app=create_app(made, inbox.database, inbox.live, "Northwind"))


@pytest.fixture
async def ben_works_here(office: Inbox) -> Agent:
    return await office.hire(BEN)


async def sent_back(visitor: httpx.AsyncClient, path: str = "/login/oidc") -> str:
    """Leave for the provider, be vouched for there, and the address with which one comes back."""
    left = await visitor.get(path)
    assert left.status_code == 303
    async with httpx.AsyncClient(timeout=60, trust_env=False) as http:
        there = await http.get(left.headers["location"])
    address = str(there.headers["location"])
    assert address.startswith(f"{ORIGIN}/login/oidc/back?")
    return address.removeprefix(ORIGIN)


async def come(inbox: Inbox, path: str = "/login/oidc") -> tuple[httpx.AsyncClient, httpx.Response]:
    """Somebody comes in by the provider; what they are shown."""
    visitor = await inbox.visitor()
    return visitor, await visitor.get(await sent_back(visitor, path))


async def sign_ins(inbox: Inbox) -> int:
    async with inbox.database.reading() as session:
        return (await session.scalar(select(func.count(SignIn.id)))) or 0


async def test_an_agent_comes_in_by_the_provider_to_where_they_wanted_to_go(
    office: Inbox, ben_works_here: Agent, provider: OutsideProvider
) -> None:
    visitor, answer = await come(office, "/login/oidc?next=/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/me")
    page = (await visitor.get("/me")).text
    assert BEN.email in page
    assert "your role is agent" in page, "role and name are ours"
    assert "Ben from afar" not in page
    asked = provider.say()
    assert asked["verifier"]
    assert asked["secret"] == "a secret: of ours"
    assert "knock_oidc" not in visitor.cookies
    async with office.database.reading() as session:
        deed = (await session.scalars(select(Deed).where(Deed.what == "sign in"))).one()
    assert (deed.about, deed.agent_id) == ("single sign-on", ben_works_here.id)


async def test_the_provider_is_asked_with_state_nonce_and_a_challenge_that_differ_each_time(office: Inbox) -> None:
    questions = []
    for _ in range(2):
        left = await (await office.visitor()).get("/login/oidc")
        questions.append({name: words[0] for name, words in parse_qs(urlsplit(left.headers["location"]).query).items()})
        cookie = left.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert questions[-1]["state"] not in cookie, "it is sealed"
    assert all(one["code_challenge_method"] == "S256" and len(one["nonce"]) >= 43 for one in questions)
    assert not [name for name in ("state", "nonce", "code_challenge") if questions[0][name] == questions[1][name]]


STRANGE: dict[str, dict[str, Any]] = {
    "an address that is not verified": {"token": BENS | {"email_verified": False}},
    "an address of which nothing is said": {"token": BENS | {"email_verified": None}},
    "yes as a word": {"token": BENS | {"email_verified": "true"}},
    "another nonce": {"token": BENS | {"nonce": "other"}},
    "no nonce": {"token": BENS | {"nonce": None}},
    "for somebody else": {"token": BENS | {"aud": "other"}},
    "for us and by way of somebody else": {"token": BENS | {"aud": ["knock", "other"], "azp": "other"}},
    "of another issuer": {"token": BENS | {"iss": "https://elsewhere.example"}},
    "long over": {"token": BENS | {"exp": int(time.time()) - 3600}},
    "without an end": {"token": BENS | {"exp": None}},
    "for nobody": {"token": BENS | {"aud": None}},
    "a stranger": {"token": BENS | {"email": "stranger@northwind.example"}},
    "no address at all": {"token": BENS | {"email": None}, "userinfo": {"sub": "x", "email": BEN.email}},
    "refused": {"answer": {"status": 400, "body": {"error": "invalid_grant"}}},
    "nonsense": {"answer": {"status": 200, "body": {"id_token": "a.b.c", "access_token": "x"}}},
    "no token": {"answer": {"status": 200, "body": {}}},
    "broken": {"answer": {"status": 500, "body": {}}},
    "another state": {"back": {"state": "other"}},
    "no state": {"back": {"state": None}},
    "no code": {"back": {"code": None}},
    "they said no": {"back": {"error": "access_denied"}},
    "another provider's word": {"back": {"iss": "https://elsewhere.example"}},
}


@pytest.mark.parametrize("why", STRANGE)
async def test_whoever_is_not_vouched_for_as_it_should_be_stays_out(
    office: Inbox, ben_works_here: Agent, provider: OutsideProvider, why: str
) -> None:
    provider.say(**STRANGE[why])
    visitor, answer = await come(office)
    assert answer.status_code == (503 if why == "broken" else 403)
    assert 'role="alert"' in answer.text
    assert "Sign in with your company" in answer.text
    assert "knock_inbox" not in visitor.cookies
    assert await sign_ins(office) == 0
    async with office.database.reading() as session:
        (deed,) = list(await session.scalars(select(Deed)))
    assert deed.what == "refuse sign in"


async def test_the_provider_is_shown_our_secret_as_it_wants_to_see_it(
    office: Inbox, ben_works_here: Agent, provider: OutsideProvider
) -> None:
    provider.say(about={"token_endpoint_auth_methods_supported": ["client_secret_basic"]})
    _, answer = await come(office)
    assert answer.status_code == 303
    shown = base64.b64decode(provider.say()["secret"].removeprefix("Basic ")).decode()
    assert shown == "knock:a%20secret%3A%20of%20ours"


@pytest.mark.parametrize("about", [{"issuer": "https://x.example"}, {"token_endpoint": "ftp://x"}, {"jwks_uri": None}])
async def test_a_provider_that_is_another_one_than_it_should_be_is_not_believed(
    office: Inbox, provider: OutsideProvider, about: dict[str, Any]
) -> None:
    provider.say(about=about)
    assert (await (await office.visitor()).get("/login/oidc")).status_code == 403


async def test_an_address_that_only_userinfo_tells_counts_as_well(
    office: Inbox, ben_works_here: Agent, provider: OutsideProvider
) -> None:
    subject = "johndoe"
    provider.say(token={"email": None, "email_verified": None, "sub": subject}, userinfo=BENS | {"sub": subject})
    _, answer = await come(office)
    assert answer.headers["location"] == "/inbox"


async def test_a_sign_in_counts_once_and_only_in_the_browser_that_began_it(
    office: Inbox, ben_works_here: Agent
) -> None:
    visitor, other = await office.visitor(), await office.visitor()
    address = await sent_back(visitor)
    assert (await other.get(address)).status_code == 403
    assert (await visitor.get(address)).status_code == 303
    assert (await visitor.get(address)).status_code == 403


async def test_who_was_shut_out_stays_out(office: Inbox, ben_works_here: Agent) -> None:
    async with office.database.transaction("test.shut out") as session:
        await session.execute(update(Agent).values(disabled_at=func.now()))
        token = await agents.invite(session)
    _, answer = await come(office)
    assert (answer.status_code, "Nobody with your address works here" in answer.text) == (403, True)
    _, answer = await come(office, f"/login/oidc?invitation={token}")
    assert answer.status_code == 403, "not even by an invitation"


async def test_whoever_has_an_invitation_joins_with_the_role_that_it_gives(
    office: Inbox, provider: OutsideProvider
) -> None:
    provider.say(token={"email": "cleo@northwind.example", "email_verified": True, "name": "Cleo"})
    async with office.database.transaction("test.invite") as session:
        token = await agents.invite(session, role="lead")
    assert f"/login/oidc?invitation={token}" in (await (await office.visitor()).get(f"/join/{token}")).text
    _, answer = await come(office, f"/login/oidc?invitation={token}")
    assert answer.headers["location"] == "/inbox"
    async with office.database.reading() as session:
        cleo = (await session.scalars(select(Agent))).one()
    assert (cleo.name, cleo.email, cleo.role) == ("Cleo", "cleo@northwind.example", "lead")
    provider.say(token={"email": "dan@northwind.example", "email_verified": True, "name": "Dan"})
    _, answer = await come(office, f"/login/oidc?invitation={token}")
    assert (answer.status_code, "Ask an admin" in answer.text) == (403, True), "it was used"


async def test_addresses_of_other_domains_stay_out_where_domains_are_named(
    office: Inbox, provider: OutsideProvider, ben_works_here: Agent, tmp_path: Path
) -> None:
    for domains, status in [("elsewhere.example", 403), ("elsewhere.example, NORTHWIND.example", 303)]:
        made = settings(tmp_path, provider.issuer, oidc_domains=domains)
        app = create_app(made, office.database, office.live, "Northwind")
        _, answer = await come(replace(office, app=app))
        assert answer.status_code == status


async def test_without_a_provider_there_is_no_button_and_no_way(inbox: Inbox) -> None:
    visitor = await inbox.visitor()
    assert "your company" not in (await visitor.get("/login")).text
    assert (await visitor.get("/login/oidc")).headers["location"] == "/login"
    assert (await visitor.get("/login/oidc/back?code=x&state=y")).status_code == 403


async def test_a_provider_that_is_away_is_said_and_passwords_still_count(inbox: Inbox, tmp_path: Path) -> None:
    await inbox.hire(BEN)
    made = settings(tmp_path, f"http://localhost:{free_port()}")
    office = replace(inbox, app=create_app(made, inbox.database, inbox.live, "Northwind"))
    visitor = await office.visitor()
    answer = await visitor.get("/login/oidc?next=/me")
    assert (answer.status_code, "cannot be reached right now" in answer.text) == (503, True)
    answer = await visitor.post("/login", data={"email": BEN.email, "password": BEN.password})
    assert answer.status_code == 303


async def test_a_provider_that_changes_its_keys_is_asked_for_them_again(
    office: Inbox, ben_works_here: Agent, provider: OutsideProvider
) -> None:
    for new_key in (False, True, False):
        provider.say(newKey=new_key)
        assert (await come(office))[1].status_code == 303


KNOWN = {"oidc_client_id": "knock", "oidc_client_secret": "s"}


@pytest.mark.parametrize(
    "told", [{"oidc_issuer": "https://i.example"}, KNOWN, KNOWN | {"oidc_issuer": "http://i.example"}]
)
def test_half_a_provider_and_one_without_tls_are_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**told)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_ben_presses_the_button_and_is_in_his_inbox(
    inbox: Inbox, provider: OutsideProvider, browse: Browse, tmp_path: Path, scheme: str, size: dict[str, int]
) -> None:
    await inbox.hire(BEN)
    port = free_port()
    made = settings(tmp_path, provider.issuer, inbox_url=f"http://localhost:{port}")
    context = await browse(expected=(*HANDLED, "status of 403"), color_scheme=scheme, viewport=size)
    page = await context.new_page()
    async with serving(create_app(made, inbox.database, inbox.live, "Northwind"), port) as url:
        await page.goto(f"{url}/inbox?view=mine")
        button = page.get_by_role("link", name="Sign in with your company's account")
        await axe(page)
        provider.say(token=BENS | {"email": "stranger@northwind.example"})
        await button.click()
        await expect(page.get_by_role("alert").filter(has_text="Nobody with your address")).to_be_visible()
        await axe(page)
        provider.say(token=BENS)
        await button.click()
        await expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
        assert page.url.startswith(f"{url}/inbox")
        inbox.live.close()


async def test_a_flood_of_returns_is_slowed_down(office: Inbox, ben_works_here: Agent) -> None:
    visitor = await office.visitor()
    statuses = [(await visitor.get(await sent_back(visitor))).status_code for _ in range(32)]
    assert statuses == [303] * 30 + [429] * 2
