"""/verify: is this really us? Whether a link, a code or the words of a message are ours, but never for whom."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.ext.asyncio import AsyncSession

from bot.pages.site import Site, address, posted_on, site
from bot.pages.speak import _, day
from handoff import offers, tokens, visits
from handoff.codes import codes_in
from handoff.offers import Said

router = APIRouter(prefix="/verify")

LONGEST = 4096
"""Characters that are looked at."""

_ADDRESS = re.compile(r"https?://\S+|(?:[\w-]+\.)+\w{2,}(?::\d+)?/\S*", re.IGNORECASE)
_NEARLY = re.compile(r"[^\W_][.。．｡][^\W\d_]{2,}|[/\\]{2}")
"""What a reader, or an app, may take for another address."""

SHORTENERS = frozenset({"t.co", "lnkd.in", "l.facebook.com"})
"""Platforms put these in place of every address that people post, ours too."""

_TOKEN = re.compile(r"(?<![\w-])[\w-]{22}(?![\w-])", re.ASCII)
_PAGES = re.compile(r"/(?:square|privacy|verify)?(?:/.*)?")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we say about it. `careful`: the words are ours, but anybody can copy words."""

    kind: Literal["ours", "careful", "unknown", "not_ours"]
    title: str
    words: str


@router.api_route("", methods=["GET", "HEAD"])
async def ask(request: Request) -> HTMLResponse:
    """The field to paste it into."""
    return _page(site(request))


@router.post("")
async def check(request: Request, text: Annotated[str, Form()] = "") -> HTMLResponse:
    """What we know about it."""
    here, text = site(request), text.replace("\x00", "").strip()[:LONGEST]
    if not text:
        return _page(here, 422, error=_("Paste something first."))
    await here.pace.keep("verify", address(request))
    async with here.database.reading() as session:
        return _page(here, text=text, verdict=await _verdict(here, session, text))


def _page(
    here: Site, status: int = 200, *, text: str = "", verdict: Verdict | None = None, error: str = ""
) -> HTMLResponse:
    origin = here.settings.public_origin
    return here.page("verify.html", status, text=text, verdict=verdict, error=error, origin=origin, indexed=True)


async def _verdict(here: Site, session: AsyncSession, text: str) -> Verdict:
    """About every address in it, one by one: the first that is not ours decides, or what may be one."""
    verdicts = [await _of_address(here, session, found) for found in _addresses(text)]
    if verdicts:
        rest = _ADDRESS.sub(" ", text).replace(here.brand.name, " ")
        others = [_unknown()] if _NEARLY.search(rest) else []
        return next((one for one in [*verdicts, *others] if one.kind != "ours"), verdicts[0])
    if (token := _TOKEN.fullmatch(text)) and (said := await offers.by_link(session, tokens.digest(token[0]))):
        return _our_link(said)
    words = " ".join(text.split()).removesuffix(":")
    if said := await offers.in_words(session, words):
        return _our_words(_("We said this %(where)s, last on %(day)s.", **_place(said)))
    if words in {here.brand.offer_in(language)[0] for language in here.brand.languages}:
        return _our_words(_("This is how we offer help."))
    if (codes := codes_in(text)) and (said := await visits.code_of(session, codes)):
        made = _("We made it on %(day)s, to be posted %(where)s.", **_place(said))
        careful = _("Post it only if you asked for it yourself.")
        return Verdict("ours", _("Yes, this code is ours"), f"{made} {careful}")
    return _unknown()


async def _of_address(here: Site, session: AsyncSession, found: str) -> Verdict:
    """Ours is what leads to our own pages, or is the very link that a channel makes of a token of ours."""
    for token in _TOKEN.findall(found):
        said = await offers.by_link(session, tokens.digest(token))
        ways = {f"{here.settings.public_origin}/{page}/{token}" for page in ("h", "stop")}
        ways |= {here.flow.way_in(said.channel, token).link or ""} if said else set()
        if said and found in ways:
            return _our_link(said)
    origin, path = here.settings.public_origin, _path(here, found)
    if path is None and found.lower().removeprefix("https://").removeprefix("http://").split("/")[0] in SHORTENERS:
        words = _(
            "It only leads on to another address. Look where you end up: our pages are at %(origin)s.", origin=origin
        )
        return Verdict("unknown", _("We cannot tell where this leads"), words)
    if path is None:
        words = _("Do not sign in there, and do not type anything private. Our pages are at %(origin)s.", origin=origin)
        return Verdict("not_ours", _("No, this address is not ours"), words)
    if _PAGES.fullmatch(path):
        return Verdict("ours", _("Yes, this is a page of ours"), _("It is a page that everybody can open."))
    return _unknown()


def _addresses(text: str) -> Iterator[str]:
    for found in _ADDRESS.findall(text):
        whole = found.rstrip(".,;:!?)]}>»”\"'")
        yield whole if "://" in whole else f"https://{whole}"


def _path(here: Site, found: str) -> str | None:
    """What follows our origin in an address, without its end; `None` if it is another's."""
    try:
        parts = urlsplit(found)
    except ValueError:
        return None
    return parts.path if f"{parts.scheme}://{parts.netloc}" == here.settings.public_origin else None


def _our_link(said: Said) -> Verdict:
    words = _("We made it for somebody who posted %(where)s, on %(day)s. It opens for nobody else.", **_place(said))
    return Verdict("ours", _("Yes, this link is ours"), words)


def _our_words(how: str) -> Verdict:
    careful = _("Anybody can copy words, though: check the link that came with them too.")
    return Verdict("careful", _("These words are ours"), f"{how} {careful}")


def _unknown() -> Verdict:
    words = _("We know no such link, code or offer. It may not be whole, or be too old. If in doubt, do not answer.")
    return Verdict("unknown", _("We cannot tell that this is ours"), words)


def _place(said: Said) -> dict[str, str]:
    return {"where": posted_on(said.channel), "day": day(said.at)}
