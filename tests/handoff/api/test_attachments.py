"""Other systems read which files a thread has, and one of them."""

import httpx

from handoff import attachments, threads
from handoff.attachments import MB, Attachment, File
from tests.files import PDF, PNG
from tests.handoff.api.conftest import Api
from tests.handoff.web.story import handed_off, in_public


async def with_files(api: Api) -> tuple[int, list[int]]:
    """A thread whose customer sent a picture, and in which Ben has begun to attach a label; the ids of the files."""
    thread_id = await handed_off(api.database)
    async with api.database.transaction("test.files") as session:
        thread = await threads.locked(session, thread_id)
        message = await threads.append(session, thread, "chat", "customer", "Look")
        assert message is not None
        await attachments.add(session, message, [File("broken.png", PNG)])
        await attachments.begin(session, thread_id, api.people["Ben"], [File("label.pdf", PDF)], MB)
        kept = [*(await attachments.of(session, [message]))[message.id]]
        kept += await attachments.begun(session, thread_id, api.people["Ben"])
    return thread_id, [one.id for one in kept if isinstance(one, Attachment)]


async def test_the_files_of_a_thread_are_listed_without_what_is_in_them(api: Api, reader: httpx.AsyncClient) -> None:
    thread_id, (picture, _) = await with_files(api)
    (told,) = (await reader.get(f"/threads/{thread_id}/attachments")).json()["items"]
    assert told | {"at": "", "message_id": 0} == {
        "id": picture,
        "message_id": 0,
        "name": "broken.png",
        "type": "image/png",
        "size": len(PNG),
        "trouble": None,
        "at": "",
    }


async def test_a_file_is_read_with_a_token_and_can_do_nothing_in_a_browser(api: Api, reader: httpx.AsyncClient) -> None:
    thread_id, (picture, _) = await with_files(api)
    answer = await reader.get(f"/threads/{thread_id}/attachments/{picture}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, PNG, "image/png")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    nobody = await api.client(None)
    assert (await nobody.get(f"/threads/{thread_id}/attachments/{picture}")).status_code == 401


async def test_what_an_agent_has_begun_and_what_is_anothers_thread_is_not_there(
    api: Api, reader: httpx.AsyncClient
) -> None:
    thread_id, (picture, label) = await with_files(api)
    assert (await reader.get(f"/threads/{thread_id}/attachments/{label}")).status_code == 404
    assert (await reader.get(f"/threads/{thread_id + 1}/attachments/{picture}")).status_code == 404


async def test_before_an_opt_in_there_are_no_files(api: Api, reader: httpx.AsyncClient) -> None:
    thread_id = await in_public(api.database)
    assert (await reader.get(f"/threads/{thread_id}/attachments")).status_code == 404
