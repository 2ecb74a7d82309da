"""An agent asks to see what is masked in a thread.

Asking is a deed, and the deed is the key: its number in the address shows the thread's contacts to whoever did it, for
a quarter of an hour. So it works without scripts, a page that looks for news stays as it is, and a link shows nobody
else a thing.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse

from handoff import cases, deeds
from handoff.web.panes import ThreadId
from handoff.web.site import Here, MeAnswering
from handoff.web.where import Where
from handoff.web.witness import address

router = APIRouter()

Element = Annotated[str, Form(pattern=r"^(m-[\w-]{1,80})?$")]


@router.post("/inbox/{thread_id}/unmask")
async def unmask(
    request: Request, here: Here, me: MeAnswering, thread_id: ThreadId, at: Where, near: Element = ""
) -> RedirectResponse:
    """Show what is masked in a thread, from `near` on. It is written down that somebody saw it."""
    async with here.database.transaction("inbox.unmask") as session:
        await cases.known(session, thread_id)
        deed = await deeds.write_unmasking(session, me, thread_id, address(request))
    return RedirectResponse(f"/inbox/{thread_id}{at.query()}&unmasked={deed}{f'#{near}' if near else ''}", 303)
