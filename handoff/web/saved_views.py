"""A view of the list gets a name, or loses it."""

from typing import Annotated

from fastapi import APIRouter, Form, Path
from fastapi.responses import RedirectResponse, Response

from handoff import errors, saved_views
from handoff.web.panes import inbox_page
from handoff.web.site import Here, MeAnswering
from handoff.web.where import PAGE, Where

router = APIRouter(prefix="/views")


@router.post("")
async def save(here: Here, me: MeAnswering, at: Where, name: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Keep the view that is open under a name."""
    try:
        async with here.database.transaction("inbox.save view") as session:
            await saved_views.save(session, me, name, at.query(show=PAGE))
    except errors.CaseError as error:
        return await inbox_page(here, me, None, at, status=422, undone=[error.sentence])
    return RedirectResponse(f"/inbox{at.query()}", 303)


@router.post("/{view_id}/remove")
async def remove(here: Here, me: MeAnswering, at: Where, view_id: Annotated[int, Path(ge=1, le=2**62)]) -> Response:
    """Forget a view; the cases in it stay what they are."""
    async with here.database.transaction("inbox.remove view") as session:
        await saved_views.remove(session, me, view_id)
    return RedirectResponse(f"/inbox{at.query()}", 303)
