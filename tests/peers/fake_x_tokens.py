"""Who may ask our fake X for what: the app's token, people's tokens, codes with PKCE, rotating refresh tokens."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.peers.fake_x_posts import Account
from tests.peers.fake_x_problems import Json, unauthorized
from tests.peers.fake_x_world import World

CODE_LIFE = 30
ACCESS_LIFE = 7200
OURS = "tweet.read tweet.write users.read dm.read dm.write offline.access"
LONGEST_STATE = 500


class BadGrant(Exception):
    """The token endpoint's refusal, in the words of OAuth."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.status, self.body = status, {"error": error, "error_description": description}


@dataclass
class Token:
    """What an `Authorization: Bearer` stands for; without an account it is the app by itself."""

    value: str
    account: Account | None
    scopes: frozenset[str]
    ends: float


@dataclass
class Code:
    """What comes back from signing in, to be turned into tokens at once."""

    account: Account
    redirect_uri: str
    challenge: str
    scope: str
    ends: float


@dataclass
class Credentials:
    """What the developer's portal shows, and the newest tokens of our own account."""

    client_id: str = "northwind-client"
    client_secret: str = "northwind-client-secret"
    """Empty for a public app, which names itself in the form."""
    consumer_key: str = "northwind-consumer"
    consumer_secret: str = "northwind-consumer-secret"
    bearer_token: str = "northwind-app-only"
    access_token: str = ""
    refresh_token: str = ""
    expires_in: int = ACCESS_LIFE


@dataclass
class Tokens:
    """All tokens and codes that were given out."""

    world: World
    credentials: Credentials = field(default_factory=Credentials)
    redirect_uris: list[str] = field(default_factory=list)
    """The addresses to come back to that are registered."""
    any_loopback: bool = False
    """Whether every address of this machine counts as registered, as when a person tries things out."""
    revoked: list[str] = field(default_factory=list)
    _access: dict[str, Token] = field(default_factory=dict)
    _refresh: dict[str, tuple[Account, str]] = field(default_factory=dict)
    _codes: dict[str, Code] = field(default_factory=dict)
    _made: int = 0

    def __post_init__(self) -> None:
        self._access[self.credentials.bearer_token] = Token(
            self.credentials.bearer_token, None, frozenset(), float("inf")
        )
        self.give(self.world.bot, OURS)

    def check(self, authorization: str) -> Token:
        """Whose call it is. Raises `Problem`."""
        token = self._access.get(authorization.removeprefix("Bearer "))
        if not authorization.startswith("Bearer ") or token is None or token.ends <= self.world.now():
            raise unauthorized()
        if token.account and token.account.suspended:
            raise unauthorized()
        return token

    def give(self, account: Account, scope: str) -> Json:
        """New tokens for an account, as the token endpoint answers them."""
        scopes = frozenset(scope.split())
        access = self._new("access")
        self._access[access] = Token(access, account, scopes, self.world.now() + self.credentials.expires_in)
        answer = {
            "token_type": "bearer",
            "expires_in": self.credentials.expires_in,
            "access_token": access,
            "scope": scope,
        }
        if "offline.access" in scopes:
            answer["refresh_token"] = refresh = self._new("refresh")
            self._refresh[refresh] = (account, scope)
            if account is self.world.bot:
                self.credentials.access_token, self.credentials.refresh_token = access, refresh
        return answer

    def expire(self, account: Account) -> None:
        """The access tokens of an account end now; refresh tokens stay."""
        for token in self._access.values():
            if token.account is account:
                token.ends = self.world.now()

    def is_live(self, value: str) -> bool:
        """Whether this access or refresh token still opens something."""
        token = self._access.get(value)
        return value in self._refresh or (token is not None and token.ends > self.world.now())

    # Signing in

    def trouble_with(self, asked: Mapping[str, str]) -> str | None:
        """Why X shows no sign-in page for these parameters."""
        if asked.get("client_id") != self.credentials.client_id or asked.get("response_type") != "code":
            return "client_id or response_type"
        if not self._is_registered(asked.get("redirect_uri", "")):
            return "redirect_uri"
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "code_challenge"
        if not asked.get("scope"):
            return "scope"
        return None if 0 < len(asked.get("state", "")) <= LONGEST_STATE else "state"

    def approve(self, asked: Mapping[str, str], account: Account) -> str:
        """Somebody signs in and says yes; where the browser is sent."""
        code = self._new("code")
        ends = self.world.now() + CODE_LIFE
        self._codes[code] = Code(account, asked["redirect_uri"], asked["code_challenge"], asked["scope"], ends)
        return back(asked, state=asked["state"], code=code)

    def cancel(self, asked: Mapping[str, str]) -> str:
        """Somebody says no; where the browser is sent."""
        return back(asked, error="access_denied", state=asked["state"])

    def sign_in(self, url: str, account: Account) -> str:
        """What a browser does with the address of the sign-in page; where it is sent."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if trouble := self.trouble_with(asked):
            raise ValueError(f"X shows no sign-in page: {trouble}")
        return self.approve(asked, account)

    def _is_registered(self, uri: str) -> bool:
        local = self.any_loopback and urlsplit(uri).hostname in ("127.0.0.1", "localhost")
        return bool(uri) and (local or uri in self.redirect_uris)

    # The token endpoint

    def grant(self, form: Mapping[str, str], authorization: str) -> Json:
        """Tokens for a code or for a refresh token. Raises `BadGrant`."""
        self._check_client(form, authorization)
        match form.get("grant_type"):
            case "authorization_code":
                return self._for_code(form)
            case "refresh_token":
                return self._for_refresh(form.get("refresh_token", ""))
        raise BadGrant("unsupported_grant_type", "Value passed for the grant type was invalid.")

    def revoke(self, form: Mapping[str, str], authorization: str) -> Json:
        """A token ends now. Raises `BadGrant`."""
        self._check_client(form, authorization)
        value = form.get("token", "")
        self.revoked.append(value)
        self._refresh.pop(value, None)
        self._access.pop(value, None)
        return {"revoked": True}

    def _check_client(self, form: Mapping[str, str], authorization: str) -> None:
        if not self.credentials.client_secret and form.get("client_id") == self.credentials.client_id:
            return
        mine = f"{self.credentials.client_id}:{self.credentials.client_secret}"
        if authorization != "Basic " + base64.b64encode(mine.encode()).decode():
            raise BadGrant("unauthorized_client", "Missing valid authorization header", 401)

    def _for_code(self, form: Mapping[str, str]) -> Json:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.ends <= self.world.now():
            raise BadGrant("invalid_request", "Value passed for the authorization code was invalid.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise BadGrant("invalid_request", "Value passed for the redirect uri did not match the uri of the code.")
        if challenge(form.get("code_verifier", "")) != code.challenge:
            raise BadGrant("invalid_request", "Value passed for the code verifier did not match the code challenge.")
        return self.give(code.account, code.scope)

    def _for_refresh(self, value: str) -> Json:
        if value not in self._refresh:
            raise BadGrant("invalid_request", "Value passed for the token was invalid.")
        return self.give(*self._refresh.pop(value))

    def _new(self, kind: str) -> str:
        self._made += 1
        secret = hashlib.sha256(f"{kind} {self._made}".encode()).digest()
        return f"{kind}-" + base64.urlsafe_b64encode(secret).decode().rstrip("=")


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def back(asked: Mapping[str, str], **more: str) -> str:
    """The address to come back to, with the outcome in it."""
    uri = asked["redirect_uri"]
    return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(more)}"
