"""/login/oidc: coming in by the sign-in of one's company. Who may is ours to say: whom we know, or have invited.

What we keep of a sign-in until somebody comes back is in a cookie of their browser, sealed: so only that browser can
come back, once, within ten minutes.
"""

import json
import logging
import secrets
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import agents, deeds, errors
from handoff.credentials import Seal
from handoff.models import Agent
from handoff.settings import Settings
from handoff.web.provider import Asked, NotProven, Proven, Provider, ProviderAway
from handoff.web.sign_in import come_in, inside
from handoff.web.site import TRIES_OF_ALL, Here, Site
from handoff.web.witness import address

log = logging.getLogger(__name__)

router = APIRouter(prefix="/login/oidc")

PLACE = "/login/oidc"
LASTS = 10 * 60
"""Seconds between leaving for the provider and coming back."""

Word = Annotated[str, Query(max_length=4000)]


def provider_of(settings: Settings) -> Provider | None:
    """The provider of the settings, if there is one."""
    if not (settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret):
        return None
    return Provider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


@router.get("")
async def leave(here: Here, next: Word = "/inbox", invitation: Word = "") -> Response:
    """To the provider, and from there back to `next`; with the token of an invitation, to become an agent."""
    if here.provider is None:
        return RedirectResponse("/login", 303)
    asked = Asked(*(secrets.token_urlsafe(32) for _ in range(3)))
    try:
        to = await here.provider.address(asked, _back(here))
    except (ProviderAway, NotProven) as error:
        return _refused(here, error, inside(next))
    kept = asdict(asked) | {"next": inside(next), "invitation": invitation}
    answer = RedirectResponse(to, 303)
    sealed = _seal(here).seal(json.dumps(kept))
    answer.set_cookie(_cookie(here), sealed, LASTS, path=PLACE, httponly=True, secure=here.is_https, samesite="lax")
    return answer


@router.get("/back")
async def back(
    request: Request, here: Here, code: Word = "", state: Word = "", error: Word = "", iss: Word = ""
) -> Response:
    """From the provider: in, if it vouches for the address of somebody who works here or is invited."""
    kept = _kept(here, request)
    try:
        proven = await _proven(request, here, kept, code=code, state=state, error=error, iss=iss)
        agent = await _agent(here, proven, kept["invitation"])
    except errors.AgentError as refusal:
        async with here.database.transaction("inbox.refuse sign in") as session:
            deeds.tell(session, f"by the provider: {type(refusal).__name__}")
        answer: Response = _refused(here, refusal, kept.get("next", "/inbox"))
    else:
        answer = await come_in(request, here, agent, kept["next"], "single sign-on")
    answer.delete_cookie(_cookie(here), PLACE, httponly=True, secure=here.is_https, samesite="lax")
    return answer


async def _proven(request: Request, here: Site, kept: dict[str, Any], **said: str) -> Proven:
    """Whom the provider vouches for, in this browser, which we sent there. Raises `AgentError`."""
    if here.provider is None or not kept or not secrets.compare_digest(said["state"].encode(), kept["state"].encode()):
        log.warning("somebody came back from the provider whom we did not send there, or too late")
        raise NotProven
    if said["error"] or not said["code"] or said["iss"] not in ("", here.provider.issuer):
        log.warning("the provider sent somebody back with %r", said["error"] or said["iss"])
        raise NotProven
    if not await here.tries.hit(TRIES_OF_ALL, address(request)):
        raise errors.TooManyTries
    asked = Asked(kept["state"], kept["nonce"], kept["verifier"])
    return await here.provider.redeem(said["code"], asked, _back(here))


async def _agent(here: Site, proven: Proven, invitation: str) -> Agent:
    """Who it is, here; their role is ours. Raises `NotInvited`, `ShutOut` of agents, `LinkIsOver`."""
    domain = proven.email.rpartition("@")[2].casefold()
    if here.settings.oidc_domains and domain not in here.settings.oidc_domains:
        raise errors.NotInvited
    if not _is_plain(proven.email):
        raise errors.NotInvited
    async with here.database.reading() as session:
        known = await agents.known(session, proven.email)
    if known is not None:
        return known
    if not invitation:
        raise errors.NotInvited
    password_hash = await agents.hashed(secrets.token_urlsafe(32))
    name = proven.name or proven.email.partition("@")[0]
    async with here.database.transaction("inbox.join by provider") as session:
        agent = await agents.join(session, invitation, name=name, email=proven.email, password_hash=password_hash)
        deeds.tell(session, agent.role, by=agent)
    return agent


def _is_plain(email: str) -> bool:
    """Whether it stays the same address when it is compared: "straße" and "strasse" are domains of two people."""
    return email.isprintable() and all(letter.isascii() or letter.casefold() == letter for letter in email)


def _kept(here: Site, request: Request) -> dict[str, Any]:
    sealed = request.cookies.get(_cookie(here), "")
    opened = _seal(here).open_fresh(sealed, LASTS)
    kept: dict[str, Any] = json.loads(opened) if opened else {}
    return kept


def _refused(here: Site, error: errors.AgentError, next: str) -> HTMLResponse:
    status = 429 if isinstance(error, errors.TooManyTries) else 503 if isinstance(error, ProviderAway) else 403
    return here.page("login.html", status, next=next, email="", problem=error.sentence)


def _back(here: Site) -> str:
    return f"{here.settings.inbox_origin}{PLACE}/back"


def _cookie(here: Site) -> str:
    return "__Secure-knock_oidc" if here.is_https else "knock_oidc"


def _seal(here: Site) -> Seal:
    return Seal(here.settings.key, "sign-in by the provider")
