"""The demonstration, with a few of its people."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from tests.demo.__main__ import CLOSED, fill
from tests.demo.customers import Person, people
from tests.demo.knock import Demo, started
from tests.demo.pictures import take
from tests.demo.team import TEAM
from tests.knock_process import trained
from tests.peers.fake_telegram import FakeTelegram
from tests.peers.fake_x import FakeX
from tests.rasa_server import free_ports

FATES = {
    "ignores",
    "refuses",
    "leaves",
    "waits",
    "answered",
    "writes",
    "noted",
    "snoozed",
    "stops",
    "forgotten",
    "returned",
}


async def _played(demo: Demo, some: Sequence[Person], pictures: Path) -> set[str]:
    cases = await fill(demo, some)
    await take(demo, pictures)
    return cases


def test_everybody_has_a_name_of_their_own_and_a_fate_that_there_is() -> None:
    everybody = people()
    assert len({one.name for one in everybody}) == len(everybody) == 40
    assert {one.fate for one in everybody} == FATES | set(CLOSED)
    assert {one.agent for one in everybody} - {""} <= {who.name for who in TEAM}


@pytest.mark.timeout(300)
def test_a_few_of_them_come_and_are_looked_after_and_pictured(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public, inbox, of_x = free_ports(3)
    monkeypatch.setenv("KNOCK_PUBLIC_PORT", str(public))
    monkeypatch.setenv("KNOCK_INBOX_PORT", str(inbox))
    models = trained(home, rasa=True) / "models"
    some = [one for one in people() if one.name in ("Mara", "Tala", "Luca", "Mina")]
    (home / "demo").mkdir()
    with (
        FakeTelegram() as telegram,
        FakeX.to_try(of_x) as x,
        started(home / "demo", models, telegram, x, Console(quiet=True)) as demo,
    ):
        assert {"Mara", "Tala"} <= asyncio.run(_played(demo, some, tmp_path))
    assert {picture.name for picture in tmp_path.iterdir()} == {"inbox.png", "landing.png"}
