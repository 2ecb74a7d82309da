"""The embedded PostgreSQL: it starts, it ends with us, and it says why when it cannot."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from handoff.embedded import AlreadyRunning, DatabaseDidNotStart, Embedded, alone

OWNER = """
import sys, time
from pathlib import Path
from handoff.embedded import Embedded
server = Embedded(Path(sys.argv[1]))
server.start()
print(server._process.pid, flush=True)
time.sleep(60)
"""


def start_owner(folder: Path) -> tuple[subprocess.Popen[str], psutil.Process]:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout
    with owner.stdout:
        return owner, psutil.Process(int(owner.stdout.readline()))


def lives(process: psutil.Process) -> bool:
    """Whether it does; nobody may be there to bury an orphan."""
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def wait_for_end(*processes: psutil.Process) -> None:
    deadline = time.monotonic() + 60
    while any(map(lives, processes)):
        assert time.monotonic() < deadline, "PostgreSQL outlived its owner"
        time.sleep(0.05)


def test_what_was_written_is_there_after_its_owner_was_killed(home: Path) -> None:
    owner, postgres = start_owner(home / "postgres")
    server = Embedded(home / "postgres")
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    owner.kill()
    owner.wait()
    server.start()
    assert not lives(postgres)
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    server.stop()
    assert not server.is_running()


def test_a_server_whose_owner_is_gone_ends_by_itself(home: Path) -> None:
    owner, postgres = start_owner(home / "postgres")
    owner.kill()
    owner.wait()
    wait_for_end(postgres)


def test_a_killed_server_leaves_nothing_in_the_way_of_the_next(home: Path) -> None:
    server = Embedded(home / "postgres")
    server.start()
    assert server._process
    children = psutil.Process(server._process.pid).children()
    server._process.kill()
    server._process.wait()
    wait_for_end(*children)
    assert not server.is_running()
    assert server.revive()
    assert not server.revive()
    psycopg.connect(server.url()).close()
    server.stop()


def test_a_folder_with_a_long_path_gets_a_short_socket(home: Path) -> None:
    server = Embedded(home / ("long" * 25) / "postgres")
    server.start()
    psycopg.connect(server.url()).close()
    server.stop()


def test_data_of_another_version_is_refused_with_its_reason(home: Path) -> None:
    folder = home / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseDidNotStart, match="another version of PostgreSQL"):
        Embedded(folder).start()


def test_a_server_that_cannot_start_says_what_postgresql_said(home: Path) -> None:
    with pytest.raises(DatabaseDidNotStart, match="no_such_setting"):
        Embedded(home / "postgres", {"no_such_setting": "1"}).start()


def test_a_second_process_uses_the_server_of_the_first_and_leaves_it_running(home: Path) -> None:
    first = Embedded(home / "postgres")
    first.start()
    with Embedded(home / "postgres").running() as url:
        psycopg.connect(url).close()
    assert first.is_running()
    first.stop()


def test_a_lock_is_held_by_one_at_a_time(home: Path) -> None:
    with alone(home / "lock"), pytest.raises(AlreadyRunning, match=str(os.getpid())), alone(home / "lock"):
        pass
    with alone(home / "lock"):
        pass


def test_a_first_start_that_was_cut_short_is_made_again(home: Path) -> None:
    (home / "postgres.new").mkdir()
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")
    server = Embedded(home / "postgres")
    server.start()
    server.stop()
    assert not (home / "postgres.new").exists()


def test_a_stranger_with_the_same_number_as_a_dead_server_is_left_alone(home: Path) -> None:
    server = Embedded(home / "postgres")
    server.start()
    server.stop()
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pidfile = home / "postgres" / "postmaster.pid"
    pidfile.write_text(f"{stranger.pid}\n{home / 'postgres'}\n0\n5432\n\n\n\nready\n")
    try:
        server.start()
        server.stop()
        assert stranger.poll() is None
    finally:
        stranger.send_signal(signal.SIGKILL)
        stranger.wait()
