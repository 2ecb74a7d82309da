"""`knock doctor`: what is configured, what is reachable, and what is wrong, each with what to do."""

import os
import platform
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import httpx
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import explain, permit
from bot.brand import BrandUnreadable, read_brand
from bot.channel import ChannelError, TryLater
from bot.channels.telegram import Telegram
from bot.channels.x import X
from bot.channels.x_needs import Free
from bot.channels.x_renewing import Glance
from bot.settings import BotSettings
from handoff import alarms, halts, offers, spendings, trainings, versions, webhooks
from handoff.database import Database
from handoff.embedded import Embedded
from handoff.models import Case, Offer, Update
from handoff.schema import is_current
from nlu.rasa import Rasa
from nlu.workshop import bytes_in

ENOUGH_SPACE = 5e9
"""Bytes: Rasa's environment takes half of it, logs and models grow."""

OLDEST_POSTGRES = 15

Health = Literal["ok", "note", "wrong"]
SIGNS: dict[Health, str] = {"ok": "[green]✓[/]", "note": "[yellow]–[/]", "wrong": "[red]✗[/]"}


@dataclass(frozen=True)
class Line:
    """What was looked at, what was found, and what to do about it."""

    what: str
    found: str
    todo: str = ""
    health: Health = "ok"

    @property
    def is_wrong(self) -> bool:
        """Whether Knock does not do its work until something is done."""
        return self.health == "wrong"


def wrong(what: str, found: str, todo: str) -> Line:
    """Something that must be put right."""
    return Line(what, found, todo, "wrong")


def note(what: str, found: str, todo: str = "") -> Line:
    """Something worth knowing."""
    return Line(what, found, todo, "note")


async def examine(settings: BotSettings) -> list[Line]:
    """Look at everything; nothing is changed, nothing is started."""
    lines = [*_machine(settings), _brand(settings), await _rasa(settings)]
    lines.append(await _port("Customers", settings.host, settings.public_port, "KNOCK_PUBLIC_PORT"))
    lines.append(await _port("Inbox", settings.host, settings.inbox_port, "KNOCK_INBOX_PORT"))
    return [*lines, await _telegram(settings), await _x(settings), *await _record(settings)]


def show(lines: Sequence[Line], console: Console) -> None:
    """Print a table."""
    table = Table("", "What", "Found", "What to do", box=None, pad_edge=False)
    for line in lines:
        table.add_row(SIGNS[line.health], line.what, escape(line.found), escape(line.todo))
    console.print(table)
    count = sum(line.is_wrong for line in lines)
    console.print(f"\n{count} to put right." if count else "\nNothing is wrong.")


def _machine(settings: BotSettings) -> Iterator[Line]:
    yield Line("Python", platform.python_version())
    known = {f"KNOCK_{name.upper()}" for name in type(settings).model_fields} | {"KNOCK_FAILPOINT"}
    for name in sorted(name for name in os.environ if name.startswith("KNOCK_") and name not in known):
        yield note("Settings", f"{name} is set, and is no setting", "docs/operations.md has the list; is it a typo?")
    home = settings.home.resolve()
    nearest = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(nearest).free
    found = f"{home}, {free / 1e9:.0f} GB free"
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        yield wrong("Folder", f"{home} cannot be written to", "Set KNOCK_HOME to a folder of yours.")
    elif free < ENOUGH_SPACE:
        yield note("Folder", found, "Make space soon: a full disk stops PostgreSQL.")
    else:
        yield Line("Folder", found)
    if settings.secret or (home / "secret").exists():
        yield Line("Secret", "set by KNOCK_SECRET" if settings.secret else f"in {home / 'secret'}")
    else:
        yield note("Secret", "none yet", "The first start makes one. Keep a copy: links and STOPs depend on it.")


def _brand(settings: BotSettings) -> Line:
    try:
        brand = read_brand(settings.brand_file)
    except BrandUnreadable as error:
        return wrong("Brand", str(error), "Correct the file, or name another one in KNOCK_BRAND_FILE.")
    return Line("Brand", f"{brand.name}: {len(brand.words)} words, offers in {', '.join(brand.languages)}")


async def _rasa(settings: BotSettings) -> Line:
    if settings.rasa_url:
        async with Rasa(settings.rasa_url, settings.rasa_token or "") as rasa:
            if await rasa.ready():
                return Line("Rasa", f"ready at {settings.rasa_url}")
        return wrong(
            "Rasa", f"not ready at {settings.rasa_url}", "Is it running, with a model, and KNOCK_RASA_TOKEN its token?"
        )
    if not settings.rasa_python.exists():
        todo = "Install Python 3.10 and run `make setup`, or set KNOCK_RASA_URL. Until then a person gets every thread."
        return note("Rasa", "not installed", todo)
    models = settings.workshop.models
    if not any(models.glob("*.tar.gz")):
        return note("Rasa", "installed, no model yet", "`knock up` makes the first; so does `knock train`.")
    return Line("Rasa", f"installed, models take {bytes_in(models) / 1e6:.0f} MB")


async def _port(what: str, host: str, port: int, setting: str) -> Line:
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as http:
            answer = await http.get(f"http://{host}:{port}/healthz")
            health = answer.json()["database"]
    except httpx.ConnectError:
        return note(what, f"port {port} is free, so Knock does not run", "Start it with `make run`.")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return wrong(what, f"port {port} is taken by another program", f"End it, or set {setting} to another port.")
    if health == "ok":
        return Line(what, f"Knock answers on port {port}")
    return wrong(what, f"Knock answers on port {port}, without its record", "See Database, below.")


async def _telegram(settings: BotSettings) -> Line:
    if not settings.telegram_token:
        return note("Telegram", "not set up", "Get a token from BotFather and set KNOCK_TELEGRAM_TOKEN.")
    telegram = Telegram(settings.telegram_token, settings.telegram_api)
    try:
        await telegram.start()
    except ChannelError as error:
        return wrong("Telegram", str(error), "Is KNOCK_TELEGRAM_TOKEN right, and the network there?")
    finally:
        await telegram.stop()
    if telegram.sees_all_posts:
        return Line("Telegram", f"@{telegram.username}, sees every post of its groups")
    todo = "Switch privacy mode off in BotFather (/setprivacy), or make it an admin of its groups; then add it anew."
    return note("Telegram", f"@{telegram.username}, sees only posts that name it", todo)


async def _x(settings: BotSettings) -> Line:
    if not settings.x_client_id:
        return note("X account", "not set up", "Make an app on X's page for developers and set KNOCK_X_CLIENT_ID.")
    database = Database(_url(settings), pool_size=1)
    key = settings.key if settings.secret or (settings.home / "secret").exists() else b"none yet"
    x = X(settings, database, Glance(database, key, settings.x_access_token), Free(), Free())
    try:
        await x.start()
    except TryLater as error:
        return note("X account", str(error), "Look again when the bot runs.")
    except ChannelError as error:
        return wrong("X account", str(error), "When that is done, `knock resume x`.")
    except SQLAlchemyError:
        return note("X account", "its tokens are in the database, which cannot be asked", "See Database, below.")
    finally:
        await x.stop()
        await database.close()
    if settings.x_webhook_url:
        return Line("X account", f"@{x.handle}; X pushes to {settings.x_webhook_url}")
    return Line("X account", f"@{x.handle}; we ask X every {settings.x_poll_seconds:g} s")


def _url(settings: BotSettings) -> str:
    return settings.database_url or Embedded(settings.home / "postgres").url()


async def _record(settings: BotSettings) -> list[Line]:
    url = _url(settings)
    where = "KNOCK_DATABASE_URL" if settings.database_url else "embedded"
    database = Database(url, pool_size=1)
    try:
        async with database.reading() as session:
            version = await _version(session, url, where)
            if version.is_wrong:
                return [version]
            alarm = await _alarm(session, settings)
            return [version, await _model(session), *await _work(session), alarm, *await _speaking(session, settings)]
    except SQLAlchemyError as error:
        if settings.database_url:
            return [wrong("Database", f"{where}: {error.__cause__ or error}", "Is it running, and the address right?")]
        return [note("Database", "embedded, not running", "`make run` starts it.")]
    finally:
        await database.close()


async def _version(session: AsyncSession, url: str, where: str) -> Line:
    version = str(await session.scalar(select(func.current_setting("server_version"))))
    if int(version.split(".")[0]) < OLDEST_POSTGRES:
        return wrong("Database", f"{where}, PostgreSQL {version}", f"Use PostgreSQL {OLDEST_POSTGRES} or newer.")
    if not is_current(url):
        return wrong("Database", f"{where}, at another version than this program", "Run `knock migrate`.")
    return Line("Database", f"{where}, PostgreSQL {version}, at the newest version")


async def _work(session: AsyncSession) -> list[Line]:
    lines = []
    unread = select(func.count(Update.id)).where(Update.handled_at.is_not(None), Update.trouble.is_not(None))
    if count := await session.scalar(unread):
        lines.append(note("Updates", f"{count} could not be read", "Look at `trouble` in the table `updates`."))
    unsure = select(func.count(Offer.id)).where(Offer.state.in_(("in_doubt", "human")))
    if count := await session.scalar(unsure):
        lines.append(note("Offers", f"{count} in doubt", "An admin sees them at /admin and says what became of them."))
    waiting = (Case.claimed_by.is_(None), Case.closed_at.is_(None))
    count, oldest = (await session.execute(select(func.count(Case.id), func.min(Case.opened_at)).where(*waiting))).one()
    if count:
        lines.append(
            note("Cases", f"{count} waiting, the first since {oldest:%Y-%m-%d %H:%M}", "They are in the inbox.")
        )
    return lines


async def _model(session: AsyncSession) -> Line:
    newest, training = await versions.newest_promotion(session), await trainings.current(session)
    runs = f"; a training runs, {training.percent} %" if training else ""
    if newest is None:
        return note("Model", f"none was put to work{runs}", "`knock train` makes one, or an admin at /admin/nlu/train.")
    if newest.trouble:
        return wrong("Model", f"version {newest.version}: {newest.trouble}", "Roll back at /admin/nlu/models.")
    return Line("Model", f"version {newest.version} is at work{runs}")


async def _alarm(session: AsyncSession, settings: BotSettings) -> Line:
    told = [f"a mail to {settings.alarm_to}"] if settings.smtp_url else []
    told += [f"webhook {one.id}" for one in await webhooks.everything(session) if "desk.empty" in one.events]
    last = await alarms.newest(session)
    if told and last and last.trouble:
        return wrong("Alarm", f"the last mail did not go out: {last.trouble}", "Is KNOCK_SMTP_URL right?")
    if told:
        return Line("Alarm", f"{' and '.join(told)} when a case comes and nobody is here")
    todo = "Set KNOCK_SMTP_URL and KNOCK_ALARM_TO, or make a webhook for desk.empty at /admin/api."
    return note("Alarm", "nobody is told when a case comes and nobody is here", todo)


async def _speaking(session: AsyncSession, settings: BotSettings) -> list[Line]:
    """Channels that are silent, what waits to be said there, and what they cost today."""
    reasons, waiting = await permit.silent(session), await offers.waiting(session)
    halted = {halt.channel: halt.until for halt in await halts.standing(session)}
    lines = []
    for channel in sorted({*waiting, *reasons, *halted}):
        count = waiting.get(channel, 0)
        time = permit.wait_for(permit.policies()[channel], count)
        found = f"{count:,} offers wait" + (f", about {explain.span(time)}" if time else "")
        if channel not in halted:
            lines.append(note(channel.capitalize(), found, reasons.get(channel, "")))
        elif until := halted[channel]:
            lines.append(
                wrong(channel.capitalize(), f"silent until {until:%Y-%m-%d %H:%M} UTC; {found}", reasons[channel])
            )
        else:
            todo = f"{reasons[channel]}. When that is put right: `knock resume {channel}`."
            lines.append(wrong(channel.capitalize(), f"silent; {found}", todo))
    return [*lines, *await _money(session, settings)]


async def _money(session: AsyncSession, settings: BotSettings) -> list[Line]:
    spent = await spendings.today(session)
    if not spent:
        return []
    total = sum(one.dollars for one in spent)
    what = ", ".join(f"{one.units:,} × {one.item} {one.dollars:.3f}" for one in spent)
    found = f"{total:.2f} of {settings.x_budget:.2f} dollars today: {what}"
    if total >= 0.9 * settings.x_budget:
        return [note("Money", found, "Raise KNOCK_X_BUDGET, or wait for midnight (UTC).")]
    return [Line("Money", found)]
