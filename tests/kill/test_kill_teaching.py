"""SIGKILL while an admin teaches: what was asked for is done whole, with its deed, or not at all; asked again, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from handoff import examples, intents, utterances
from nlu.annotations import digest
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox, inbox
from tests.handoff.web.spoken import says
from tests.handoff.web.versions import GOOD, WORSE, at_work, freeze, version
from tests.knock_process import KnockProcess, trained

__all__ = ["inbox"]

SAID = "I want out"
ANSWER = {"digest": utterances.digest("en", SAID), "answer": "intent:cancel"}
GIFTS = ("wrap it as a present", "write a card for my aunt")
REVIEW, NLU = "/admin/nlu/review", "/admin/nlu"


@dataclass(frozen=True)
class Act:
    """Something that an admin asks for; `done` is a query that says whether it is; `first` is asked for before."""

    path: str
    form: Mapping[str, str]
    done: str
    first: tuple[str, Mapping[str, str]] | None = None


ACTS = {
    "review": Act(REVIEW, ANSWER, f"SELECT count(*) = 1 FROM examples WHERE text = '{SAID}'"),
    "undo review": Act(
        f"{REVIEW}/undo",
        {},
        f"SELECT count(*) = 0 FROM examples WHERE text = '{SAID}' AND removed_at IS NULL",
        first=(REVIEW, ANSWER),
    ),
    "split intent": Act(
        f"{NLU}/intents/gift/split",
        {"to": "wrapping", "chosen": f"en-{digest(GIFTS[0])}", "step": "split"},
        "SELECT count(*) = 1 FROM examples WHERE intent = 'wrapping'",
    ),
    "relabel intent": Act(
        f"{NLU}/intents/gift/rename", {"to": "present"}, "SELECT count(*) = 1 FROM intents WHERE name = 'present'"
    ),
    "start training": Act(f"{NLU}/train", {}, "SELECT count(*) = 1 FROM trainings WHERE state = 'waiting'"),
    "promote model": Act(
        f"{NLU}/models/2/promote",
        {"seen": "1", "reason": "why not"},
        "SELECT count(*) = 1 FROM promotions WHERE version = 2",
    ),
    "roll back model": Act(
        f"{NLU}/models/roll-back",
        {"seen": "2"},
        "SELECT count(*) = 2 FROM promotions WHERE version = 1",
        first=(f"{NLU}/models/2/promote", {"seen": "1", "reason": "why not"}),
    ),
}
"""By the name of the transaction."""


async def furnish(inbox: Inbox) -> None:
    """A line that waits for review, an intent about two things, and two versions of the model."""
    await says(inbox.database, SAID)
    async with inbox.database.transaction("test.gifts") as session:
        await intents.create(session, "gift", None)
        for one in GIFTS:
            await examples.add(session, one, "gift", "en", source="admin", by=None)
    await freeze(inbox.database)
    for answers in (GOOD, WORSE):
        await version(inbox.database, answers)
    await at_work(inbox.database, 1)


async def standing(inbox: Inbox, name: str) -> tuple[Any, Any]:
    """Whether it is done, and how often it is in the audit log."""
    async with inbox.database.reading() as session:
        done = await session.scalar(text(ACTS[name].done))
        return done, await session.scalar(text("SELECT count(*) FROM deeds WHERE what = :name"), {"name": name})


async def killed(inbox: Inbox, home: Path, point: str, act: Act) -> None:
    """Ask the inbox for it, which ends at that point."""
    cookies = await inbox.cookie(ANA)
    settings = {"database_url": inbox.database.url.render_as_string(hide_password=False), "failpoint": f"{point}#1"}
    with KnockProcess(trained(home), "inbox", secret="a secret for tests", **settings) as knock:
        knock.wait_until(lambda: answers(knock), "its pages never answered")
        address = f"http://localhost:{knock.inbox_port}"
        async with httpx.AsyncClient(
            cookies=cookies, headers={"Origin": address}, timeout=60, trust_env=False
        ) as browser:
            with pytest.raises(httpx.TransportError):
                await browser.post(address + act.path, data=dict(act.form), timeout=30)
        assert knock.process.wait(60) == -9, f"it never came to {point}"


def answers(knock: KnockProcess) -> bool:
    """Whether the inbox can be asked."""
    try:
        return knock.get("/healthz", knock.inbox_port).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ACTS)
async def test_killed_while_an_admin_teaches(inbox: Inbox, home: Path, name: str, when: str) -> None:
    await furnish(inbox)
    act = ACTS[name]
    ana = await inbox.visitor(ANA)
    if act.first:
        assert (await ana.post(act.first[0], data=dict(act.first[1]))).status_code == 303
    assert await standing(inbox, name) == (False, 0)
    await killed(inbox, home, f"inbox.{name}: {when} commit", act)
    assert await standing(inbox, name) == ((True, 1) if when == "after" else (False, 0)), "whole, or not at all"
    again = await ana.post(act.path, data=dict(act.form))
    assert again.status_code == 303 if when == "before" else again.status_code < 500, again.status_code
    assert (await standing(inbox, name))[0], "asked once more it is done, and once"
