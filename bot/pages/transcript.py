"""What customers take along: the chat as they may see it, and what they agreed to, to read or for a program."""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.pages.site import site
from bot.pages.speak import _, day
from bot.pages.view import View, view
from bot.pages.yours import TITLES, Author, author
from handoff import receipts
from handoff.models import Message
from handoff.receipts import Receipt

router = APIRouter(prefix="/h/{token}/yours")


@router.get("/transcript.txt")
async def transcript_text(request: Request, token: str) -> Response:
    """The chat, to read."""
    found = await author(request, token)
    if not isinstance(found, Author):
        return found
    seen, brand = await _seen(request, found), site(request).brand.name
    head = _("Your chat with %(brand)s, as it was on %(time)s", brand=brand, time=_stamp(datetime.now(UTC)))
    blocks = [f"{_stamp(said.at)} · {_who(said, brand)}\n{_indented(_words(said, seen))}" for said in seen.messages]
    return _text(brand, "chat", [f"{head}\n{seen.standing}", *blocks])


@router.get("/transcript.json")
async def transcript_json(request: Request, token: str) -> Response:
    """The chat, for a program: `said` is empty where something was deleted."""
    found = await author(request, token)
    if not isinstance(found, Author):
        return found
    seen, brand = await _seen(request, found), site(request).brand.name
    messages = [
        {
            "number": number,
            "at": _iso(said.at),
            "kind": said.kind,
            "by": {"customer": "you", "agent": "person", "bot": "bot"}[said.by],
            "name": said.agent.name if said.agent else None,
            "said": said.text,
            "files": [
                {"name": file.name, "type": file.type or None, "size": file.size}
                for file in seen.files.get(said.id, ())
            ],
            "deleted": said.deleted_at is not None,
        }
        for number, said in enumerate(seen.messages, 1)
    ]
    return _json(brand, "chat", {"brand": brand, "language": seen.language, "messages": messages})


@router.get("/receipts.txt")
async def receipts_text(request: Request, token: str) -> Response:
    """What was agreed to and taken back, to read."""
    found = await author(request, token)
    if not isinstance(found, Author):
        return found
    brand = site(request).brand.name
    head = _("What you agreed to with %(brand)s, as it was on %(time)s", brand=brand, time=_stamp(datetime.now(UTC)))
    return _text(brand, "consents", [head, *(_turn(turn) for turn in await _turns(request, found))])


@router.get("/receipts.json")
async def receipts_json(request: Request, token: str) -> Response:
    """What was agreed to and taken back, for a program: the newest turn of a purpose holds."""
    found = await author(request, token)
    if not isinstance(found, Author):
        return found
    brand = site(request).brand.name
    turns = [
        {
            "purpose": turn.purpose,
            "given": turn.given,
            "at": _iso(turn.at),
            "wording": turn.wording,
            "version": turn.wording_version,
        }
        for turn in await _turns(request, found)
    ]
    return _json(brand, "consents", {"brand": brand, "receipts": turns})


async def _seen(request: Request, found: Author) -> View:
    here = site(request)
    await here.pace.keep("button", found.chat.id)
    async with here.database.reading() as session:
        return await view(session, found.chat, here.brand.name, found.chat.last_seq + 1)


async def _turns(request: Request, found: Author) -> Sequence[Receipt]:
    here = site(request)
    await here.pace.keep("button", found.chat.id)
    async with here.database.reading() as session:
        return await receipts.history(session, found.chat.id)


def _who(said: Message, brand: str) -> str:
    if said.by == "customer":
        return _("You, in public") if said.kind == "post" else _("You")
    return said.agent.name if said.agent else _("%(brand)s, automated", brand=brand)


def _words(said: Message, seen: View) -> str:
    if said.deleted_at:
        return _("(deleted)")
    files = (_("File: %(name)s (%(size)s)", name=one.name, size=one.measure) for one in seen.files.get(said.id, ()))
    return "\n".join(part for part in (said.text, *files) if part)


def _turn(turn: Receipt) -> str:
    when = _stamp(turn.at)
    said = _("You agreed on %(time)s", time=when) if turn.given else _("You took it back on %(time)s", time=when)
    version = _("Version %(version)s", version=turn.wording_version)
    return f"{_(TITLES[turn.purpose])}: {said} ({version})\n{_indented(turn.wording)}"


def _indented(words: str) -> str:
    """No line of somebody's words can pass for a line of ours: theirs are set in, and hold nothing unprintable."""
    lines = ("".join(letter for letter in line if unicodedata.category(letter) != "Cc") for line in words.splitlines())
    return "\n".join(f"    {line}" for line in lines)


def _stamp(at: datetime) -> str:
    """Day and time, always both: the file may be read years from now."""
    return f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _text(brand: str, what: str, blocks: Iterable[str]) -> Response:
    return _file("\n\n".join(blocks) + "\n", "text/plain; charset=utf-8", _name(brand, what, "txt"))


def _json(brand: str, what: str, content: Any) -> Response:
    return _file(json.dumps(content, ensure_ascii=False, indent=2), "application/json", _name(brand, what, "json"))


def _file(content: str, kind: str, name: str) -> Response:
    """A download, which no browser shows as a page."""
    return Response(
        content.encode(), media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _name(brand: str, what: str, kind: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", brand.lower()).strip("-") or "knock"
    return f"{plain}-{what}-{datetime.now(UTC):%Y-%m-%d}.{kind}"
