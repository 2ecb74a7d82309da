"""`knock up`: the whole product in one process and its children; and the same with only some of its roles."""

import asyncio
import gc
import logging
import logging.handlers
import signal
import socket
from collections.abc import Callable, Mapping, Set
from contextlib import ExitStack, nullcontext
from pathlib import Path

import uvloop
from rich.console import Console
from rich.markup import escape

from bot.assemble import Knock, assemble
from bot.keep_rasa import NO_RASA, OwnRasa, rasa_is_installed
from bot.run import Bot
from bot.serve import listening, serve
from bot.settings import BotSettings
from handoff import agents, seals
from handoff.embedded import DatabaseDidNotStart, Embedded, alone
from handoff.schema import is_current, migrate
from nlu.rasa import Rasa

ROLES = frozenset({"bot", "pages", "inbox"})

Tell = Callable[[str], None]

log = logging.getLogger(__name__)


class NotMigrated(Exception):
    """The database is not at the version of this program. Run `knock migrate` first."""


class _Ended(Exception):
    """Somebody wants us to end."""


def up(settings: BotSettings, roles: Set[str] = ROLES) -> None:
    """Run until Ctrl-C or SIGTERM; every child has ended when this returns.

    With all roles the database is migrated first. Raises `AlreadyRunning`, `PortTaken`, `BrandUnreadable`,
    `DatabaseDidNotStart`, `NotMigrated`, `WrongSecret`, `sqlalchemy.exc.OperationalError`.
    """
    console = Console(highlight=False, soft_wrap=True)
    wish = _Wish()
    for how in (signal.SIGINT, signal.SIGTERM):
        signal.signal(how, wish)
    _write_log(settings.home / "logs" / f"{'up' if roles == ROLES else '-'.join(sorted(roles))}.log")
    try:
        with ExitStack() as stack:
            _run(settings, roles, stack, wish, lambda line: console.print(escape(line)))
    except KeyboardInterrupt:
        pass
    console.print("Knock has ended.")


class _Wish:
    """That Knock shall end. It is kept, because an interrupt may get lost in the library that it hits."""

    was_said = False

    def __call__(self, *_: object) -> None:
        """Hear a signal."""
        self.was_said = True
        raise KeyboardInterrupt


def _run(settings: BotSettings, roles: Set[str], stack: ExitStack, wish: _Wish, tell: Tell) -> None:
    if roles == ROLES:
        stack.enter_context(alone(settings.home.resolve() / "up.lock"))
    listeners = {role: stack.enter_context(_listener(settings, role)) for role in sorted(roles - {"bot"})}
    tell("Opening the record …")
    embedded = None if settings.database_url else Embedded(settings.home / "postgres")
    url = stack.enter_context(embedded.running() if embedded else nullcontext(settings.database_url or ""))
    if roles == ROLES:
        migrate(url)
    elif not is_current(url):
        raise NotMigrated
    tell("Reading the brand and the detector …")
    knock = assemble(settings, url)
    spare_the_collector()
    uvloop.run(_work(knock, roles, listeners, embedded, wish, tell))


def spare_the_collector() -> None:
    """What is there by now stays for good: looking through all of it again and again stopped the pages for 0.2 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 25, 50)


def _listener(settings: BotSettings, role: str) -> socket.socket:
    port = settings.inbox_port if role == "inbox" else settings.public_port
    return listening(settings.host, port, "KNOCK_INBOX_PORT" if role == "inbox" else "KNOCK_PUBLIC_PORT")


async def _work(
    knock: Knock,
    roles: Set[str],
    listeners: Mapping[str, socket.socket],
    embedded: Embedded | None,
    wish: _Wish,
    tell: Tell,
) -> None:
    ending = asyncio.Event()
    for how in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(how, ending.set)
    if wish.was_said:
        ending.set()
    try:
        async with knock.database.transaction("up.seal") as session:
            await seals.check(session, knock.settings.key)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_end_with(ending))
            tasks.create_task(knock.live.run())
            if embedded:
                tasks.create_task(_watch(embedded, tell))
            for role, listener in listeners.items():
                tasks.create_task(serve(knock.inbox if role == "inbox" else knock.pages, listener, knock.live))
            if "bot" in roles:
                tasks.create_task(_bot(knock, tell))
            await _greet(knock, roles, tell)
    except* _Ended:
        tell("Ending …")
    finally:
        await knock.close()


async def _bot(knock: Knock, tell: Tell) -> None:
    """Run the bot, with the Rasa that the settings name, one of our own, or none."""
    settings = knock.settings
    own = None if settings.rasa_url else OwnRasa(settings, tell)
    rasa = Rasa(settings.rasa_url, settings.rasa_token or "") if settings.rasa_url else None
    if own and rasa_is_installed(settings.rasa_python):
        rasa = own.client()
    elif own:
        tell(NO_RASA.format(python=settings.rasa_python))
        own, settings = None, settings.model_copy(update={"rasa_wait_seconds": 0.0})
    bot = Bot(settings, knock.brand, knock.database, knock.live, knock.channels, knock.flow, rasa)
    if own:
        bot.models.actions_url = own.actions_url
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.run())
        if own:
            tasks.create_task(own.run(bot.models.put_to_work))


async def _watch(embedded: Embedded, tell: Tell) -> None:
    """Start the embedded PostgreSQL again when it dies. Everybody else waits for it, so the loop may, too."""
    while True:
        await asyncio.sleep(1)
        try:
            if embedded.revive():
                tell("PostgreSQL had ended and was started again.")
        except DatabaseDidNotStart as error:
            tell(str(error))
            await asyncio.sleep(5)


async def _end_with(ending: asyncio.Event) -> None:
    await ending.wait()
    raise _Ended


async def _greet(knock: Knock, roles: Set[str], tell: Tell) -> None:
    settings = knock.settings
    if "pages" in roles:
        tell(f"Customers: {settings.public_origin}/square")
    if "inbox" in roles:
        tell(f"Agents:    {settings.inbox_origin}/inbox")
        if token := await _first_admin(knock):
            tell(f"You are the first: become an admin, once and within a day, at {settings.inbox_origin}/join/{token}")
    tell("Knock runs. Ctrl-C ends it.")


async def _first_admin(knock: Knock) -> str | None:
    """The token of a link for the first admin; none if there is one."""
    async with knock.database.transaction("up.invite") as session:
        if any(agent.is_admin and agent.disabled_at is None for agent in await agents.everybody(session)):
            return None
        return await agents.invite(session, role="admin")


def _write_log(path: Path) -> None:
    """Everything from INFO on into a file, warnings to the terminal as well. Addresses may hold tokens: no httpx."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = logging.handlers.RotatingFileHandler(path, maxBytes=10_000_000, backupCount=3)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(
        level=logging.INFO, handlers=[file, terminal], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)
