"""How things are said on the pages: times, channels, keys, and who is speaking."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

from handoff import threads
from handoff.models import Case, Customer, Message, Thread
from handoff.web import chips
from nlu.annotations import in_parts
from nlu.scores import UNSURE

CHANNELS = {"telegram": "Telegram", "square": "The square", "x": "X"}

OUTCOMES = {
    "offer": "were offered help",
    "no brand word": "did not name the brand",
    "low score": "did not sound like a call for help",
    "no reason": "sounded like one, but no word says why",
    "would have offered": "would have been offered help, had they called us",
    "same problem": "belong to a problem that has an offer already",
    "offered before": "are of people who had an offer lately",
    "said STOP": "are of people who said STOP",
    "too old": "were too old to be answered",
    "bot": "are of bots",
    "own post": "are our own",
    "repost": "only repeat another",
    "empty": "have no text",
    "wants no bots": "are of people who want no bots",
    "a code": "held a code that shows who somebody is",
}
"""What became of posts, as a tally has it and as admins read it."""

OWN_CHATS = ("telegram",)
"""Channels that have a private place of their own; of all others it is our page."""

CHANNEL_ICONS = {"telegram": "send", "square": "globe"}

LANGUAGES = {"de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French"}

ICONS = (
    "alarm-clock",
    "arrow-left",
    "arrow-up-right",
    "bell",
    "bookmark",
    "bot",
    "brain",
    "chart-column",
    "check",
    "check-check",
    "chevron-down",
    "circle-alert",
    "circle-check",
    "clock",
    "file-pen",
    "flag",
    "globe",
    "hand",
    "history",
    "inbox",
    "keyboard",
    "list-plus",
    "list-filter",
    "list-checks",
    "lock",
    "log-out",
    "paperclip",
    "megaphone",
    "message-circle",
    "panel-right",
    "refresh-cw",
    "search-x",
    "search",
    "send",
    "settings",
    "shield-check",
    "tag",
    "timer",
    "triangle-alert",
    "undo-2",
    "user",
    "user-check",
    "user-plus",
    "users",
    "x",
    "zap",
)
"""The drawings that the templates name."""

CONSENTS = {
    "link": "Customer record",
    "keep": "Keep for longer",
    "articles": "Help articles",
    "training": "Training",
}
"""The consents besides the chat itself; see `handoff.receipts`."""

DELIVERIES = {
    "pending": ("clock", "Sending…"),
    "sent": ("check", "Sent"),
    "failed": ("circle-alert", "Not sent"),
    "withheld": ("hand", "Withheld: it did not go out"),
    "draft": ("file-pen", "Draft of the bot: it did not go out"),
}


SOON, LATE = timedelta(minutes=15), timedelta(hours=1)
"""A customer who waits longer than this is shown in amber, and in red."""


def channel(name: str) -> str:
    """The name of a channel as people know it."""
    return CHANNELS.get(name, name.capitalize())


def lasted(seconds: float | None) -> str:
    """How long something took, roughly; a dash where it never happened."""
    return "–" if seconds is None else chips.lasting(round(seconds))


def fate(name: str) -> str:
    """What became of posts, in words."""
    held_back = name.removeprefix("guard: ")
    return f"are about {held_back}, where a bot keeps out" if held_back != name else OUTCOMES.get(name, name)


def private_place(name: str) -> str:
    """Where what we say in private to a customer of the channel is read."""
    return channel(name) if name in OWN_CHATS else "our page"


def person(customer: Customer) -> str:
    """What to call a customer."""
    return customer.name or (f"@{customer.handle}" if customer.handle else f"Customer {customer.id}")


def named(thread: Thread) -> str:
    """What to call the customer of a thread: whoever had it deleted has no name there, even if they came back."""
    return "Deleted customer" if thread.ended_why == threads.ERASED else person(thread.customer)


def handle(customer: Customer) -> str:
    """The customer's handle with its @, or nothing."""
    return f"@{customer.handle.removeprefix('@')}" if customer.handle else ""


def clock(moment: datetime) -> Markup:
    """A time, with its day when that is not today. In UTC; the page's script turns it into the reader's time."""
    utc = moment.astimezone(UTC)
    today = utc.date() == datetime.now(UTC).date()
    shown = utc.strftime("%H:%M UTC" if today else "%-d %b %H:%M UTC")
    return Markup('<time datetime="{}">{}</time>').format(utc.isoformat(timespec="seconds"), shown)


def lasting(since: datetime) -> str:
    """How long somebody has waited, in one number."""
    minutes = int((datetime.now(UTC) - since).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"waits {minutes} min"
    return f"waits {minutes // 60} h" if minutes < 48 * 60 else f"waits {minutes // 1440} days"


def urgency(since: datetime) -> str:
    """`calm`, `soon` or `late`, by how long the customer has waited."""
    waited = datetime.now(UTC) - since
    return "late" if waited > LATE else "soon" if waited > SOON else "calm"


def is_asleep(case: Case) -> bool:
    """Whether the case is out of sight."""
    return case.snoozed_until is not None and case.snoozed_until > datetime.now(UTC)


ENDINGS = {
    "closed": "Closed",
    "solved": "Solved with the bot",
    "stopped": "Said STOP",
    "ended by the customer": "Ended by the customer",
    threads.ERASED: "Deleted at their wish",
}
"""How a thread that the team had ended, by `Thread.ended_why`."""


def ending(thread: Thread) -> str:
    """What became of a case that is closed: what the customer did comes before what nobody of the team did."""
    if threads.is_with_bot(thread):
        return "With the bot"
    return ENDINGS.get(thread.ended_why or "closed", "Closed")


def web_link(url: str | None) -> str | None:
    """The address, if it leads to the web and nowhere else."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None


def element_id(message: Message) -> str:
    """The id of a message on the page: the one that its sender's browser gave it, or the record's."""
    return f"m-{message.client_id or message.id}"


def aria_keys(key: str) -> str:
    """A key as `aria-keyshortcuts` has it; keys that are pressed one after the other cannot be said there."""
    return "" if " " in key else key.replace("Ctrl", "Control")


SOURCES = {
    "seed": "came with Knock",
    "admin": "written here",
    "review": "a customer, reviewed",
    "import": "imported",
    "agent": "a customer, marked by an agent",
    "held_back": "held back for the test set",
}
"""Where an example is from; the last one is a lot of its own in the filter of the page."""


def said(intent: str) -> str:
    """What a model said of a text."""
    return "not sure" if intent == UNSURE else intent


def plural(count: int, word: str, more: str = "") -> str:
    """The word as it stands behind a number; `more`: what it is of several, if that is not the word with an s."""
    return word if count == 1 else more or f"{word}s"


FILTERS = {
    "plural": plural,
    "said": said,
    "begun": lambda words: words[:1].upper() + words[1:],
    "sum_of": lambda counts: sum(counts.values()),
    "seconds": lambda seconds: f"{round(seconds)} s" if seconds < 90 else chips.lasting(round(seconds)),
    "aria_keys": aria_keys,
    "channel": channel,
    "private_place": private_place,
    "fate": fate,
    "lasted": lasted,
    "channel_icon": lambda name: CHANNEL_ICONS.get(name, "message-circle"),
    "person": person,
    "named": named,
    "handle": handle,
    "language": lambda code: LANGUAGES.get(code, code),
    "clock": clock,
    "is_asleep": is_asleep,
    "due": lambda case: chips.chip(case, chips.first(case.clocks), chips.NAMES),
    "clock_names": chips.NAMES.get,
    "outcome": chips.outcome,
    "ending": ending,
    "how_urgent": lambda priority: {"urgent": "late", "high": "soon"}.get(priority, ""),
    "web_link": web_link,
    "element_id": element_id,
    "in_parts": lambda example: in_parts(example.text, example.entities),
    "source": lambda name: SOURCES.get(name, name),
    "example": lambda key: f"{key[0]}-{key[1]}",
    "delivery": lambda state: DELIVERIES[state],
    "consent": lambda purpose: CONSENTS[purpose],
}
