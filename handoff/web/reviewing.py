"""/admin/nlu/review: what customers said, and whoever trains says what it is about."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncSession

from handoff import intents, review_queue, review_rules, reviews
from handoff.deeds import tell
from handoff.examples import Example
from handoff.intents import Known
from handoff.models import Agent
from handoff.review_errors import AnotherAnswer, NothingChosen, NothingToUndo, Overtaken
from handoff.review_queue import PAGE, Queue, Sought, Text
from handoff.reviews import Said
from handoff.training_errors import ExampleElsewhere, NoSuchIntent, TrainingError
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeTraining, Site
from handoff.web.words import CHANNELS
from nlu.language import LANGUAGES

router = APIRouter(prefix="/admin/nlu/review")

ADDRESS = "/admin/nlu/review"
MOST = review_queue.NEAR + 1

Word = Annotated[str, Query(max_length=60)]
Answer = Annotated[str, Form(max_length=80)]
Other = Annotated[str, Form(max_length=80)]
Near = Annotated[str, Form(max_length=40)]
Digests = Annotated[list[str] | None, Form(max_length=MOST)]


@dataclass(frozen=True, slots=True)
class Where:
    """Which texts the page shows; `back`: one that has just come back."""

    sought: Sought
    skip: int
    back: str

    def query(self, **change: object) -> str:
        """The same as the end of an address, with changes."""
        parts = {name: getattr(self.sought, name) for name in ("intent", "channel", "language", "why")}
        given = {name: value for name, value in (parts | {"skip": self.skip} | change).items() if value}
        return f"?{urlencode(given)}" if given else ""


async def where(
    intent: Word = "",
    channel: Word = "",
    language: Word = "",
    why: Literal["", "wrong", "rephrased"] = "",
    skip: Annotated[int, Query(ge=0, le=10**6)] = 0,
    back: Word = "",
) -> Where:
    """What an address asks for."""
    return Where(Sought(intent, channel, language, why), skip, back)


At = Annotated[Where, Depends(where)]


@router.get("")
async def page(here: Here, me: MeTraining, at: At) -> HTMLResponse:
    """What waits, the least certain first."""
    return await _page(here, me, at)


@router.post("")
async def answer(
    here: Here, me: MeTraining, at: At, digest: Digests = None, answer: Answer = "", other: Other = "", near: Near = ""
) -> Response:
    """Say what one text is about, or several at once; either all of it is kept or nothing."""
    chosen = list(dict.fromkeys(digest or ()))
    try:
        async with here.database.transaction("inbox.review") as session:
            said = _said(answer, other)
            if not chosen:
                raise NothingChosen
            if answer == "new":
                await intents.create(session, other.strip(), me)
            first = None
            for one in sorted(chosen):  # two at once answer in one order, or each would wait for the other
                given = await reviews.answer(session, me, one, said, together_id=first)
                if first is None and len(chosen) > 1:
                    first = given.together_id = given.id
            tell(session, f"{_about(said)}, {len(chosen)} {'text' if len(chosen) == 1 else 'texts'}")
    except NoSuchIntent as error:
        missing = intents.as_name(other)
        return await _refused(here, me, at, near, 422, problem=error.sentence, missing=missing, asked=chosen)
    except TrainingError as error:
        status = 409 if isinstance(error, Overtaken) else 422
        taught = error.names if isinstance(error, ExampleElsewhere) else None
        return await _refused(here, me, at, near, status, problem=error.sentence, taught=taught, asked=chosen)
    return RedirectResponse(ADDRESS + at.query(back=""), 303)


async def _refused(here: Site, me: Agent, at: Where, near: str, status: int, **more: Any) -> HTMLResponse:
    """The page on which it was said, with what was said."""
    page = await _near(here, me, at, near, status, **more) if near else None
    return page or await _page(here, me, at, status, **more)


def _said(answer: str, other: str) -> Said:
    """What a form says. Raises `NothingChosen`."""
    if answer in ("other", "new"):
        return Said("intent", other.strip())
    if answer.startswith("intent:"):
        return Said("intent", answer.removeprefix("intent:"))
    match answer:
        case "none" | "ignore":
            return Said(answer)
    raise NothingChosen


def guesses_now(text: Text, known: Known) -> list[tuple[str, float]]:
    """The guesses of a text as the intents are called now, without those that are not used any more."""
    named: dict[str, float] = {}
    for name, confidence in text.utterance.guesses:
        if (now := known.now(name)) is not None:
            named.setdefault(now, confidence)
    return list(named.items())


ALWAYS: dict[str, Any] = {
    "here": ADDRESS,
    "size": PAGE,
    "languages": LANGUAGES,
    "channels": sorted(CHANNELS),
    "guesses_now": guesses_now,
}
"""What the templates need whatever is shown."""

NOTHING_REFUSED: dict[str, Any] = {"problem": None, "missing": None, "taught": None, "asked": ()}


def _about(said: Said) -> str:
    return f"intent {said.intent}" if said.intent else said.answer


@router.post("/undo")
async def undo(
    here: Here, me: MeTraining, at: At, seen: Annotated[int | None, Form(ge=0, le=2**62)] = None
) -> Response:
    """Take back one's last answer: the one that was `seen`."""
    try:
        async with here.database.transaction("inbox.undo review") as session:
            undone = await reviews.undo(session, me, seen)
            tell(session, f"{_about(Said(undone[0].answer, undone[0].intent))}, {len(undone)}")
    except (NothingToUndo, AnotherAnswer) as error:
        return await _page(here, me, at, 409, problem=error.sentence)
    return RedirectResponse(f"{ADDRESS}{at.query(back=undone[0].digest)}#u-{undone[0].digest}", 303)


@router.post("/rules")
async def rules(
    here: Here,
    me: MeTraining,
    at: At,
    line: Annotated[int, Form()],
    held_back: Annotated[int, Form()],
    daily: Annotated[int, Form()],
    two_people: Annotated[bool, Form()] = False,
) -> Response:
    """Change the rules; `line` and `held_back` are percent."""
    try:
        async with here.database.transaction("inbox.change review rules") as session:
            wanted = {"held_back": held_back, "daily": daily}
            share = min(max(line, -1), 101) / 100  # what is out of range is refused, however far out it is
            await review_rules.change(session, line=share, two_people=two_people, **wanted)
            people = "two people" if two_people else "one person"
            tell(session, f"line {line} %, held back {held_back} %, {daily} a day, {people}")
    except TrainingError as error:
        return await _page(here, me, at, 422, problem=error.sentence)
    return RedirectResponse(ADDRESS, 303)


@router.get("/near")
async def near(here: Here, me: MeTraining, at: At, digest: Word = "") -> Response:
    """What is nearly the same as a text, to be answered together."""
    return await _near(here, me, at, digest) or RedirectResponse(ADDRESS + at.query(), 303)


async def _near(here: Site, me: Agent, at: Where, digest: str, status: int = 200, **more: Any) -> HTMLResponse | None:
    """`None`: the text does not wait any more. `more` as of `_page`."""
    async with here.database.reading() as session:
        text = await review_queue.one(session, digest)
        if text is None:
            return None
        found = await review_queue.near(session, await review_rules.rules(session), text)
        known, rail = await intents.known(session), await rail_of(session, me)
    values: dict[str, Any] = {"at": at, "text": text, "near": found, "known": known, "rail": rail}
    said = NOTHING_REFUSED | more
    return here.page("near.html", status, me=me, place="training", **ALWAYS, **values, **said)


async def _page(here: Site, me: Agent, at: Where, status: int = 200, **more: Any) -> HTMLResponse:
    """`more`: `problem`, the name that is `missing`, the example that was `taught` otherwise, and the digests that were
    `asked` about."""
    async with here.database.reading() as session:
        now = await review_rules.rules(session)
        found = await review_queue.queue(session, me, now, at.sought, skip=at.skip)
        values = {
            "rules": now,
            "found": await _with_back(session, found, at.back),
            "left": max(0, min(found.texts_in_all, now.daily - await reviews.done_today(session, me))),
            "last": await _last(session, me),
            "known": await intents.known(session),
            "rail": await rail_of(session, me),
        }
    said = NOTHING_REFUSED | more
    return here.page("review.html", status, me=me, place="training", at=at, **ALWAYS, **values, **said)


async def _with_back(session: AsyncSession, found: Queue, back: str) -> Queue:
    """The page with a text that came back, wherever it belongs."""
    if not back or any(text.digest == back for text in found.texts):
        return found
    text = await review_queue.one(session, back)
    return Queue([text, *found.texts], found.texts_in_all, found.lines_in_all) if text else found


@dataclass(frozen=True, slots=True)
class Last:
    """One's last answer, and what became of it."""

    id: int
    words: str
    together: bool
    waits: bool
    """For a second person."""
    held_back: bool | None
    """Whether it is in the test set; `None`: it made no new example."""


async def _last(session: AsyncSession, me: Agent) -> Last | None:
    review = await reviews.last(session, me)
    if review is None:
        return None
    made = await session.get(Example, review.example_id) if review.example_id else None
    waits = review.settled_at is None
    return Last(review.id, review.words, review.together_id is not None, waits, made.held_back if made else None)
