"""Schemathesis asks the API everything that its own description allows, and much that it does not."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from handoff import webhooks
from handoff.api.app import create_api, handbook
from handoff.credentials import Seal
from tests.browser import serving
from tests.handoff.api.conftest import Api
from tests.handoff.web.story import handed_off

EACH = 8
"""Requests to each operation."""

NOT_ASKED = [ignored_auth, positive_data_acceptance]
"""The gate has tests of its own; and what only the record knows, such as who is an agent, no schema can tell."""


@pytest.mark.timeout(120)
async def test_every_answer_is_one_that_the_handbook_tells_of(api: Api) -> None:
    async with api.database.transaction("test.webhook") as session:
        await webhooks.make(session, Seal(b"key"), "https://hooks.example/knock", ["message.created"])
    await handed_off(api.database)
    app = create_api(api.database, allowed=10**6)
    async with serving(app) as url:
        asked = await asyncio.to_thread(ask_everything, url, await api.token())
    assert len(asked) == sum(len(methods) for methods in handbook(app)["paths"].values())


def ask_everything(url: str, token: str) -> list[str]:
    """Ask each operation some things, the same in each run; the operations that were asked. Raises what was wrong."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", wait_for_schema=10)
    asked = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @seeded(20261122)
        @settings(
            max_examples=EACH,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case[Any]) -> None:
            headers = {"Authorization": f"Bearer {token}"}
            case.call_and_validate(base_url=url, headers=headers, excluded_checks=NOT_ASKED)

        ask()
        asked.append(operation.label)
    return asked
