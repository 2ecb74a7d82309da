"""Alarms: by mail and webhook when a case comes and nobody is here; rarely, and without a word of what was written."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import ValidationError
from sqlalchemy import select, text

from bot import alarm
from bot.alarm import Alarming
from bot.settings import BotSettings
from handoff import agents, webhooks
from handoff.alarms import Alarm
from handoff.credentials import Seal
from handoff.database import Database
from handoff.webhooks import Telling
from tests.bot.test_doctor import line as doctors_line
from tests.bot.test_doctor import settings as doctors_settings
from tests.cast import BEN, JOSE, NOOR
from tests.handoff.web.story import Story, handed_off
from tests.rasa_server import free_port


class Post:
    """Takes in mails, as aiosmtpd hands them over; refuses so many of them first."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuses = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """What aiosmtpd calls for each mail."""
        if self.refuses:
            self.refuses -= 1
            return "451 Come back later"
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients += envelope.rcpt_tos
        return "250 Taken"


@pytest.fixture
async def post() -> AsyncIterator[tuple[Post, str]]:
    """A mail server of somebody else, and its address."""
    post = Post()
    controller = Controller(post, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
    controller.start()
    yield post, f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


def alarming(database: Database, url: str | None, **more: Any) -> Alarming:
    to: dict[str, Any] = {"smtp_url": url, "alarm_to": "lena@northwind.example, night@northwind.example"} if url else {}
    made = BotSettings(secret="the secret of the tests", inbox_url="https://desk.northwind.example", **to, **more)
    return Alarming(database, made, "Northwind")


async def later(database: Database, time: timedelta) -> None:
    async with database.transaction("test.later") as session:
        await session.execute(text("UPDATE alarms SET at = at - :time, due_at = due_at - :time"), {"time": time})
        await session.execute(
            text("UPDATE cases SET opened_at = opened_at - :time, waiting_since = waiting_since - :time"),
            {"time": time},
        )


async def test_a_case_that_comes_to_an_empty_desk_is_told_by_mail_without_a_word_of_the_customer(
    database: Database, post: tuple[Post, str]
) -> None:
    server, url = post
    at_night = alarming(database, url)
    await at_night.look()
    assert server.mails == [], "nobody waits"
    await handed_off(database)
    await at_night.look()
    (mail,) = server.mails
    assert server.recipients == ["lena@northwind.example", "night@northwind.example"]
    assert mail["Subject"] == "One person waits for Northwind, and nobody is in the inbox"
    body = f"{mail['Subject']} {mail.get_content()}"
    assert "https://desk.northwind.example/inbox?view=waiting" in body
    assert not [word for word in ("mara", "Mara", "charged", "NW-20418", "Charged") if word in body]


async def test_alarms_are_a_quarter_of_an_hour_apart_and_only_for_what_is_new(
    database: Database, post: tuple[Post, str]
) -> None:
    server, url = post
    at_night = alarming(database, url)
    await handed_off(database)
    for _ in range(3):
        await at_night.look()
    await handed_off(database, Story(author=NOOR, posts=()))
    await at_night.look()
    assert len(server.mails) == 1
    await later(database, timedelta(minutes=16))
    await at_night.look()
    assert [mail["Subject"].split(" for ")[0] for mail in server.mails] == ["One person waits", "2 people wait"]
    await later(database, timedelta(minutes=16))
    await at_night.look()
    assert len(server.mails) == 2, "nothing new came"
    await handed_off(database, Story(author=JOSE, posts=()))
    await at_night.look()
    assert len(server.mails) == 3


async def test_nobody_is_called_while_somebody_is_here(database: Database, post: tuple[Post, str]) -> None:
    server, url = post
    async with database.transaction("test.hire") as session:
        ben = await agents.create(session, BEN.email, BEN.name, "-")
        await agents.sign_in(session, ben, "a test")
    await handed_off(database)
    await alarming(database, url).look()
    assert server.mails == []
    async with database.transaction("test.away") as session:
        await session.execute(text("UPDATE agents SET away_at = now()"))
    await alarming(database, url).look()
    assert len(server.mails) == 1


async def test_a_mail_that_was_refused_is_tried_again_and_not_after_somebody_came(
    database: Database, post: tuple[Post, str]
) -> None:
    server, url = post
    server.refuses = 2
    at_night = alarming(database, url)
    await handed_off(database)
    await at_night.look()
    async with database.reading() as session:
        told = (await session.scalars(select(Alarm))).one()
        assert (told.tries, told.mailed_at, "Come back later" in (told.trouble or "")) == (1, None, True)
    for _ in range(3):
        await later(database, timedelta(minutes=1))
        await at_night.look()
    assert len(server.mails) == 1
    async with database.reading() as session:
        told = (await session.scalars(select(Alarm))).one()
        assert (told.tries, told.mailed_at is not None, told.trouble, told.due_at) == (3, True, None, None)


async def test_two_bots_alarm_once(database: Database, post: tuple[Post, str]) -> None:
    server, url = post
    await handed_off(database)
    await asyncio.gather(*(alarming(database, url).look() for _ in range(3)))
    assert len(server.mails) == 1


async def test_webhooks_are_told_that_the_desk_is_empty_with_numbers_and_a_link_only(database: Database) -> None:
    async with database.transaction("test.webhook") as session:
        await webhooks.make(session, Seal(b"key"), "http://127.0.0.1:9/", ["desk.empty"], loopback=True)
    await handed_off(database)
    await alarming(database, None).look()
    async with database.reading() as session:
        (told,) = list(await session.scalars(select(Telling)))
    link = "https://desk.northwind.example/inbox?view=waiting"
    assert (told.type, told.data) == ("desk.empty", {"waiting": 1, "url": link})


async def test_a_password_is_not_said_to_a_server_without_encryption(post: tuple[Post, str]) -> None:
    server, url = post
    message = alarm.written(alarm.Mail(1, 1, "http://localhost/"), "Northwind", BEN.email, BEN.email)
    with pytest.raises(alarm.NotTold):
        alarm.send(url.replace("//", "//ben:secret@"), message)
    assert server.mails == []


def test_a_mail_server_without_anybody_to_write_to_is_refused() -> None:
    for alone in ({"smtp_url": "smtp://localhost"}, {"alarm_to": "a@b.example"}, {"smtp_url": "http://x"}):
        with pytest.raises(ValidationError):
            BotSettings(**alone)  # type: ignore[arg-type]


async def test_the_doctor_says_whether_anybody_is_alarmed(database: Database, tmp_path: Path) -> None:
    url = database.url.render_as_string(hide_password=False)
    found = await doctors_line("Alarm", doctors_settings(tmp_path, url))
    assert "nobody is told" in found.found
    assert "KNOCK_SMTP_URL" in found.todo
    told = {"smtp_url": "smtp://localhost", "alarm_to": "lena@northwind.example"}
    found = await doctors_line("Alarm", doctors_settings(tmp_path, url, **told))
    assert "a mail to lena@northwind.example" in found.found
    async with database.transaction("test.alarm") as session:
        session.add(Alarm(waiting=1, link="-", trouble="connection refused"))
    assert (await doctors_line("Alarm", doctors_settings(tmp_path, url, **told))).is_wrong
