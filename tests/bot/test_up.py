"""`knock up`: ready soon, watched, ended without a trace, and clear about what is in its way."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import psycopg
import pytest

from handoff.embedded import Embedded
from tests.knock_process import KnockProcess, all_end, trained

pytestmark = pytest.mark.timeout(300)

NO_RASA = "/nowhere/bin/python"
PATIENCE = 60.0
READY = "Ctrl-C ends it"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="knock-", ignore_cleanup_errors=True) as folder:
        yield trained(Path(folder))


@pytest.fixture(scope="module")
def running(folder: Path) -> Iterator[KnockProcess]:
    """Knock without Rasa."""
    with KnockProcess(folder, rasa_python=NO_RASA) as knock:
        knock.wait_for(READY)
        yield knock


def rasa_of(knock: KnockProcess) -> list[psutil.Process]:
    return [child for child in knock.children() if "nlu.components.serve" in child.cmdline()]


def listening(knock: KnockProcess) -> list[str]:
    processes = [psutil.Process(knock.process.pid), *knock.children()]
    found = {one.laddr for process in processes for one in process.net_connections() if one.status == "LISTEN"}
    return [address.ip for address in found]


def test_everything_is_kept_running_on_loopback_only_and_ends_without_a_trace(home: Path) -> None:
    with KnockProcess(trained(home, rasa=True)) as knock:
        knock.wait_for("Rasa is ready")
        assert knock.is_healthy()
        knock.wait_until(lambda: len(listening(knock)) == 4, "pages, inbox, Rasa and actions do not listen")
        assert set(listening(knock)) == {"127.0.0.1"}
        (rasa,) = rasa_of(knock)
        rasa.kill()
        knock.wait_for("Rasa ended (SIGKILL); starting it again")
        knock.wait_until(lambda: bool(rasa_of(knock)), "Rasa was not started again")
        children = knock.children()
        knock.process.send_signal(signal.SIGINT)
        assert all_end(children, PATIENCE)
        assert knock.process.wait(60) == 0
        assert "Traceback" not in knock.output


def test_without_rasa_it_says_so_in_one_line_and_runs(running: KnockProcess) -> None:
    running.wait_for("whoever opts in goes straight to a person")
    assert running.is_healthy()
    assert running.get("/square").status_code == 200


def test_the_first_admin_comes_in_by_the_link_that_is_printed(running: KnockProcess) -> None:
    link = re.search(r"http://localhost:\d+(/join/\S+)", running.output)
    assert link
    assert running.get(link[1], running.inbox_port).status_code == 200
    assert running.get(link[1]).status_code == 404


def test_a_second_one_in_the_same_folder_is_told_about_the_first(running: KnockProcess, folder: Path) -> None:
    with KnockProcess(folder, output="second") as second:
        assert second.process.wait(60) == 1
        assert f"already running in {folder} (process {running.process.pid})" in second.output
        assert "Traceback" not in second.output


def test_a_port_that_is_taken_is_named_with_its_setting(running: KnockProcess, home: Path) -> None:
    with KnockProcess(home, public_port=str(running.port)) as knock:
        assert knock.process.wait(60) == 1
        assert f"Port {running.port} is taken by another program" in knock.output
        assert "KNOCK_PUBLIC_PORT" in knock.output
        assert "Traceback" not in knock.output


def test_a_database_that_dies_is_started_again(running: KnockProcess, folder: Path) -> None:
    postgres = int((folder / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    psutil.Process(postgres).kill()
    running.wait_for("PostgreSQL had ended and was started again")
    running.wait_until(running.is_healthy, "it never became healthy again")


def test_killed_it_leaves_no_child_and_loses_nothing(running: KnockProcess, folder: Path) -> None:
    url = Embedded(folder / "postgres").url()
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO promises (account) VALUES ('kept')")
    children = running.children()
    assert children
    running.process.kill()
    assert all_end(children, PATIENCE)
    with KnockProcess(folder, output="after", rasa_python=NO_RASA) as knock:
        knock.wait_for(READY)
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT account FROM promises").fetchone() == ("kept",)
        assert knock.end(signal.SIGTERM) == 0


def test_it_can_be_ended_while_it_starts(home: Path) -> None:
    with KnockProcess(home, rasa_python=NO_RASA) as knock:
        knock.wait_for("Opening the record")
        knock.wait_until(lambda: bool(knock.children()), "PostgreSQL was not started")
        children = knock.children()
        assert knock.end() == 0
        assert all_end(children, PATIENCE)
        assert "Traceback" not in knock.output


def test_one_part_alone_asks_for_the_migrations_first(home: Path, empty_database_url: str) -> None:
    with KnockProcess(home, "inbox", database_url=empty_database_url) as knock:
        assert knock.process.wait(60) == 1
        assert "knock migrate" in knock.output


def test_with_another_secret_it_does_not_start_for_it_would_forget_every_stop(home: Path, database_url: str) -> None:
    with KnockProcess(trained(home), "inbox", database_url=database_url, secret="the first") as knock:
        knock.wait_for(READY)
        assert knock.end() == 0
    with KnockProcess(home, "inbox", database_url=database_url, secret="another", output="other") as knock:
        assert knock.process.wait(60) == 1
        assert "Set KNOCK_SECRET back" in knock.output
        assert "Traceback" not in knock.output


def test_the_inbox_runs_alone(home: Path, database_url: str) -> None:
    with KnockProcess(trained(home), "inbox", database_url=database_url) as knock:
        knock.wait_for(READY)
        assert knock.get("/healthz", knock.inbox_port).status_code == 200
        assert not knock.children()
        assert knock.end() == 0
