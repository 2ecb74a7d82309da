"""A page says that its agent looks at a thread, writes in it, or leaves."""

from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from handoff import cases
from handoff.database import PRESENCE
from handoff.presence import State, word
from handoff.web.writing import At

router = APIRouter(prefix="/inbox/{thread_id}")

Tab = Annotated[str, Form(pattern=r"^[A-Za-z0-9-]{8,64}$")]


@router.post("/presence")
async def presence(at: At, tab: Tab = "no-script", state: Annotated[State, Form()] = "viewing") -> Response:
    """Tell everybody whose page is open; nothing is written down."""
    async with at.here.database.reading() as session:
        await cases.known(session, at.thread_id)
    said = word(at.thread_id, at.me.id, at.me.name, state, f"{at.me.id}-{tab}")
    await at.here.database.notify(PRESENCE, said)
    return Response(status_code=204)
