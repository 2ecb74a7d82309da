"""May we speak here, and now? Each channel's rule is a dated file in policies/, not an `if` in the code."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.channel import Halted, Post
from handoff import halts
from handoff.models import Attempt, Offer, Thread

POLICIES = Path(__file__).parent / "policies"

LIGHT = (range(0x0000, 0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
"""What counts once where characters are weighted, all else twice (X, Counting characters: the weights of version 3)."""

Positive = Annotated[int, msgspec.Meta(gt=0)]


class OfferRule(msgspec.Struct, forbid_unknown_fields=True):
    """To whom an offer may be made, how often in one place, and how long it may be with its label and its link."""

    to: Literal["members", "summoners", "nobody"]
    per_place_per_hour: Positive
    longest: Positive
    per_interaction: Literal[1] = 1
    counting: Literal["characters", "weighted"] = "characters"
    link: int = 0
    """What a link counts where it stands in the text; 0 where it is a button."""
    opt_out: bool = False
    quiet_words: list[str] = []


class Limit(msgspec.Struct, forbid_unknown_fields=True):
    """How many offers may be said in a span of time."""

    offers: Positive
    minutes: Positive

    @property
    def span(self) -> timedelta:
        """The time that the limit is for."""
        return timedelta(minutes=self.minutes)


class Rule(msgspec.Struct, forbid_unknown_fields=True):
    """A rule of the channel in words, where it stands, and of when that is."""

    text: str
    source: str
    date: date


class Policy(msgspec.Struct, forbid_unknown_fields=True):
    """What one channel allows, what it costs in dollars, and when somebody last looked."""

    checked: date
    offer: OfferRule
    rule: list[Rule]
    limit: list[Limit] = []
    look_again_hours: Positive | None = None
    """After how long the public posts of a thread are looked at anew; never where the channel tells by itself."""
    may_train: bool = False
    """Whether a model may learn from what is said there, by customers who agreed to it."""
    price: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}


class PolicyUnreadable(Exception):
    """The rules of a channel cannot be used: correct the file and start again."""


@cache
def policies(folder: Path = POLICIES) -> Mapping[str, Policy]:
    """Every channel's policy, by name. Raises `PolicyUnreadable`, which names file and key."""
    return {path.stem: _policy(path) for path in sorted(folder.glob("*.toml"))}


def _policy(path: Path) -> Policy:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Policy)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise PolicyUnreadable(f"{path} cannot be used: {error}") from error


async def why_not(session: AsyncSession, post: Post, text: str, label: str) -> str | None:
    """Why an offer may not be made here now, in the words of the tally; `None` if it may. No policy, no offer."""
    policy = policies().get(post.channel)
    if policy is None or policy.offer.to == "nobody":
        return "the channel does not allow it"
    if policy.offer.to == "summoners" and not post.summons:
        return "would have offered"
    if any(word in post.text.casefold() for word in policy.offer.quiet_words):
        return "wants no bots"
    if length(policy.offer, text, label) > policy.offer.longest:
        return "the offer is too long for the channel"
    recent = select(func.count(Offer.id)).join(Thread)
    hour = func.clock_timestamp() - timedelta(hours=1)
    here = (Thread.channel == post.channel, Offer.place == post.place, Offer.created_at > hour)
    if (await session.scalar(recent.where(*here)) or 0) >= policy.offer.per_place_per_hour:
        return "enough offers in this place"
    return None


def needs_opt_out(channel: str) -> bool:
    """Whether the public reply itself must say how to hear nothing more."""
    policy = policies().get(channel)
    return policy is not None and policy.offer.opt_out


def length(rule: OfferRule, text: str, label: str) -> int:
    """How long an offer is by the channel's measure; where the link stands in the text, so does its label."""
    said = f"{text}\n{label}: " if rule.link else text
    if rule.counting == "characters":
        return len(said) + rule.link
    return sum(1 if any(ord(one) in light for light in LIGHT) else 2 for one in said) + rule.link


async def silent(session: AsyncSession) -> Mapping[str, str]:
    """The channels on which no offer may be said at this moment, each with the reason."""
    reasons = {one.channel: one.why for one in await halts.standing(session)}
    for channel, policy in policies().items():
        for limit in policy.limit:
            if channel not in reasons and await _said(session, channel, limit.span) >= limit.offers:
                reasons[channel] = f"{limit.offers:,} offers in {limit.minutes} minutes are as many as there may be"
    return reasons


async def _said(session: AsyncSession, channel: str, span: timedelta) -> int:
    """Attempts of the last `span` that may have had an effect."""
    query = select(func.count()).select_from(Attempt).join(Offer).join(Thread)
    since = func.clock_timestamp() - span
    effective = (Thread.channel == channel, Attempt.started_at > since, Attempt.state != "not_sent")
    return await session.scalar(query.where(*effective)) or 0


async def halt(session: AsyncSession, channel: str, error: Halted) -> None:
    """Say nothing more on a channel, until the time that the error names or until `knock resume`."""
    await halts.begin(session, channel, str(error), error.until)


def wait_for(policy: Policy, waiting: int) -> timedelta:
    """How long it takes to say so many offers, if all limits are used to the full from now on."""
    return max((limit.span * (waiting // limit.offers) for limit in policy.limit), default=timedelta(0))


def look_again() -> Mapping[str, timedelta]:
    """After how long public posts must be looked at anew, by channel."""
    hours = {channel: policy.look_again_hours for channel, policy in policies().items()}
    return {channel: timedelta(hours=each) for channel, each in hours.items() if each}


def trainable() -> frozenset[str]:
    """The channels from whose texts a model may learn."""
    return frozenset(channel for channel, policy in policies().items() if policy.may_train)


def is_old(policy: Policy, today: date | None = None) -> bool:
    """Whether nobody has looked at the channel's rules for half a year."""
    return (today or datetime.now(UTC).date()) - policy.checked > timedelta(days=182)
