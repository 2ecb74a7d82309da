"""Explain a channel's policy in words: `knock policy`."""

from collections.abc import Iterator
from datetime import timedelta

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.permit import Limit, Policy, is_old

TO = {
    "members": "Help is offered to whoever posts where the bot is a member.",
    "summoners": "Help is offered only to who called us in that very post: by our name, or by quoting a post of ours.",
    "nobody": "Nobody is offered help.",
}


def explain(channel: str, policy: Policy, console: Console) -> None:
    """Print a policy: what we do, what it costs, and the rules that it rests on."""
    console.print(f"[bold]{escape(channel.capitalize())}[/], looked at on {policy.checked}")
    lines = Table.grid(padding=(0, 1, 0, 0))
    for sentence in sentences(policy):
        lines.add_row(" •", escape(sentence))
    lines.add_row("", "[bold]because[/]")
    for rule in policy.rule:
        lines.add_row(" •", f"{escape(rule.text)} [dim]({escape(rule.source)}, {rule.date})[/]")
    console.print(lines)
    console.print()


def sentences(policy: Policy) -> Iterator[str]:
    """What the policy says, a sentence each."""
    offer = policy.offer
    yield TO[offer.to]
    place = f"one place at most {offer.per_place_per_hour} in an hour"
    yield f"Each interaction gets {offer.per_interaction} offer, and {place}."
    measure = "weighted characters" if offer.counting == "weighted" else "characters"
    link = f", of which the link takes {offer.link}" if offer.link else ""
    yield f"An offer has at most {offer.longest:,} {measure}{link}."
    if offer.opt_out:
        yield "The offer itself says how to hear nothing more."
    if offer.quiet_words:
        yield f"Whoever writes one of these is left alone: {', '.join(offer.quiet_words)}."
    if policy.limit:
        yield f"We say at most {', '.join(map(_limit, policy.limit))}."
    if policy.look_again_hours:
        yield f"Every {policy.look_again_hours} hours we see whether the posts of open threads are still there."
    learns = "learns" if policy.may_train else "does not learn"
    yield f"The bot {learns} from what is said there{', by customers who agreed' if policy.may_train else ''}."
    if policy.price:
        prices = (f"{item} {price:.3f}" for item, price in policy.price.items())
        yield f"It costs, in dollars for one of each: {', '.join(prices)}."
    if is_old(policy):
        yield "Nobody has looked at these rules for half a year: read them again and change the file."


def _limit(limit: Limit) -> str:
    return f"{limit.offers:,} offers in {span(limit.span)}"


def span(time: timedelta) -> str:
    """A time as people say it, rounded: 15 minutes, 3 hours, 2 days."""
    minutes = max(1, round(time.total_seconds() / 60))
    for size, word in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size or minutes == size:
            return f"{round(minutes / size)} {word}{'' if minutes == size else 's'}"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
