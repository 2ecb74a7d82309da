"""What only we or a program may know stands on no page."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from handoff.database import Database
from handoff.models import Agent
from handoff.settings import Settings
from handoff.web.app import create_app
from tests.cast import ANA
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.story import handed_off
from tests.handoff.web.test_access import GUARDED, ask
from tests.handoff.web.test_integrations import HOOK
from tests.handoff.web.versions import GOOD, WORSE, at_work, freeze, version

OURS: dict[str, Any] = {"secret": "the key of all links", "oidc_client_secret": "what the provider knows us by"}
PROVIDER: dict[str, Any] = {"oidc_issuer": "https://provider.example", "oidc_client_id": "knock"}


async def furnish(database: Database) -> None:
    """A case, and two versions of the model."""
    await handed_off(database)
    await freeze(database)
    for answers in (GOOD, WORSE):
        await version(database, answers)
    await at_work(database, 1)


async def test_a14_no_secret_stands_on_any_page(inbox: Inbox, database: Database, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, _env_file=None, **OURS, **PROVIDER)
    office = replace(inbox, app=create_app(settings, database, inbox.live, "Northwind"))
    await furnish(database)
    cookies = await office.cookie(ANA)
    ana = await office.visitor()
    ana.cookies.update(cookies)
    made = (await ana.post("/admin/api/tokens", data={"name": "The shop", "access": "write"})).text
    made += (await ana.post("/admin/api/webhooks", data=HOOK)).text
    shown_once = re.findall(r"knock_[\w-]{43}|whsec_[\w+/]{43}=", made)
    assert len(set(shown_once)) == 2
    async with database.reading() as session:
        hashes = [one for one in await session.scalars(select(Agent.password_hash)) if one]
    secrets = {*OURS.values(), *shown_once, *hashes, *cookies.values(), ANA.password}
    walked = 0
    for method, path in GUARDED:
        if method == "GET" and path != "/live":
            answer = await ask(ana, method, path)
            assert not [one for one in secrets if one in answer.text], path
            walked += answer.status_code == 200
    assert walked > 30
