"""Intents: what a text can be about. Those in git are the seeds; a row says what admins made, or made of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from handoff import training_errors as errors
from handoff.base import Base, clean, now
from handoff.models import Agent
from nlu.corpus import INTENT_NAME, RESERVED
from nlu.language import LANGUAGES
from nlu.seeds import seed_intents
from nlu.text import fold
from nlu.triage_result import TALK_INTENTS

OF_OLD = datetime(1970, 1, 1, tzinfo=UTC)
"""When the seeds were made: before anything was said, so that no text is asked about again for their sake."""

LONGEST_DESCRIPTION = 500
LONGEST_WORDING = 120


class Intent(Base):
    """What admins say of an intent. Once retired, its examples are those of what it `became`, or not used."""

    __tablename__ = "intents"
    __table_args__ = (CheckConstraint("became IS NULL OR retired_at IS NOT NULL", name="became_when_retired"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(server_default="")
    """What belongs to it, for the team."""
    wordings: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """How the bot puts it to a customer, by language, after "It looks like": "you want your gift wrapped"."""
    made_at: Mapped[datetime] = now()
    made_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    """Nobody: it came with the seeds, and the row says what became of it."""
    retired_at: Mapped[datetime | None]
    became: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")


@dataclass(frozen=True, slots=True)
class Known:
    """Every intent that there is or was: those of the seeds, and those of the record by name."""

    seeded: frozenset[str]
    rows: Mapping[str, Intent]

    def now(self, name: str) -> str | None:
        """What an intent of this name is called now; `None` if it is not used any more, or never was."""
        met: set[str] = set()
        while name not in met:
            met.add(name)
            row = self.rows.get(name)
            if row is None or row.retired_at is None:
                return name if row is not None or name in self.seeded else None
            if row.became is None:
                return None
            name = row.became
        return None

    def latest(self, name: str) -> str:
        """What is meant by a name of then: what it is called now, or the name itself where it stands for nothing."""
        return self.now(name) or name

    @property
    def names(self) -> list[str]:
        """Those in use, by name."""
        return sorted(name for name in self.seeded | set(self.rows) if self.now(name) == name)

    def once(self, name: str) -> list[str]:
        """Every name, of now or earlier, whose examples are those of this intent."""
        return sorted(one for one in self.seeded | set(self.rows) if self.now(one) == name)

    def is_retired(self, name: str) -> bool:
        """Whether there was such an intent, and is none now."""
        return name in self.rows and self.rows[name].retired_at is not None


async def known(session: AsyncSession, seeded: frozenset[str] | None = None) -> Known:
    """Every intent, of the seeds and of the record."""
    rows = {row.name: row for row in await session.scalars(select(Intent))}
    return Known(seed_intents() if seeded is None else seeded, rows)


async def names(session: AsyncSession) -> list[str]:
    """The intents in use, by name."""
    return (await known(session)).names


async def in_use(session: AsyncSession, name: str) -> str:
    """The intent that is called so now, or was once. Raises `NoSuchIntent`."""
    if (found := (await known(session)).now(name)) is None:
        raise errors.NoSuchIntent(name=name[:80])
    return found


async def create(
    session: AsyncSession,
    name: str,
    by: Agent | None,
    *,
    description: str = "",
    wordings: Mapping[str, str] | None = None,
) -> Intent:
    """A new intent. Raises `BadIntentName`, `ReservedName`, `IntentExists`, `IntentWasRetired`."""
    check_name(name)
    everything = await _locked(session)
    if name in everything.names:
        raise errors.IntentExists(name=name)
    if everything.is_retired(name):
        raise errors.IntentWasRetired(name=name)
    row = Intent(name=name, made_by=by.id if by else None)
    _say(row, description, wordings or {})
    session.add(row)
    await session.flush()
    return row


async def describe(
    session: AsyncSession, name: str, description: str, wordings: Mapping[str, str], *, seen: int
) -> Intent:
    """Say what belongs to an intent, and how the bot puts it. Raises `NoSuchIntent`, `IntentChangedMeanwhile`."""
    everything = await _locked(session)
    row = await _row(session, everything, name)
    if version_of(everything.rows.get(name)) != seen:
        raise errors.IntentChangedMeanwhile
    _say(row, description, wordings)
    row.version += 1
    await session.flush()
    return row


async def rename(session: AsyncSession, name: str, to: str, by: Agent | None) -> None:
    """Call an intent otherwise, with all its examples, those of later seeds among them; its former name included.

    Raises what `create` raises, `NoSuchIntent`, `TalkIsBuiltOnIt`, `SameIntent`.
    """
    everything = await _locked(session)
    row = await _row(session, everything, name)
    _check_free(name)
    if to == name:
        raise errors.SameIntent
    if everything.is_retired(to) and everything.now(to) == name:
        back = everything.rows[to]
        back.retired_at = back.became = None
        back.description, back.wordings = row.description, row.wordings
        back.version += 1
    else:
        renamed = await create(session, to, by, description=row.description, wordings=row.wordings)
        renamed.made_at = row.made_at
    await _end(session, row, to)


async def merge(session: AsyncSession, name: str, into: str) -> None:
    """The examples of one intent are another's from now on. Raises `NoSuchIntent`, `TalkIsBuiltOnIt`, `SameIntent`."""
    everything = await _locked(session)
    row = await _row(session, everything, name)
    _check_free(name)
    if into not in everything.names:
        raise errors.NoSuchIntent(name=into[:80])
    if into == name:
        raise errors.SameIntent
    await _end(session, row, into)


async def retire(session: AsyncSession, name: str) -> None:
    """Use an intent no more, nor its examples. Raises `NoSuchIntent`, `TalkIsBuiltOnIt`."""
    row = await _row(session, await _locked(session), name)
    _check_free(name)
    await _end(session, row, None)


async def bring_back(session: AsyncSession, name: str) -> None:
    """Undo that an intent was renamed, merged or retired: it has its examples again. Raises `NoSuchIntent`."""
    everything = await _locked(session)
    if not everything.is_retired(name):
        raise errors.NoSuchIntent(name=name[:80])
    row = everything.rows[name]
    row.retired_at = row.became = None
    row.version += 1
    await session.flush()


def check_name(name: str) -> None:
    """Whether an intent can be called so. Raises `BadIntentName`, `ReservedName`."""
    if not INTENT_NAME.fullmatch(name):
        raise errors.BadIntentName(name=clean(name)[:80])
    if name in RESERVED:
        raise errors.ReservedName(name=name)


def as_name(said: str) -> str:
    """What comes nearest to words among the names that an intent can have; empty where nothing does."""
    name = re.sub(r"\W+", "_", fold(said)).strip("_")[:60]
    return name if INTENT_NAME.fullmatch(name) and name not in RESERVED else ""


def version_of(row: Intent | None) -> int:
    """Which version of an intent a page shows: 0 as long as nobody said anything of a seed."""
    return row.version if row else 0


async def _locked(session: AsyncSession) -> Known:
    """Every intent, and nobody else changes one meanwhile."""
    await session.execute(text("LOCK TABLE intents IN SHARE ROW EXCLUSIVE MODE"))
    return await known(session)


async def _row(session: AsyncSession, everything: Known, name: str) -> Intent:
    if name not in everything.names:
        raise errors.NoSuchIntent(name=name[:80])
    if (row := everything.rows.get(name)) is None:
        row = Intent(name=name, description="", wordings={}, version=0, made_at=OF_OLD)
        session.add(row)
    return row


def _check_free(name: str) -> None:
    if name in TALK_INTENTS:
        raise errors.TalkIsBuiltOnIt(name=name)


def _say(row: Intent, description: str, wordings: Mapping[str, str]) -> None:
    row.description = clean(description).strip()[:LONGEST_DESCRIPTION]
    said = {language: " ".join(clean(wordings.get(language, "")).split())[:LONGEST_WORDING] for language in LANGUAGES}
    row.wordings = {language: words.rstrip(".") for language, words in said.items() if words}


async def _end(session: AsyncSession, row: Intent, became: str | None) -> None:
    row.retired_at, row.became = func.clock_timestamp(), became
    row.version += 1
    await session.flush()
