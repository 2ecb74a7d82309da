"""Signing in on our fake X: codes live 30 seconds, PKCE is checked, refresh tokens rotate, revoked ones end."""

import base64
from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.peers.fake_x import FakeX
from tests.peers.fake_x_tokens import challenge

BACK = "http://127.0.0.1:8000/x/back"
VERIFIER = "a-verifier-of-at-least-43-characters-of-which-nobody-knows"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeX]:
    with FakeX() as x:
        yield x


@pytest.fixture
def x(server: FakeX) -> FakeX:
    server.begin_anew()
    server.redirect_uris.append(BACK)
    return server


def sign_in_page(**changes: str) -> str:
    asked = {
        "response_type": "code",
        "client_id": "northwind-client",
        "redirect_uri": BACK,
        "scope": "users.read tweet.read",
        "state": "s-1",
        "code_challenge": challenge(VERIFIER),
        "code_challenge_method": "S256",
    }
    return "/i/oauth2/authorize?" + urlencode(asked | changes)


def token(x: FakeX, path: str = "/2/oauth2/token", secret: str | None = None, **form: str) -> httpx.Response:
    mine = f"{x.credentials.client_id}:{secret or x.credentials.client_secret}"
    basic = {"Authorization": "Basic " + base64.b64encode(mine.encode()).decode()}
    return httpx.post(x.url + path, data=form, headers=basic, timeout=60, trust_env=False)


def exchange(x: FakeX, code: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return token(x, **(form | changes))


def code_for(x: FakeX, name: str = "Mara") -> str:
    return parse_qs(urlsplit(x.sign_in(sign_in_page(), name)).query)["code"][0]


def me(x: FakeX, access: str) -> httpx.Response:
    return httpx.get(f"{x.url}/2/users/me", headers={"Authorization": f"Bearer {access}"}, timeout=60, trust_env=False)


def test_who_signs_in_is_known_by_the_token(x: FakeX) -> None:
    made = exchange(x, code_for(x)).json()
    assert (made["token_type"], made["expires_in"], "refresh_token" in made) == ("bearer", 7200, False)
    assert me(x, made["access_token"]).json()["data"]["id"] == x.person("Mara").id


def test_a_code_works_once(x: FakeX) -> None:
    code = code_for(x)
    assert exchange(x, code).status_code == 200
    assert exchange(x, code).json()["error"] == "invalid_request"


def test_a_code_lives_30_seconds(x: FakeX) -> None:
    code = code_for(x)
    x.pass_time(30)
    assert "authorization code" in exchange(x, code).json()["error_description"]


def test_a_wrong_verifier_is_refused(x: FakeX) -> None:
    assert "code verifier" in exchange(x, code_for(x), code_verifier="another").json()["error_description"]


def test_another_address_to_come_back_to_is_refused(x: FakeX) -> None:
    assert exchange(x, code_for(x), redirect_uri=BACK + "/").status_code == 400


def test_another_client_is_refused(x: FakeX) -> None:
    assert token(x, secret="guessed", grant_type="refresh_token").status_code == 401


def test_a_public_app_has_no_secret(x: FakeX) -> None:
    x.credentials.client_secret = ""
    assert exchange(x, code_for(x), client_id="northwind-client").status_code == 200


def test_an_access_token_lives_two_hours(x: FakeX) -> None:
    access = exchange(x, code_for(x)).json()["access_token"]
    x.pass_time(7199)
    assert me(x, access).status_code == 200
    x.pass_time(1)
    assert me(x, access).status_code == 401


def test_a_refresh_token_rotates(x: FakeX) -> None:
    old = x.credentials.refresh_token
    x.expire_access_token()
    fresh = token(x, grant_type="refresh_token", refresh_token=old).json()
    assert fresh["refresh_token"] == x.credentials.refresh_token != old
    assert me(x, fresh["access_token"]).json()["data"]["id"] == x.bot.id
    assert token(x, grant_type="refresh_token", refresh_token=old).status_code == 400


def test_a_rotation_whose_answer_is_lost_leaves_nobody_with_a_token(x: FakeX) -> None:
    old = x.credentials.refresh_token
    x.trouble.drop("POST", "/2/oauth2/token")
    with pytest.raises(httpx.RemoteProtocolError):
        token(x, grant_type="refresh_token", refresh_token=old)
    assert token(x, grant_type="refresh_token", refresh_token=old).status_code == 400


def test_a_revoked_token_opens_nothing(x: FakeX) -> None:
    access = exchange(x, code_for(x)).json()["access_token"]
    assert token(x, "/2/oauth2/revoke", token=access, token_type_hint="access_token").json() == {"revoked": True}
    assert me(x, access).status_code == 401
    assert x.tokens.revoked == [access]
    assert not x.tokens.is_live(access)


def test_a_token_does_no_more_than_its_scopes(x: FakeX) -> None:
    access = exchange(x, code_for(x)).json()["access_token"]
    headers = {"Authorization": f"Bearer {access}"}
    answer = httpx.post(f"{x.url}/2/tweets", json={"text": "Hello"}, headers=headers, timeout=60, trust_env=False)
    assert (answer.status_code, "tweet.write" in answer.json()["detail"]) == (403, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": BACK + "/"},
        {"client_id": "another"},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"state": "x" * 501},
        {"scope": ""},
    ],
)
def test_there_is_no_sign_in_page_for_a_wrong_address(x: FakeX, wrong: dict[str, str]) -> None:
    assert httpx.get(x.url + sign_in_page(**wrong), timeout=60, trust_env=False).status_code == 400


def test_people_choose_who_they_are_or_cancel(x: FakeX) -> None:
    x.person("Noor نور")
    page = httpx.get(x.url + sign_in_page(), timeout=60, trust_env=False)
    assert "Noor نور" in page.text
    signed = httpx.post(x.url + sign_in_page(), data={"as": "noor"}, timeout=60, trust_env=False)
    assert signed.status_code == 302
    came = parse_qs(urlsplit(signed.headers["location"]).query)
    assert came["state"] == ["s-1"]
    assert me(x, exchange(x, came["code"][0]).json()["access_token"]).json()["data"]["username"] == "noor"
    cancelled = httpx.post(x.url + sign_in_page(), data={}, timeout=60, trust_env=False)
    assert cancelled.headers["location"] == f"{BACK}?error=access_denied&state=s-1"
