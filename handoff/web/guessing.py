"""/inbox/<thread>/messages/<line>/intent: what the model guessed of one line, and an agent's word that it is wrong."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import agents, cases, intents, receipts, threads, utterances
from handoff.deeds import tell
from handoff.models import Agent
from handoff.training_errors import NoSuchIntent
from handoff.web.panes import ThreadId
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeAnswering, Site

router = APIRouter()

LineId = Annotated[int, Path(ge=1, le=2**62)]
Name = Annotated[str, Form(max_length=80)]


@router.get("/inbox/{thread_id}/intent")
async def of_the_last_line(here: Here, me: MeAnswering, thread_id: ThreadId) -> Response:
    """To the last line of the customer."""
    async with here.database.reading() as session:
        await cases.known(session, thread_id)
        message_id = await utterances.last_line(session, thread_id)
    return RedirectResponse(f"/inbox/{thread_id}/messages/{message_id}/intent", 303)


@router.get("/inbox/{thread_id}/messages/{message_id}/intent")
async def of_a_line(here: Here, me: MeAnswering, thread_id: ThreadId, message_id: LineId) -> HTMLResponse:
    """The guess of a line."""
    return await _page(here, me, thread_id, message_id)


@router.post("/inbox/{thread_id}/messages/{message_id}/intent")
async def wrong(here: Here, me: MeAnswering, thread_id: ThreadId, message_id: LineId, intent: Name = "") -> Response:
    """Say that the guess is wrong, and perhaps what would be right: it goes to review, if the customer agreed."""
    try:
        async with here.database.transaction("inbox.wrong intent") as session:
            await cases.known(session, thread_id, hold=True)
            hint = await intents.in_use(session, intent.strip()) if intent.strip() else None
            await utterances.mark_wrong(session, thread_id, message_id, me, hint)
            if hint:
                tell(session, f"intent {hint}")
    except NoSuchIntent as error:
        return await _page(here, me, thread_id, message_id, 422, problem=error.sentence)
    return RedirectResponse(f"/inbox/{thread_id}#m-{message_id}", 303)


@router.post("/inbox/{thread_id}/messages/{message_id}/intent/undo")
async def not_wrong(here: Here, me: MeAnswering, thread_id: ThreadId, message_id: LineId) -> Response:
    """Take that back."""
    async with here.database.transaction("inbox.not wrong intent") as session:
        await cases.known(session, thread_id, hold=True)
        await utterances.unmark(session, thread_id, message_id)
    return RedirectResponse(f"/inbox/{thread_id}#m-{message_id}", 303)


async def _page(
    here: Site, me: Agent, thread_id: int, message_id: int, status: int = 200, problem: str | None = None
) -> HTMLResponse:
    async with here.database.reading() as session:
        await cases.known(session, thread_id)
        line, utterance = await utterances.of_line(session, thread_id, message_id)
        given = (await receipts.standing(session, thread_id)).get("training")
        people = {one.id: one.name for one in await agents.everybody(session)}
        values: dict[str, Any] = {
            "thread": await threads.whole(session, thread_id),
            "agreed": given is not None and given.given,
            "names": await intents.names(session),
            "rail": await rail_of(session, me),
        }
    marker = people.get(utterance.wrong_by) if utterance and utterance.wrong_by else None
    said = {"line": line, "utterance": utterance, "marker": marker, "problem": problem}
    return here.page("line.html", status, me=me, place="line", **values, **said)
