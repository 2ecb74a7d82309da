"""What the composer is filled with: the agent's drafts, the replies to choose from, what was refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from handoff import attachments, drafts, saved_replies
from handoff.attachments import Attachment
from handoff.drafts import Mode
from handoff.models import Agent
from handoff.saved_replies import SavedReply


@dataclass(frozen=True, slots=True)
class Unsent:
    """What an agent wrote that did not go out: the page gives it back."""

    mode: Mode
    text: str
    again: bool = False
    """Whether it may go out as it is, once the agent has read what came in between."""


@dataclass(frozen=True, slots=True)
class Composer:
    """The composer of one thread, for one agent."""

    mode: Mode
    again: bool
    drafts: Mapping[str, str]
    """By kind of text; what was refused just now stands in the place of the draft."""
    saved: Sequence[SavedReply]
    files: Sequence[Attachment]
    """Those that go with the reply."""


async def composer(session: AsyncSession, me: Agent, thread_id: int, unsent: Unsent | None) -> Composer:
    """The composer as the page shows it."""
    kept = await drafts.of(session, thread_id, me)
    if unsent is not None:
        kept = {**kept, unsent.mode: unsent.text}
    mode: Mode = unsent.mode if unsent else "reply"
    again = unsent is not None and unsent.again
    saved, files = await saved_replies.available(session, me), await attachments.begun(session, thread_id, me)
    return Composer(mode, again, kept, saved, files)
