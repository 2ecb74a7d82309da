"""An address that is only nearly that of an agent lets nobody in, whoever verified it."""

from dataclasses import replace

import pytest

from tests.cast import BEN
from tests.handoff.web.conftest import Inbox
from tests.handoff.web.test_oidc import BENS, come, office, provider, running, sign_ins
from tests.peers.outside_oidc import OutsideProvider

__all__ = ["office", "provider", "running"]


@pytest.mark.parametrize(
    "nearly", ["kim@straße.example", "\u212aim@strasse.example", "kim\0@strasse.example", "kim@ſtrasse.example"]
)
async def test_who_has_nearly_the_address_of_an_agent_stays_out(
    office: Inbox,
    provider: OutsideProvider,
    nearly: str,
) -> None:
    await office.hire(replace(BEN, name="Kim", email="kim@strasse.example"))
    provider.say(token=BENS | {"email": nearly})
    _, answer = await come(office)
    assert (answer.status_code, await sign_ins(office)) == (403, 0)
    provider.say(token=BENS | {"email": "KIM@Strasse.example"})
    assert (await come(office))[1].status_code == 303
