"""Giving a case out of one's hands: to a colleague, or back to the bot."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form
from fastapi.responses import Response

from handoff import hands
from handoff.web.writing import At

router = APIRouter(prefix="/inbox/{thread_id}")


@router.post("/transfer")
async def transfer(at: At, to: Annotated[int, Form(ge=0, le=2**62)] = 0) -> Response:
    """Give the case to a colleague."""
    return await at.attempt("transfer", partial(hands.transfer, thread_id=at.thread_id, agent=at.me, to_id=to))


@router.post("/give-back")
async def give_back(at: At) -> Response:
    """Let the bot go on with the thread."""
    return await at.attempt("give back", partial(hands.give_back, thread_id=at.thread_id, agent=at.me))
