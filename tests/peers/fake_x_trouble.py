"""What goes wrong on our fake X when a test says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.peers.fake_x_limits import Limits

HTML_503 = "<!DOCTYPE html><html><head><title>X / Over capacity</title></head><body><h1>503</h1></body></html>"
JSON_TYPE = "application/json; charset=utf-8"


@dataclass
class Broken:
    """An answer in the place of the real one."""

    status: int
    body: Any
    headers: dict[str, str]
    path: str | None
    method: str | None
    left: int

    @property
    def is_html(self) -> bool:
        """Whether the body is no JSON."""
        return isinstance(self.body, str)


@dataclass
class Trouble:
    """`path` is a path as called, `/2/tweets/17`, or as documented, `/2/tweets/:id`; none means every path."""

    limits: Limits
    odd_timestamps: bool = False
    """Times without fractions of a second."""
    events_twice: bool = False
    """Every event is pushed twice."""
    events_lost: bool = False
    """No event is pushed."""
    no_credit: bool = False
    """The usage cap of the billing cycle is reached."""
    _broken: list[Broken] = field(default_factory=list)
    _drops: list[tuple[str, str, bool]] = field(default_factory=list)

    def next(
        self,
        status: int = 503,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        path: str | None = None,
        count: int = 1,
        method: str | None = None,
    ) -> None:
        """The next so many calls get this answer, and nothing is done. A `str` is sent as HTML, all else as JSON."""
        self._broken.append(Broken(status, {} if body is None else body, dict(headers or {}), path, method, count))

    def html_503(self, path: str | None = None, count: int = 1, method: str | None = None) -> None:
        """X is over capacity, and says so in HTML."""
        self.next(503, HTML_503, path=path, count=count, method=method)

    def drop_after_accepting_post(self) -> None:
        """The next post is published, but the connection ends without an answer."""
        self.drop("POST", "/2/tweets")

    def drop(self, method: str, path: str, *, before: bool = False) -> None:
        """The next such call is carried out, unless `before`, and the connection ends without an answer."""
        self._drops.append((method, path, before))

    def usage_capped(self, on: bool = True) -> None:
        """No posts are read or written until the cycle ends, which is when this is called with False."""
        self.no_credit = on

    def rate_limit(self, path: str, remaining: int, reset_in: float, method: str = "GET") -> None:
        """So many calls of an endpoint are left for so many seconds; `path` as documented."""
        self.limits.set(path if " " in path else f"{method} {path}", remaining, reset_in)

    def clear(self) -> None:
        """Nothing is wrong any more; windows stay as they are."""
        self._broken, self._drops = [], []
        self.no_credit = self.odd_timestamps = False

    def answer(self, method: str, path: str, documented: str) -> Broken | None:
        """What to answer in the place of the real answer."""
        for broken in self._broken:
            if broken.left and broken.path in (None, path, documented) and broken.method in (None, method):
                broken.left -= 1
                return broken
        return None

    def drops(self, method: str, path: str, documented: str, *, before: bool) -> bool:
        """Whether the connection ends now."""
        for one in [(method, path, before), (method, documented, before)]:
            if one in self._drops:
                self._drops.remove(one)
                return True
        return False
