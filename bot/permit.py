"""May we speak here? Each channel's rule is a dated file in policies/, not an `if` in the code."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Post
from handoff.models import Offer, Thread

POLICIES = Path(__file__).parent / "policies"


class OfferRule(msgspec.Struct, forbid_unknown_fields=True):
    """To whom an offer may be made, how often in one place, and how long it may be in characters."""

    to: Literal["members", "summoners", "nobody"]
    per_place_per_hour: int
    longest: int


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A rule of the channel in words, where it stands, and of when that is."""

    text: str
    source: str
    date: date


class Policy(msgspec.Struct, forbid_unknown_fields=True):
    """What one channel allows, and when somebody last looked."""

    checked: date
    offer: OfferRule
    rule: list[Rule]


@cache
def policies(folder: Path = POLICIES) -> Mapping[str, Policy]:
    """Every channel's policy, by name. Raises `msgspec.ValidationError` that names the key."""
    return {path.stem: msgspec.toml.decode(path.read_bytes(), type=Policy) for path in sorted(folder.glob("*.toml"))}


async def why_not(session: AsyncSession, post: Post, text: str) -> str | None:
    """Why an offer may not be made here now, in the words of the tally; `None` if it may. No policy, no offer."""
    policy = policies().get(post.channel)
    if policy is None or policy.offer.to == "nobody":
        return "the channel does not allow it"
    if policy.offer.to == "summoners" and not post.summons:
        return "would have offered"
    if len(text) > policy.offer.longest:
        return "the offer is too long for the channel"
    recent = select(func.count(Offer.id)).join(Thread)
    hour = func.clock_timestamp() - timedelta(hours=1)
    here = (Thread.channel == post.channel, Offer.place == post.place, Offer.created_at > hour)
    if (await session.scalar(recent.where(*here)) or 0) >= policy.offer.per_place_per_hour:
        return "enough offers in this place"
    return None
