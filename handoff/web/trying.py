"""/admin/nlu/try: what two versions make of any text, and what triage would say; nothing is written down."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse

from handoff import corpora, tries, versions
from handoff.models import Agent
from handoff.tries import LONGEST, Tried
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeTraining, Site
from nlu.corpus import Corpus, CorpusExample
from nlu.nearest import Nearest

router = APIRouter(prefix="/admin/nlu/try")

Which = Annotated[int, Form(ge=1, le=2**31 - 1)]


@router.get("")
async def page(here: Here, me: MeTraining) -> HTMLResponse:
    """The form: at first the version at work beside the newest other one."""
    return await _page(here, me, [])


@router.post("")
async def try_out(
    request: Request,
    here: Here,
    me: MeTraining,
    text: Annotated[str, Form(max_length=2 * LONGEST)] = "",
    one: Which = 1,
    other: Which = 1,
) -> HTMLResponse:
    """Ask both."""
    wanted = list(dict.fromkeys((one, other)))
    if not text.strip():
        return await _page(here, me, wanted)
    tried = await tries.ask(here.database, text.strip(), wanted)
    async with here.database.reading() as session:
        corpus = await corpora.gather(session)
    nearest = await asyncio.to_thread(_nearest, request.app.state, corpus, text)
    return await _page(here, me, wanted, text, tried, nearest)


def _nearest(state: Any, corpus: Corpus, text: str) -> Sequence[CorpusExample]:
    """Made anew only when the examples changed."""
    made: Nearest | None = getattr(state, "nearest", None)
    if made is None or made.sha256 != corpus.sha256:
        made = state.nearest = Nearest(corpus)
    return made.to(text)


async def _page(
    here: Site,
    me: Agent,
    wanted: Sequence[int],
    text: str = "",
    tried: Sequence[Tried] = (),
    nearest: Sequence[CorpusExample] = (),
) -> HTMLResponse:
    async with here.database.reading() as session:
        every = [model for model in await versions.every(session) if model.gone_at is None]
        live = await versions.live(session)
        rail = await rail_of(session, me)
    there = [model.version for model in every]
    first = live.version if live and live.version in there else next(iter(there), 1)
    usual = [first, next((one for one in there if one != first), first)]
    chosen = [*wanted, *usual][:2] if len(wanted) != 1 else [wanted[0], wanted[0]]
    values: dict[str, Any] = {"every": every, "live": live, "chosen": chosen, "text": text, "rail": rail}
    return here.page("try.html", me=me, place="models", tried=tried, nearest=nearest, longest=LONGEST, **values)
