"""Who may only read gets what was said without how somebody is reached."""

import pytest

from handoff.integrations import Access
from tests.handoff.api.conftest import Api
from tests.handoff.web.story import handed_off
from tests.handoff.web.test_masking import OPEN, SECRETS, shown


async def answers(api: Api, access: Access) -> dict[str, str]:
    thread_id = await handed_off(api.database, OPEN)
    client = await api.client(access)
    paths = (f"/threads/{thread_id}", f"/threads/{thread_id}/messages", "/cases", "/cases/1", "/cases.csv")
    return {path: (await client.get(path)).text for path in paths}


async def test_a_token_that_may_only_read_gets_masked_words(api: Api) -> None:
    for path, text in (await answers(api, "read")).items():
        assert shown(text) == [], path
        assert "•••• 58" in text, path
        assert "2125550147" in text or path.endswith("messages"), path


async def test_a_token_that_may_answer_gets_them_as_they_were_said(api: Api) -> None:
    said = await answers(api, "write")
    assert set(shown(said["/threads/1"])) == set(SECRETS)
    assert SECRETS[1] in said["/cases.csv"]


@pytest.mark.parametrize("access", ["read", "write"])
async def test_the_tag_of_an_answer_is_that_of_the_words_in_it(api: Api, access: Access) -> None:
    await handed_off(api.database, OPEN)
    client = await api.client(access)
    tag = (await client.get("/cases/1")).headers["etag"]
    assert (await client.get("/cases/1", headers={"If-None-Match": tag})).status_code == 304
