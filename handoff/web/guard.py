"""What stands in front of every page: security headers, a same-origin check, and a limit on what is sent to us."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from fastapi.telemetry import TelemetryConfig
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Mapping[str, str] = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "knock",
}
"""The content security policy: everything from ourselves, nothing inline, HTML made by one named policy only."""

UNTRACED: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
"""How our applications are made: no collector of traces gets addresses, which can hold a customer's or an agent's key,
and no request is asked whether there is one."""

LARGEST_BODY = 64 * 1024
"""Bytes of one request: ten times the longest reply in four-byte letters, with room for its form."""


def content_policy(changes: Mapping[str, str] = MappingProxyType({})) -> str:
    """The policy as a header, with other words for some of its parts."""
    return "; ".join(f"{name} {value}" for name, value in {**POLICY, **changes}.items())


def security_headers(origin: str, referrer: str = "strict-origin-when-cross-origin") -> dict[str, str]:
    """What every answer carries. Personal pages are kept nowhere, unless an answer says otherwise itself."""
    headers = {
        "Content-Security-Policy": content_policy(),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": referrer,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "Cache-Control": "no-store",
    }
    if origin.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


class SecurityHeaders:
    """Adds the content security policy and its companions to every answer."""

    def __init__(self, app: ASGIApp, *, origin: str, referrer: str = "strict-origin-when-cross-origin") -> None:
        self.app = app
        self.headers = security_headers(origin, referrer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class SameOrigin:
    """Refuses (403) what another site's page sends in the name of whoever is signed in here.

    Browsers say where a request comes from in `Sec-Fetch-Site`, or else in `Origin`, which must be ours.
    """

    def __init__(self, app: ASGIApp, *, origin: str, but: str | None = None) -> None:
        """`but`: below this path nobody is known by a cookie, so that whoever sends there does so in their own name."""
        self.app, self.origin, self.but = app, origin, but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or scope["method"] in ("GET", "HEAD", "OPTIONS")
            or (self.but is not None and scope["path"].startswith(f"{self.but}/"))
            or self._is_ours(Headers(scope=scope))
        ):
            await self.app(scope, receive, send)
        else:
            refusal = PlainTextResponse("This came from another site. Go back, reload the page, and try again.", 403)
            await refusal(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        return headers.get("sec-fetch-site") in ("same-origin", "none") or headers.get("origin") == self.origin


class BodyLimit:
    """Stops reading (413) a body of more than `limit` bytes, whatever its length was said to be."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int = LARGEST_BODY,
        larger: Mapping[str, int] = MappingProxyType({}),
        longer: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        """`larger`: the limit of a form with files at paths that a pattern describes; `longer`: of one without."""
        self.app, self.limit, self.larger, self.longer = app, limit, larger, longer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received, limit = 0, self._limit(scope)

        async def receive_up_to_limit() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_up_to_limit if scope["type"] == "http" else receive, send)

    def _limit(self, scope: Scope) -> int:
        if scope["type"] != "http":
            return self.limit
        has_files = Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")
        limits = self.larger if has_files else self.longer
        return next((most for path, most in limits.items() if re.fullmatch(path, scope["path"])), self.limit)
