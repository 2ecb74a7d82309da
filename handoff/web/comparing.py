"""/admin/nlu/models/<v>/compare/<v2>: two versions on the same test set; and the utterances of one cell."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from fastapi.responses import HTMLResponse

from handoff import comparisons, test_sets, trainings, versions
from handoff.comparisons import Comparison, Row
from handoff.models import Agent
from handoff.web.at_once import at_once
from handoff.web.matrix import Cells, Numbers, Of, matrix
from handoff.web.rail import rail_of
from handoff.web.site import Here, MeReporting, Site
from nlu.scores import THRESHOLDS

router = APIRouter(prefix="/admin/nlu/models")

Version = Annotated[int, Path(ge=1, le=2**31 - 1)]

SORTS = {
    "change": lambda row: (row.change or 0.0, row.now.f1),
    "intent": lambda row: row.now.name,
    "support": lambda row: -row.now.support,
    "precision": lambda row: row.now.precision,
    "recall": lambda row: row.now.recall,
    "f1": lambda row: row.now.f1,
}

MOST_CHANGED = 200


class View:
    """What the reader chose to see."""

    def __init__(
        self,
        numbers: Annotated[Numbers, Query()] = "raw",
        cells: Annotated[Cells, Query()] = "all",
        of: Annotated[Of, Query()] = "candidate",
        sort: Annotated[str, Query(max_length=20)] = "change",
        threshold: Annotated[float | None, Query(ge=0, le=0.95, allow_inf_nan=False)] = None,
        matrix: Annotated[Literal["whole"] | None, Query()] = None,
    ) -> None:
        self.numbers, self.cells, self.of, self.threshold, self.matrix = numbers, cells, of, threshold, matrix
        self.sort = sort if sort in SORTS else "change"

    def query(self, **changed: object) -> str:
        """The same choice as part of an address, but for what is changed."""
        names = ("numbers", "cells", "of", "sort", "threshold", "matrix")
        chosen = {name: getattr(self, name) for name in names} | changed
        return "?" + urlencode({name: value for name, value in chosen.items() if value is not None})

    def sorted(self, rows: list[Row]) -> list[Row]:
        """The intents in the order that was chosen."""
        return sorted(rows, key=SORTS[self.sort])


@router.get("/{version}")
async def alone(here: Here, me: MeReporting, version: Version, view: Annotated[View, at_once(View)]) -> HTMLResponse:
    """One version: what it was trained on, and its scores."""
    return await _page(here, me, version, None, view)


@router.get("/{version}/compare/{other}")
async def compare(
    here: Here, me: MeReporting, version: Version, other: Version, view: Annotated[View, at_once(View)]
) -> HTMLResponse:
    """Two versions."""
    return await _page(here, me, version, other, view)


@router.get("/{version}/compare/{other}/cell")
async def cell(
    here: Here,
    me: MeReporting,
    version: Version,
    other: Version,
    right: Annotated[str, Query(max_length=80)],
    said: Annotated[str, Query(max_length=80)],
    of: Annotated[Of, Query()] = "candidate",
) -> HTMLResponse:
    """The utterances of one cell of the matrix."""
    async with here.database.reading() as session:
        comparison = await comparisons.compare(session, version, other)
        rail = await rail_of(session, me)
    place = (right, said)
    of = of if comparison.other else "candidate"
    if of == "difference":
        found = comparison.moved(right, said)
    else:
        found = [(one, True) for one in comparison.scores(of).answers if (one.right, one.said) == place]
    values: dict[str, Any] = {
        "right": right,
        "said": said,
        "of": of,
        "found": found,
        "other": other,
        "rail": rail,
    }
    return here.page("cell.html", me=me, place="models", comparison=comparison, **values)


async def _page(here: Site, me: Agent, version: int, other: int | None, view: View) -> HTMLResponse:
    async with here.database.reading() as session:
        comparison = await comparisons.compare(session, version, other)
        values: dict[str, Any] = {
            "newest_set": await test_sets.newest(session),
            "live": await versions.live(session),
            "every": await versions.every(session),
            "back": await versions.to_roll_back_to(session),
            "running": await trainings.current(session),
            "rail": await rail_of(session, me),
        }
    return here.page(
        "compare.html", me=me, place="models", comparison=comparison, view=view, **_scored(comparison, view), **values
    )


def _scored(comparison: Comparison, view: View) -> dict[str, Any]:
    own = comparison.candidate.threshold
    return {
        "matrix": matrix(comparison, view.numbers, view.cells, view.of, whole=view.matrix == "whole"),
        "rows": view.sorted(comparison.rows),
        "changed": comparison.changed[:MOST_CHANGED],
        "thresholds": [comparison.after.at(one, own) for one in THRESHOLDS],
        "chosen": comparison.after.at(own if view.threshold is None else view.threshold, own),
    }
