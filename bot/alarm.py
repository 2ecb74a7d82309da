"""Alarm somebody when a case comes and nobody is here: by mail and webhook, without a word of what was written.

Alarms are at least fifteen minutes apart. A mail that could not be sent is tried again, as long as nobody came.
"""

import asyncio
import smtplib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.settings import BotSettings
from handoff import alarms, database, hands
from handoff.alarms import APART, Alarm
from handoff.database import Database
from handoff.failpoints import outside
from handoff.models import Case

PATIENCE = 10.0
"""Seconds for each step of a talk with the mail server."""

LEASE = timedelta(minutes=1)
"""How long a mail is left to who sends it, and between two tries."""

MOST_TRIES = 10


class NotTold(Exception):
    """The mail server offers no encryption, so our password stays here. Use `smtps:`, or a server with STARTTLS."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to be sent now."""

    alarm_id: int
    waiting: int
    link: str


async def sound(session: AsyncSession, link: str, *, by_mail: bool) -> bool:
    """Write down an alarm if there is reason for one. `link` is where the waiting cases are."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtext("alarm"))))
    last = await alarms.newest(session)
    now = await database.clock(session)
    if last is not None and last.at > now - APART:
        return False
    waits = (Case.closed_at.is_(None), Case.claimed_by.is_(None))
    since = func.max(func.greatest(Case.opened_at, Case.waiting_since))
    count, newest = (await session.execute(select(func.count(Case.id), since).where(*waits))).one()
    if not count or (last is not None and newest <= last.at) or await hands.somebody_is_here(session):
        return False
    session.add(Alarm(waiting=count, link=link, due_at=now if by_mail else None))
    return True


async def claim(session: AsyncSession) -> Mail | None:
    """Take the next mail that is due. When somebody has come meanwhile, nothing needs to be said any more."""
    due = select(Alarm).where(Alarm.due_at <= func.clock_timestamp()).order_by(Alarm.id).limit(1)
    alarm = (await session.scalars(due.with_for_update(skip_locked=True))).one_or_none()
    if alarm is None:
        return None
    if await hands.somebody_is_here(session) or alarm.tries >= MOST_TRIES:
        alarm.due_at = None
        return None
    alarm.tries += 1
    alarm.due_at = func.clock_timestamp() + LEASE
    return Mail(alarm.id, alarm.waiting, alarm.link)


async def settle(session: AsyncSession, mail: Mail, trouble: str | None) -> None:
    """Write down whether the mail went out; if not, it is tried again when its lease ends."""
    alarm = await session.get_one(Alarm, mail.alarm_id, with_for_update=True)
    alarm.trouble = trouble
    if trouble is None:
        alarm.due_at, alarm.mailed_at = None, func.clock_timestamp()


def written(mail: Mail, brand: str, to: str, sender: str) -> EmailMessage:
    """The mail in words."""
    people = "One person waits" if mail.waiting == 1 else f"{mail.waiting} people wait"
    message = EmailMessage()
    message["Subject"] = f"{people} for {brand}, and nobody is in the inbox"
    message["From"], message["To"] = sender, to
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(
        f"{people} for a person of {brand}, and nobody is in the inbox right now.\n\n{mail.link}\n\n"
        f"Knock says this at most once in {APART.seconds // 60} minutes, and only while nobody is there.\n"
    )
    return message


def send(url: str, message: EmailMessage) -> None:
    """Hand a mail to the server at `smtp://` or `smtps://user:password@host:port`. Raises `NotTold`, `OSError`."""
    parts = urlsplit(url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=PATIENCE, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=PATIENCE)
    with server:
        server.ehlo()
        if parts.scheme != "smtps" and server.has_extn("starttls"):
            server.starttls(context=context)
        elif parts.scheme != "smtps" and parts.username:
            raise NotTold
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


class Alarming:
    """The loop's work: write the alarm down, send its mail."""

    def __init__(self, database: Database, settings: BotSettings, brand: str) -> None:
        self._database, self._settings, self._brand = database, settings, brand
        self._link = f"{settings.inbox_origin}/inbox?view=waiting"

    async def look(self) -> None:
        """Alarm somebody if there is reason to, and send what is due."""
        by_mail = self._settings.smtp_url is not None
        async with self._database.transaction("alarm.sound") as session:
            await sound(session, self._link, by_mail=by_mail)
        if by_mail and (work := await self._claim()):
            await work()

    async def _claim(self) -> Callable[[], Awaitable[None]] | None:
        async with self._database.transaction("alarm.claim") as session:
            mail = await claim(session)
        return (lambda: self._mail(mail)) if mail else None

    async def _mail(self, mail: Mail) -> None:
        to, sender = self._settings.alarm_to or "", self._settings.alarm_sender
        message, trouble = written(mail, self._brand, to, sender), None
        try:
            async with outside("alarm.mail"):
                await asyncio.to_thread(send, self._settings.smtp_url or "", message)
        except (OSError, smtplib.SMTPException, NotTold) as error:
            trouble = (str(error) or (error.__doc__ or "").strip())[:300]
        async with self._database.transaction("alarm.settle") as session:
            await settle(session, mail, trouble)
