"""/admin/nlu/train: train a version of the model, and see how far that is."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from handoff import corpora, test_sets, trainings, versions
from handoff.models import Agent
from handoff.training_errors import TrainingError
from handoff.trainings import Training
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, MeTraining, Site

router = APIRouter(prefix="/admin/nlu/train")

TAKEN_UP, GONE_ON = timedelta(seconds=30), timedelta(minutes=1)
"""Within which the bot takes up a training, and takes up again one whose trainer has died."""


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
        is_open = bool(newest) and newest[0].is_open
        values: dict[str, Any] = {
            "newest": newest,
            "live": await versions.live(session),
            "corpus": None if is_open else await test_sets.untested(session, await corpora.gather(session)),
            "rail": await rail_of(session, me),
        }
        is_trained = not is_open and await versions.is_trained(session, values["corpus"].sha256)
    values |= {"is_trained": is_trained, "is_left": is_open and _is_left(newest[0]), "problem": problem}
    return here.page("train.html", status, me=me, place="training", **values)


def _is_left(one: Training) -> bool:
    """Whether nobody is at it who should be."""
    due = one.lease_until + GONE_ON if one.lease_until else one.asked_at + TAKEN_UP
    return datetime.now(UTC) > due
