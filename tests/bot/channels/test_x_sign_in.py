"""Sign in with X: whose account it is is all that we learn and keep, and what X granted is given back."""

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest

from bot.channel import Author, Halted, NeverDeliverable, SignIn, TryLater
from bot.channels.x import sign_in
from tests.bot.channels.on_x import PlayMoney, settings_for
from tests.peers.fake_x import FakeX

BACK = "https://help.example/proof/x"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-as-the-rule-is"


def challenge(verifier: str = VERIFIER) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def signing(fake_x: FakeX, money: PlayMoney) -> SignIn:
    fake_x.redirect_uris.append(BACK)
    return sign_in(settings_for(fake_x), money)


def code(fake: FakeX, signing: SignIn) -> str:
    """Mara says on X that it is her."""
    back = urlsplit(fake.sign_in(signing.address("a-state", challenge()), "Mara"))
    asked: Mapping[str, list[str]] = parse_qs(back.query)
    assert (back._replace(query="").geturl(), asked["state"]) == (BACK, ["a-state"])
    return asked["code"][0]


async def test_x_says_whose_account_it_is_and_gets_everything_back(
    fake_x: FakeX, signing: SignIn, money: PlayMoney
) -> None:
    mara = fake_x.person("Mara")
    assert await signing.account(code(fake_x, signing), VERIFIER) == Author(mara.id, "mara", "Mara")
    [token] = fake_x.tokens.revoked
    assert not fake_x.tokens.is_live(token)
    assert money.spent == {"user read": 1}


def test_the_address_asks_for_as_little_as_can_be(fake_x: FakeX, signing: SignIn) -> None:
    asked = parse_qs(urlsplit(signing.address("a state", challenge())).query)
    assert asked["scope"] == ["users.read tweet.read"]
    assert asked["state"] == ["a state"]
    assert asked["code_challenge_method"] == ["S256"]
    assert not {"code_verifier", "client_secret"} & set(asked)


async def test_a_code_is_good_once_and_for_half_a_minute_and_with_its_verifier(
    fake_x: FakeX, signing: SignIn, money: PlayMoney
) -> None:
    used = code(fake_x, signing)
    await signing.account(used, VERIFIER)
    late = code(fake_x, signing)
    fake_x.pass_time(31)
    fresh = code(fake_x, signing)
    for wrong, verifier in ((used, VERIFIER), (late, VERIFIER), (fresh, "another"), ("forged", VERIFIER), ("", "")):
        with pytest.raises(NeverDeliverable):
            await signing.account(wrong, verifier)
    assert money.spent == {"user read": 1}


async def test_the_token_is_given_back_also_when_x_does_not_say_whose_it_is(fake_x: FakeX, signing: SignIn) -> None:
    fake_x.trouble.html_503("/2/users/me")
    with pytest.raises(TryLater):
        await signing.account(code(fake_x, signing), VERIFIER)
    assert len(fake_x.tokens.revoked) == 1


async def test_a_token_that_cannot_be_given_back_is_told_and_proves_all_the_same(
    fake_x: FakeX, signing: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    fake_x.trouble.html_503("/2/oauth2/revoke")
    assert (await signing.account(code(fake_x, signing), VERIFIER)).handle == "mara"
    assert "could not be given back" in caplog.text


async def test_an_x_in_trouble_is_to_be_tried_again(fake_x: FakeX, signing: SignIn) -> None:
    fake_x.trouble.html_503("/2/oauth2/token")
    with pytest.raises(TryLater):
        await signing.account(code(fake_x, signing), VERIFIER)
    fake_x.trouble.next(429, {}, path="/2/oauth2/token")
    with pytest.raises(TryLater):
        await signing.account(code(fake_x, signing), VERIFIER)
    fake_x.trouble.next(200, {"odd": 1}, path="/2/oauth2/token")
    with pytest.raises(TryLater):
        await signing.account(code(fake_x, signing), VERIFIER)
    fake_x.stop()
    with pytest.raises(TryLater):
        await signing.account("a code", VERIFIER)


async def test_wrong_keys_of_the_app_are_for_a_person_to_put_right(fake_x: FakeX, money: PlayMoney) -> None:
    fake_x.redirect_uris.append(BACK)
    wrong = sign_in(settings_for(fake_x, x_client_secret="wrong"), money)
    with pytest.raises(Halted, match="KNOCK_X_CLIENT_SECRET"):
        await wrong.account(code(fake_x, wrong), VERIFIER)


async def test_without_money_x_is_not_asked(fake_x: FakeX, signing: SignIn, money: PlayMoney) -> None:
    money.is_empty = True
    with pytest.raises(TryLater):
        await signing.account(code(fake_x, signing), VERIFIER)
    assert not fake_x.calls


async def test_an_app_without_a_secret_names_itself(fake_x: FakeX, money: PlayMoney) -> None:
    fake_x.redirect_uris.append(BACK)
    fake_x.credentials.client_secret = ""
    public = sign_in(settings_for(fake_x, x_client_secret=None), money)
    assert (await public.account(code(fake_x, public), VERIFIER)).handle == "mara"
