"""The command `knock`."""

import asyncio
import inspect
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy.exc import OperationalError

from bot import doctor, forget, up
from bot.assemble import connecting_x, detection
from bot.brand import BrandUnreadable, read_brand
from bot.channel import ChannelError
from bot.choose import Choose
from bot.explain import explain
from bot.permit import PolicyUnreadable, policies
from bot.put_to_work import PutToWork
from bot.replay import replay as replay_file
from bot.serve import PortTaken
from bot.settings import BotSettings
from bot.train import Train
from handoff import agents, halts, schema, versions
from handoff.database import Database
from handoff.embedded import AlreadyRunning, DatabaseDidNotStart, Embedded
from handoff.errors import Refusal
from handoff.seals import WrongSecret
from nlu.training import TrainingFailed

EXPECTED = (
    AlreadyRunning,
    PortTaken,
    BrandUnreadable,
    DatabaseDidNotStart,
    TrainingFailed,
    up.NotMigrated,
    PolicyUnreadable,
    WrongSecret,
    Refusal,
)
"""What somebody at the terminal can do something about: they read a sentence, not a traceback."""


class _Explaining(click.Group):
    def invoke(self, context: click.Context) -> Any:
        """Run a command; of an error that is expected show the sentence."""
        try:
            return super().invoke(context)
        except EXPECTED as error:
            if isinstance(error, Refusal):
                raise click.ClickException(error.sentence) from None
            raise click.ClickException(str(error) or inspect.cleandoc(type(error).__doc__ or "")) from None
        except OperationalError as error:
            raise click.ClickException(f"The database at KNOCK_DATABASE_URL cannot be used: {error.orig}") from None
        except OSError as error:
            if error.filename is None:
                raise
            sentence = f"{error.filename}: {error.strerror}. Is KNOCK_HOME a folder that you can write to?"
            raise click.ClickException(sentence) from None


@click.group(cls=_Explaining)
@click.pass_context
def main(context: click.Context) -> None:
    """Knock asks once, then waits to be invited in."""
    try:
        context.obj = BotSettings()
    except ValidationError as errors:
        lines = (f"  KNOCK_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in errors.errors())
        raise click.ClickException("\n".join(["The settings cannot be used:", *lines])) from None
    except UnicodeDecodeError:
        raise click.ClickException("The settings in .env cannot be read: save the file as UTF-8.") from None


@main.command("up")
@click.pass_obj
def up_command(settings: BotSettings) -> None:
    """Run everything: PostgreSQL, Rasa, the bot, the pages and the inbox."""
    up.up(settings)


@main.command("bot")
@click.pass_obj
def bot_command(settings: BotSettings) -> None:
    """Run only the bot."""
    up.up(settings, {"bot"})


@main.command("pages")
@click.pass_obj
def pages_command(settings: BotSettings) -> None:
    """Run only the customers' pages."""
    up.up(settings, {"pages"})


@main.command("inbox")
@click.pass_obj
def inbox_command(settings: BotSettings) -> None:
    """Run only the inbox."""
    up.up(settings, {"inbox"})


@main.command()
@click.pass_obj
def migrate(settings: BotSettings) -> None:
    """Bring the database to the version of this program."""
    with _record(settings) as url:
        schema.migrate(url)
    click.echo("The database is at the newest version.")


@main.command()
@click.pass_obj
def train(settings: BotSettings) -> None:
    """Make a version of the model out of the examples. The first is put to work, later ones by an admin."""
    with _record(settings) as url:
        schema.migrate(url)
        version, is_first = asyncio.run(_train(settings, url))
    where = f"{settings.inbox_origin}/admin/nlu/models/{version}"
    click.echo(f"Version {version} is ready. " + ("It is at work." if is_first else f"Look at it at {where}"))


async def _train(settings: BotSettings, url: str) -> tuple[int, bool]:
    """The version that was made, and whether there was none before."""
    database = Database(url, pool_size=3)
    workshop = settings.workshop
    try:
        async with database.reading() as session:
            is_first = await versions.live(session) is None
        if is_first:
            await PutToWork(database, workshop, None, workshop.models).begin_with(click.echo)
            return 1, True
        return await Train(database, workshop).now(click.echo), False
    finally:
        await database.close()


@main.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--show", default=0, help="How many of the would-be offers to show.")
@click.pass_obj
def replay_command(settings: BotSettings, file: Path, show: int) -> None:
    """What detection makes of the posts in FILE, one JSON object a line. Nothing is written or sent.

    \b
    {"channel": "square", "id": "1", "author": {"id": "7", "handle": "mara", "name": "Mara"},
     "text": "…", "at": "2026-11-22T10:00:00Z", "in_reply_to": null}
    """
    brand = read_brand(settings.brand_file)
    replay_file(file, detection(settings, brand), Console(), show=show, cool_down=settings.cool_down)


@main.command("doctor")
@click.pass_obj
def doctor_command(settings: BotSettings) -> None:
    """Say what is configured, what is reachable, and what is wrong, each with what to do."""
    lines = asyncio.run(doctor.examine(settings))
    doctor.show(lines, Console())
    if any(line.is_wrong for line in lines):
        raise SystemExit(1)


@main.command("policy")
@click.argument("channel", required=False, type=click.Choice(sorted(policies())))
def policy_command(channel: str | None) -> None:
    """Say in words what we may do on CHANNEL, or on every one, and on what rules that rests."""
    for name in [channel] if channel else sorted(policies()):
        explain(name, policies()[name], Console(highlight=False))


@main.command()
@click.argument("channel", type=click.Choice(sorted(policies())))
@click.pass_obj
def resume(settings: BotSettings, channel: str) -> None:
    """Let the bot speak again on CHANNEL, where it fell silent until somebody looks; `knock doctor` says why."""
    with _record(settings) as url:
        if not schema.is_current(url):
            raise up.NotMigrated
        was_silent = asyncio.run(_resume(url, channel))
    click.echo(f"The bot speaks again on {channel}." if was_silent else f"The bot was not silent on {channel}.")


async def _resume(url: str, channel: str) -> bool:
    database = Database(url, pool_size=1)
    try:
        async with database.transaction("resume") as session:
            return await halts.end(session, channel)
    finally:
        await database.close()


@main.command("forget")
@click.argument("channel", type=click.Choice(sorted(policies())))
@click.argument("customer")
@click.option("--stop", is_flag=True, help="And never write to them again.")
@click.confirmation_option(prompt="This cannot be undone. Delete everything of them?")
@click.pass_obj
def forget_command(settings: BotSettings, channel: str, customer: str, stop: bool) -> None:
    """Delete all of a CUSTOMER who asks elsewhere than on their page: by their handle, or their id on CHANNEL."""
    with _record(settings) as url:
        if not schema.is_current(url):
            raise up.NotMigrated
        is_known = asyncio.run(_forget(settings, url, channel, customer.removeprefix("@"), stop))
    if not is_known:
        raise click.ClickException(f"Nobody is known on {channel} by {customer}. Look into a case for their handle.")
    click.echo("Everything of them is deleted.")


async def _forget(settings: BotSettings, url: str, channel: str, customer: str, stop: bool) -> bool:
    database = Database(url, pool_size=1)
    try:
        async with database.reading() as session:
            found = await forget.whom(session, settings.key, channel, customer)
        if found is not None:
            account, external_id = found
            choose = Choose(database, read_brand(settings.brand_file), account)
            await choose.be_forgotten(external_id, stopped=stop)
        return found is not None
    finally:
        await database.close()


@main.group()
def connect() -> None:
    """Connect an account of yours with Knock."""


@connect.command("x")
@click.pass_obj
def connect_x(settings: BotSettings) -> None:
    """Let Knock speak as your account on X; the tokens are kept sealed in the database."""
    if not settings.x_client_id:
        raise click.ClickException("Make an app on X's page for developers first, and set KNOCK_X_CLIENT_ID.")
    with _record(settings) as url:
        schema.migrate(url)
        handle = asyncio.run(_connect_x(settings, url))
    click.echo(f"Knock speaks as @{handle}. If it had fallen silent: `knock resume x`.")


async def _connect_x(settings: BotSettings, url: str) -> str | None:
    database = Database(url, pool_size=1)
    try:
        connecting = connecting_x(settings, database)
        click.echo(f"1. Sign in to X as the account that shall answer.\n2. Open {connecting.address}")
        click.echo("3. Say yes. X sends your browser to a page that may show an error: that is all right.")
        came_back = click.prompt("4. Paste the address of that page here, within 30 seconds")
        return (await connecting.finish(came_back)).handle
    except ChannelError as error:
        raise click.ClickException(f"{error}. Please begin again.") from None
    finally:
        await database.close()


@main.group()
def admin() -> None:
    """Look after the people who sign in."""


@admin.command("create")
@click.argument("email")
@click.option("--name", prompt=True)
@click.password_option()
@click.pass_obj
def admin_create(settings: BotSettings, email: str, name: str, password: str) -> None:
    """Make an admin, who can then invite agents."""
    with _record(settings) as url:
        schema.migrate(url)
        asyncio.run(_create_admin(url, email, name, password))
    click.echo(f"{email} can sign in at {settings.inbox_origin}/login.")


async def _create_admin(url: str, email: str, name: str, password: str) -> None:
    database = Database(url, pool_size=1)
    try:
        password_hash = await agents.hashed(password)
        async with database.transaction("admin.create") as session:
            await agents.create(session, email, name, password_hash, role="admin")
    finally:
        await database.close()


def _record(settings: BotSettings) -> AbstractContextManager[str]:
    if settings.database_url:
        return nullcontext(settings.database_url)
    return Embedded(settings.home / "postgres").running()


if __name__ == "__main__":
    main()
