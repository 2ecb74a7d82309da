"""Where somebody is in the inbox: which view of the list, narrowed by what, in which order: all in the address."""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Depends, Query

from handoff.web.at_once import OfQuery

View = Literal["mine", "waiting", "open", "risk", "mentions", "snoozed", "closed", "all"]
Sort = Literal["waiting", "due", "newest", "oldest"]

PAGE = 50
"""Rows before "Show more": 50 are drawn and merged in under 50 ms, 500 took 150."""


@dataclass(frozen=True, slots=True)
class Place:
    """A view of the list. Every link and form of the inbox carries it along."""

    view: View = "open"
    q: Annotated[str, Query(max_length=200)] = ""
    channel: Annotated[str, Query(max_length=40)] = ""
    tag: Annotated[str, Query(max_length=40)] = ""
    team: Annotated[int, Query(ge=0, le=2**62)] = 0
    """Only the cases that were given to this team; 0 is every case."""
    sort: Sort = "waiting"
    show: Annotated[int, Query(ge=1, le=1000)] = PAGE

    @property
    def search(self) -> str:
        """The words that are searched for."""
        return self.q.strip()

    @property
    def is_narrowed(self) -> bool:
        """Whether less than the whole view is shown."""
        return bool(self.search or self.channel or self.tag or self.team)

    def query(self, **changes: Any) -> str:
        """This place, or one like it, as the end of an address."""
        return self._query(tuple(changes.items()))

    @lru_cache(maxsize=1000)  # noqa: B019  a place is a value, and a page asks for the same ends again and again
    def _query(self, changed: tuple[tuple[str, Any], ...]) -> str:
        changes = dict(changed)
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        now = {name: changes.get(name, value) for name, (value, _) in values.items()}
        said = {name: value for name, value in now.items() if name == "view" or value != values[name][1]}
        return "?" + urlencode(said)


PLACE = OfQuery(Place)
Where = Annotated[Place, Depends(PLACE)]
