"""Giving a case out of one's hands: to a colleague or a team, or back to the bot; and taking it up again."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from handoff import hands, reopenings
from handoff.web.writing import At

router = APIRouter(prefix="/inbox/{thread_id}")


@router.post("/transfer")
async def transfer(at: At, to: Annotated[str, Form(pattern=r"^(team-)?\d{1,18}$")] = "0") -> Response:
    """Give the case to a colleague, or to a team."""
    kind, _, number = to.rpartition("-")
    deed = partial(hands.give_to_team, team_id=int(number)) if kind else partial(hands.transfer, to_id=int(number))
    return await at.attempt("transfer", partial(deed, thread_id=at.thread_id, agent=at.me))


@router.post("/give-back")
async def give_back(at: At) -> Response:
    """Let the bot go on with the thread."""
    return await at.attempt("give back", partial(hands.give_back, thread_id=at.thread_id, agent=at.me))


@router.post("/reopen")
async def reopen(at: At) -> Response:
    """Go on with a thread that was closed, or that the bot has."""
    return await at.attempt("reopen", partial(reopenings.open_again, thread_id=at.thread_id, agent=at.me))
