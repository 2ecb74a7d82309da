"""One reply to everybody whose open case is about the same: for leads, on a day when many have one problem."""

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from handoff import cases, errors, histories, threads
from handoff.deeds import tell
from handoff.models import Agent, Customer
from handoff.web.panes import ThreadId, inbox_page
from handoff.web.site import Here, MeLeading, Site
from handoff.web.where import Where
from handoff.web.words import person
from handoff.web.writing import ClientId, Text, lines

router = APIRouter(prefix="/inbox/{thread_id}")


@router.post("/similar")
async def reply_to_all(
    here: Here, me: MeLeading, thread_id: ThreadId, at: Where, client_id: ClientId, text: Text = ""
) -> Response:
    """Say the same to each, in their own thread. Who could not be told is named; sent again, nobody hears it twice."""
    text = lines(text)
    async with here.database.reading() as session:
        await cases.known(session, thread_id)
        chosen = await histories.about_the_same(session, thread_id)
    refused = [trouble for other in chosen if (trouble := await _reply(here, me, other, text, client_id))]
    if not refused:
        return RedirectResponse(f"/inbox/{thread_id}{at.query()}", 303)
    said = f"Sent to {len(chosen) - len(refused)} of {len(chosen)}."
    return await inbox_page(here, me, thread_id, at, status=409, undone=[said, *refused])


async def _reply(here: Site, me: Agent, thread_id: int, text: str, client_id: str) -> str | None:
    """Why one of them could not be told."""
    name = f"Case {thread_id}"
    try:
        async with here.database.transaction("inbox.reply to similar") as session:
            tell(session, thread_id=thread_id)
            thread = await threads.locked(session, thread_id)
            name = person(await session.get_one(Customer, thread.customer_id))
            once, undo = f"{client_id}-{thread_id}", here.settings.undo
            await cases.reply(session, thread_id, me, text, client_id=once, seen_seq=thread.last_seq, undo=undo)
    except errors.CaseError as error:
        return f"{name}: {error.sentence}"
    return None
