"""/admin/nlu/train: train a version of the model, and see how far that is."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import corpora, test_sets, trainings, versions
from handoff.models import Agent
from handoff.training_errors import TrainingError
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, MeTraining, Site

router = APIRouter(prefix="/admin/nlu/train")


@router.get("")
async def page(here: Here, me: MeReporting) -> HTMLResponse:
    """The page."""
    return await _page(here, me)


@router.post("")
async def start(here: Here, me: MeTraining) -> Response:
    """Ask for a training."""
    try:
        async with here.database.transaction("inbox.start training") as session:
            await trainings.ask(session, me)
    except TrainingError as error:
        return await _page(here, me, 409, error.sentence)
    return RedirectResponse("/admin/nlu/train", 303)


@router.post("/{training_id}/cancel")
async def cancel(here: Here, me: MeTraining, training_id: Annotated[int, Path(ge=1, le=2**62)]) -> Response:
    """Wish that a training ends; what it has made so far is thrown away."""
    async with here.database.transaction("inbox.cancel training") as session:
        await trainings.cancel(session, training_id, me)
    return RedirectResponse("/admin/nlu/train", 303)


async def _page(here: Site, me: Agent, status: int = 200, problem: str | None = None) -> HTMLResponse:
    async with here.database.reading() as session:
        newest = await trainings.newest(session)
        live = await versions.live(session)
        corpus = await test_sets.untested(session, await corpora.gather(session))
        every = await versions.every(session)
        rail = await rail_of(session, me)
    values = {"newest": newest, "live": live, "corpus": corpus, "rail": rail, "problem": problem}
    is_trained = any(one.corpus == corpus.sha256 for one in every)
    return here.page("train.html", status, me=me, place="training", is_trained=is_trained, **values)
