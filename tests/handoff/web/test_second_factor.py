"""The second factor: codes of an app, recovery codes, and passkeys in a real browser."""

import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyotp
from playwright.async_api import Page, expect
from sqlalchemy import select

from handoff import factors
from handoff.passkeys import Passkey
from handoff.settings import Settings
from handoff.web.app import create_app
from tests.browser import Browse, serving
from tests.cast import ANA, BEN
from tests.handoff.web.conftest import Inbox


async def set_up(ben: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Turn the app on; its secret and the recovery codes."""
    assert (await ben.post("/me/app", data={"password": BEN.password})).status_code == 303
    found = re.search(r"<code>([A-Z2-7]{32})</code>", (await ben.get("/me")).text)
    assert found
    page = (await ben.post("/me/app/prove", data={"code": pyotp.TOTP(found[1]).now()})).text
    codes = re.findall(r"<code>([a-z2-7]{4}(?:-[a-z2-7]{4}){3})</code>", page)
    assert len(codes) == factors.CODES
    return found[1], codes


def later(secret: str) -> str:
    """The next code: the present one was used to prove the app."""
    return pyotp.TOTP(secret).generate_otp(int(datetime.now(UTC).timestamp()) // factors.STEP + 1)


async def half_way(inbox: Inbox) -> tuple[httpx.AsyncClient, str]:
    """A browser after the right password, and what its form carries."""
    visitor = await inbox.visitor()
    page = await visitor.post("/login", data={"email": BEN.email, "password": BEN.password})
    assert (page.status_code, "set-cookie" in page.headers) == (200, False)
    found = re.search(r'name="half" value="([^"]+)"', page.text)
    assert found
    return visitor, found[1]


async def test_with_an_app_the_password_alone_does_not_open_the_inbox(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    secret, _ = await set_up(ben)
    assert secret not in (await ben.get("/me")).text, "once proven it is never shown again"
    visitor, half = await half_way(inbox)
    assert (await visitor.get("/inbox")).status_code == 303
    wrong = await visitor.post("/login/code", data={"half": half, "code": "000000"})
    assert (wrong.status_code, "That code is not right" in wrong.text) == (422, True)
    code = later(secret)
    assert (await visitor.post("/login/code", data={"half": half, "code": code})).headers["location"] == "/inbox"
    assert (await visitor.get("/inbox")).status_code == 200
    again, half = await half_way(inbox)
    assert (await again.post("/login/code", data={"half": half, "code": code})).status_code == 422, "no code twice"


async def test_a_recovery_code_stands_in_once(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    _, codes = await set_up(ben)
    for status in (303, 422):
        visitor, half = await half_way(inbox)
        answer = await visitor.post("/login/code", data={"half": half, "code": codes[0].upper()})
        assert answer.status_code == status
    assert "9 recovery codes are left" in (await ben.get("/me")).text


async def test_codes_cannot_be_guessed_one_after_the_other(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    secret, _ = await set_up(ben)
    visitor, half = await half_way(inbox)
    for _ in range(5):
        assert (await visitor.post("/login/code", data={"half": half, "code": "000000"})).status_code == 422
    answer = await visitor.post("/login/code", data={"half": half, "code": later(secret)})
    assert (answer.status_code, "quarter of an hour" in answer.text) == (429, True)


async def test_half_a_sign_in_cannot_be_made_up_and_ends_with_the_password(
    inbox: Inbox, ben: httpx.AsyncClient
) -> None:
    secret, _ = await set_up(ben)
    visitor, half = await half_way(inbox)
    for made_up in ("1", half[:-4] + "aaaa", "é"):
        answer = await visitor.post("/login/code", data={"half": made_up, "code": later(secret)})
        assert "Sign in again" in answer.text
    await ben.post("/me/password", data={"old": BEN.password, "new": "another long password"})
    answer = await visitor.post("/login/code", data={"half": half, "code": later(secret)})
    assert "Sign in again" in answer.text


async def test_changing_a_second_factor_asks_for_the_password(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    await set_up(ben)
    for path in ("/me/app/off", "/me/codes", "/me/passkeys/options"):
        answer = await ben.post(path, data={"password": "not that one"})
        assert (answer.status_code, "not your password" in answer.text) == (422, True), path
    await ben.post("/me/app/off", data={"password": BEN.password})
    visitor = await inbox.visitor()
    assert (await visitor.post("/login", data={"email": BEN.email, "password": BEN.password})).status_code == 303


async def test_an_admin_resets_what_a_colleague_lost(
    inbox: Inbox, ana: httpx.AsyncClient, ben: httpx.AsyncClient
) -> None:
    await set_up(ben)
    assert "Reset" in (await ana.get("/admin")).text
    await ana.post(f"/admin/agents/{inbox.people['Ben'].id}/reset")
    assert (await ben.get("/inbox")).status_code == 303, "whoever sat there is out"
    visitor = await inbox.visitor()
    assert (await visitor.post("/login", data={"email": BEN.email, "password": BEN.password})).status_code == 303


async def test_a_secret_is_sealed_and_codes_are_hashed_in_the_record(inbox: Inbox, ben: httpx.AsyncClient) -> None:
    secret, codes = await set_up(ben)
    async with inbox.database.reading() as session:
        kept = [
            *await session.scalars(select(factors.Authenticator.secret)),
            *await session.scalars(select(factors.RecoveryCode.code_hash)),
        ]
    assert len(kept) == 1 + factors.CODES
    assert not {secret, *codes} & set(kept)


async def test_s5_a_passkey_is_added_and_signs_in_without_a_name(inbox: Inbox, browse: Browse, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    here = Settings(home=tmp_path, secret="a secret for tests", inbox_url=f"http://localhost:{port}", _env_file=None)
    async with serving(create_app(here, inbox.database, inbox.live, "Northwind"), port) as url:
        context = await browse(expected=("status of 4",))
        await inbox.sit_down(context, ANA, url)
        page = await context.new_page()
        await a_device(page)
        await page.goto(f"{url}/me")
        await page.get_by_label("A name for this device").fill("My <b>laptop</b>")
        form = page.locator("#new-passkey")
        await form.get_by_label("Your password").fill("not that one")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.locator("#problem")).to_contain_text("not your password")
        await form.get_by_label("Your password").fill(ANA.password)
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
        await expect(page.locator("#second summary", has_text="My <b>laptop</b>")).to_be_visible()
        await page.get_by_role("button", name="Sign out", exact=True).click()
        await page.get_by_role("button", name="Sign in with a passkey").click()
        await expect(page.get_by_role("heading", name="Inbox", level=1)).to_be_visible()
        assert page.url == f"{url}/inbox"
        inbox.live.close()
    async with inbox.database.reading() as session:
        passkey = (await session.scalars(select(Passkey))).one()
    assert (passkey.agent_id, passkey.count > 0) == (inbox.people["Ana"].id, True)


async def test_what_was_never_asked_signs_nobody_in(inbox: Inbox) -> None:
    visitor = await inbox.visitor()
    for credential in ("", "[]", "1", "{}", '{"id": "x", "response": {"clientDataJSON": "e30"}}', "{"):
        answer = await visitor.post("/login/passkey", data={"credential": credential})
        assert (answer.status_code, "set-cookie" in answer.headers) == (422, False), credential


async def a_device(page: Page) -> None:
    """A device that keeps passkeys and whose owner always agrees."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    agreeing = {"isUserVerified": True, "automaticPresenceSimulation": True}
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options | agreeing})
