"""How things are said on the pages: times, channels, keys, and who is speaking."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from markupsafe import Markup

from handoff.models import Customer, Message

CHANNELS = {"telegram": "Telegram", "square": "The square", "x": "X"}

CHANNEL_ICONS = {"telegram": "send", "square": "globe"}

LANGUAGES = {"de": "German", "el": "Greek", "en": "English", "es": "Spanish", "fr": "French"}

ICONS = (
    "arrow-left",
    "arrow-up-right",
    "bot",
    "check",
    "check-check",
    "circle-alert",
    "circle-check",
    "clock",
    "file-pen",
    "globe",
    "hand",
    "history",
    "inbox",
    "keyboard",
    "lock",
    "log-out",
    "megaphone",
    "message-circle",
    "panel-right",
    "refresh-cw",
    "send",
    "settings",
    "shield-check",
    "triangle-alert",
    "undo-2",
    "user",
    "user-check",
    "user-plus",
    "users",
    "x",
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

KEYS = {
    "down": ("J", "Next case in the list"),
    "up": ("K", "Previous case in the list"),
    "open": ("Enter", "Open the case"),
    "reply": ("R", "Write a reply"),
    "note": ("N", "Write an internal note"),
    "claim": ("C", "Claim the case"),
    "close": ("E", "Close the case and open the next"),
    "details": ("D", "Show the details, on a narrow screen"),
    "help": ("?", "Show these keys"),
}
"""The keys outside of fields; the pages and the help are made from this one table."""

SOON, LATE = timedelta(minutes=15), timedelta(hours=1)
"""A customer who waits longer than this is shown in amber, and in red."""


def channel(name: str) -> str:
    """The name of a channel as people know it."""
    return CHANNELS.get(name, name.capitalize())


def person(customer: Customer) -> str:
    """What to call a customer."""
    return customer.name or (f"@{customer.handle}" if customer.handle else f"Customer {customer.id}")


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


def web_link(url: str | None) -> str | None:
    """The address, if it leads to the web and nowhere else."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None


def element_id(message: Message) -> str:
    """The id of a message on the page: the one that its sender's browser gave it, or the record's."""
    return f"m-{message.client_id or message.id}"


FILTERS = {
    "channel": channel,
    "channel_icon": lambda name: CHANNEL_ICONS.get(name, "message-circle"),
    "person": person,
    "handle": handle,
    "language": lambda code: LANGUAGES.get(code, code),
    "clock": clock,
    "lasting": lasting,
    "urgency": urgency,
    "web_link": web_link,
    "element_id": element_id,
    "delivery": lambda state: DELIVERIES[state],
    "consent": lambda purpose: CONSENTS[purpose],
}
