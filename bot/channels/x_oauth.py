"""X's token endpoints: a code or a refresh token for tokens, and tokens given back; and whose a token is."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec

from bot.channel import Author, ChannelError, Halted, NeverDeliverable, TryLater, Unknown
from bot.channels.x_answering import CONNECT, problem_of, sentence_of
from bot.channels.x_shapes import User

PATIENCE = 10.0
"""Seconds for one call."""

T = TypeVar("T")


class Granted(msgspec.Struct):
    """What X grants: a token, how many seconds it lives, and with `offline.access` the one that brings the next."""

    access_token: str
    refresh_token: str | None = None
    expires_in: int = 7200


class _Me(msgspec.Struct):
    data: User


class OAuth:
    """OAuth 2.0 with PKCE, as our app on X. A public app has no secret."""

    def __init__(self, api: str, sign_in_url: str, client_id: str, client_secret: str | None) -> None:
        self._api = api.rstrip("/")
        self._sign_in_url = sign_in_url
        self._id, self._secret = client_id, client_secret

    def address(self, redirect_uri: str, scope: str, state: str, challenge: str) -> str:
        """Where a person says yes; X sends their browser to `redirect_uri` with `code` and `state`."""
        asked = {
            "response_type": "code",
            "client_id": self._id,
            "redirect_uri": redirect_uri,
            "scope": scope,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._sign_in_url}{'&' if '?' in self._sign_in_url else '?'}{urlencode(asked)}"

    async def redeem(self, code: str, verifier: str, redirect_uri: str) -> Granted:
        """Tokens for a code, which lives 30 seconds. Raises `NeverDeliverable` for one that is not good (any more)."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return _as(await self._post("token", form | {"code_verifier": verifier}), Granted)

    async def refresh(self, token: str) -> Granted:
        """The next tokens; the one given is spent. Raises `NeverDeliverable` if it opens nothing any more."""
        return _as(await self._post("token", {"grant_type": "refresh_token", "refresh_token": token}), Granted)

    async def revoke(self, token: str) -> None:
        """Give an access token back. Raises `ChannelError`."""
        await self._post("revoke", {"token": token, "token_type_hint": "access_token"})

    async def whose(self, token: str) -> Author:
        """Whose token it is. Raises `ChannelError`."""
        answer = await self._send("GET", "/2/users/me", headers={"Authorization": f"Bearer {token}"})
        me = _as(answer, _Me).data
        return Author(me.id, me.username, me.name)

    async def _post(self, what: str, form: Mapping[str, str]) -> bytes:
        path = f"/2/oauth2/{what}"
        if self._secret is None:
            return await self._send("POST", path, data={**form, "client_id": self._id})
        return await self._send("POST", path, data=form, auth=httpx.BasicAuth(self._id, self._secret))

    async def _send(self, method: str, path: str, **options: Any) -> bytes:
        try:
            async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as http:
                answer = await http.request(method, self._api + path, **options)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise TryLater(5, f"X cannot be reached: {error}") from error
        except httpx.HTTPError as error:
            raise Unknown(f"no answer of X: {error!r}") from error
        if answer.is_success:
            return answer.content
        raise _refusal(answer)


def _refusal(answer: httpx.Response) -> ChannelError:
    words = sentence_of(problem_of(answer.content))
    match answer.status_code:
        case 400 | 403:
            return NeverDeliverable(f"X does not grant it: {words}")
        case 401:
            todo = f"Are KNOCK_X_CLIENT_ID and KNOCK_X_CLIENT_SECRET right? If so, {CONNECT}"
            return Halted(f"X does not know our app: {words}. {todo}")
        case 429:
            return TryLater(60, "X was asked too often for tokens")
        case status if status >= 500:
            return Unknown(f"X answered {status}: {words}")
        case status:
            return Halted(f"X refuses our calls ({status}): {words}. Is KNOCK_X_API right?")


def _as(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unknown(f"X's answer has a shape that we do not know: {error}") from error
