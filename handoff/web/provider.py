"""The OpenID Connect provider of the company: where people prove who they are, and what it says of them.

The code is redeemed with PKCE and our secret. Of the ID token we check signature, issuer, audience, times and nonce;
what stands in it counts only then. Nobody is waited for longer than `PATIENCE`.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from handoff.errors import AgentError

log = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds for one call."""

FRESH = 3600.0
"""Seconds for which we believe what the provider said of itself."""

SKEW = 60
"""Seconds by which its clock and ours may differ."""

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures with the provider's own key; never none, never one made with a secret that we share."""

KEYS = ("RSA", "EC", "OKP")


class ProviderAway(AgentError):
    """The sign-in of your company cannot be reached right now. Try again in a moment, or use your password."""


class NotProven(AgentError):
    """The sign-in of your company did not say who you are. Begin again; if it stays so, tell an admin."""


@dataclass(frozen=True, slots=True)
class Proven:
    """Whom the provider vouches for: an address that it has verified, and a name, which may be empty."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What we keep of a sign-in until somebody comes back: `nonce` and `verifier` are known to nobody else."""

    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider, which knows us as a client with a secret."""

    def __init__(self, issuer: str, client_id: str, client_secret: str) -> None:
        self.issuer = issuer
        self._id, self._secret = client_id, client_secret
        self._said: tuple[Mapping[str, Any], float] | None = None
        self._keys: KeySet | None = None

    async def address(self, asked: Asked, redirect_uri: str) -> str:
        """Where people prove who they are. Raises `ProviderAway`."""
        where = (await self._metadata())["authorization_endpoint"]
        words = {
            "response_type": "code",
            "client_id": self._id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": create_s256_code_challenge(asked.verifier),
            "code_challenge_method": "S256",
        }
        return f"{where}{'&' if '?' in where else '?'}{urlencode(words)}"

    async def redeem(self, code: str, asked: Asked, redirect_uri: str) -> Proven:
        """Who came back with a code. Raises `ProviderAway`, `NotProven`."""
        about = await self._metadata()
        tokens = await self._post(about, {"code": code, "redirect_uri": redirect_uri, "code_verifier": asked.verifier})
        claims = await self._checked(tokens, asked)
        if "email" not in claims and "userinfo_endpoint" in about:
            claims |= await self._more(about["userinfo_endpoint"], tokens, claims["sub"])
        email, name = claims.get("email"), claims.get("name")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise _refused(f"no verified address, but {sorted(claims)}")
        return Proven(email, name if isinstance(name, str) else "")

    async def _metadata(self) -> Mapping[str, Any]:
        if self._said is None or self._said[1] < time.monotonic():
            about = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            scheme = self.issuer.partition(":")[0]
            places = [str(about.get(name, "")).startswith(f"{scheme}://") for name in needed]
            if about.get("issuer") != self.issuer or not all(places):
                raise _refused(f"{self.issuer} calls itself {about.get('issuer')!r}, or lacks one of {needed}")
            self._said, self._keys = (about, time.monotonic() + FRESH), None
        return self._said[0]

    async def _post(self, about: Mapping[str, Any], form: Mapping[str, str]) -> Mapping[str, Any]:
        form = {"grant_type": "authorization_code", **form}
        methods = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:
            us = httpx.BasicAuth(quote(self._id, safe=""), quote(self._secret, safe=""))
            return await self._ask("POST", about["token_endpoint"], data=form, auth=us)
        us_too = {"client_id": self._id, "client_secret": self._secret}
        return await self._ask("POST", about["token_endpoint"], data=form | us_too)

    async def _checked(self, tokens: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        token = await self._decoded(str(tokens.get("id_token", "")))
        wanted = {"iss": {"essential": True, "value": self.issuer}, "aud": {"essential": True, "value": self._id}}
        known = {"nonce": asked.nonce, "client_id": self._id, "access_token": tokens.get("access_token")}
        try:
            CodeIDToken(token.claims, token.header, wanted, known).validate(leeway=SKEW)
        except (JoseError, ValueError, TypeError) as error:
            raise _refused(f"an ID token that is not for us, or not now: {error}") from error
        return dict(token.claims)

    async def _decoded(self, id_token: str) -> jwt.Token:
        for is_last in (False, True):
            keys = await self._key_set(anew=is_last)
            try:
                return jwt.decode(id_token, keys, algorithms=ALGORITHMS)
            except (JoseError, ValueError) as error:
                if is_last:
                    raise _refused(f"an ID token that is not signed by its keys: {error}") from error
        raise AssertionError

    async def _key_set(self, *, anew: bool) -> KeySet:
        if self._keys is None or anew:
            said = (await self._get((await self._metadata())["jwks_uri"])).get("keys")
            found = [one for one in said if isinstance(one, dict)] if isinstance(said, list) else []
            signing = [one for one in found if one.get("kty") in KEYS and one.get("use", "sig") == "sig"]
            try:
                self._keys = KeySet.import_key_set({"keys": signing})
            except (JoseError, ValueError) as error:
                raise _refused(f"keys that we cannot read: {error}") from error
        return self._keys

    async def _more(self, url: str, tokens: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        headers = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        said = await self._ask("GET", url, headers=headers)
        return said if said.get("sub") == subject else {}

    async def _get(self, url: str) -> Mapping[str, Any]:
        return await self._ask("GET", url)

    async def _ask(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE), httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
                answer = await http.request(method, url, **options)
            said = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError) as error:
            log.warning("the provider cannot be reached at %s: %r", url, error)
            raise ProviderAway from error
        if answer.status_code >= 500:
            log.warning("the provider answered %s at %s", answer.status_code, url)
            raise ProviderAway
        if not answer.is_success or not isinstance(said, dict):
            raise _refused(f"{answer.status_code} at {url}: {str(said)[:200]}")
        return said


def _refused(why: str) -> NotProven:
    log.warning("a sign-in by the provider was refused: %s", why)
    return NotProven()
