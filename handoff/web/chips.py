"""How a case stands against its targets, in an icon and words; a script in the page counts on from the same moments."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from handoff.clocks import Clock
from handoff.models import Case

State = Literal["calm", "soon", "late"]

ICONS: dict[State, str] = {"calm": "clock", "soon": "timer", "late": "circle-alert"}

NAMES = {"first_reply": "First reply", "next_reply": "Next reply", "close": "Close"}

SHORT = {"first_reply": "Reply", "next_reply": "Reply", "close": "Close"}


class Chip(NamedTuple):
    """What is due first on a case."""

    name: str
    soon_at: datetime
    due_at: datetime
    state: State
    words: str

    @property
    def icon(self) -> str:
        """The drawing beside the words."""
        return ICONS[self.state]


def chip(case: Case, clock: Clock | None, names: dict[str, str] = SHORT) -> Chip | None:
    """The clock of a case that is due first, in words; `None` when nothing is due, also while it is out of sight."""
    now = datetime.now(UTC)
    asleep = case.snoozed_until is not None and case.snoozed_until > now
    if asleep or clock is None or clock.due_at is None or clock.soon_at is None:
        return None
    state: State = "late" if now >= clock.due_at else "soon" if now >= clock.soon_at else "calm"
    return Chip(
        names[clock.what], clock.soon_at, clock.due_at, state, words(names[clock.what], state, clock.due_at - now)
    )


def first(clocks: Iterable[Clock]) -> Clock | None:
    """The clock that is due first."""
    return min((clock for clock in clocks if clock.runs), key=lambda clock: clock.due_at or datetime.max, default=None)


def words(name: str, state: State, left: timedelta) -> str:
    """How it stands, as `clocks.js` says it too: what is left is rounded up, what is over is rounded down."""
    seconds = int(left.total_seconds())
    if state == "late":
        return f"{name} overdue" + (f" by {lasting(-seconds)}" if seconds <= -60 else "")
    return f"{name}{' soon,' if state == 'soon' else ''} in {lasting(seconds, up=True)}"


def lasting(seconds: int, *, up: bool = False) -> str:
    """A length of time in one number."""
    for size, name in ((86400, "days"), (3600, "h")):
        if seconds >= 2 * size:
            return f"{-(-seconds // size) if up else seconds // size} {name}"
    return f"{max(1, -(-seconds // 60) if up else seconds // 60)} min"


def outcome(clock: Clock) -> str:
    """How a clock went, or that it runs."""
    if clock.stopped_at is None:
        return "runs" if clock.due_at else "no target" if clock.allowed is None else "nobody ever works"
    if clock.late is None:
        return "not needed"
    return f"missed by {lasting(clock.late)}" if clock.late else "met"
