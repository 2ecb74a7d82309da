"""How often our fake X may be asked: real windows, the limits that X publishes, and the headers that tell of them."""

from dataclasses import dataclass
from math import ceil

from tests.peers.fake_x_problems import too_many
from tests.peers.fake_x_tokens import Token
from tests.peers.fake_x_world import World

WINDOW = 900
LONG_WINDOW = 24 * 3600
LIMITS: dict[str, tuple[int, int]] = {
    "GET /2/users/me": (75, 75),
    "GET /2/users/:id/mentions": (450, 300),
    "GET /2/users/:id/tweets": (10_000, 900),
    "GET /2/tweets": (3_500, 5_000),
    "GET /2/tweets/:id": (450, 900),
    "POST /2/tweets": (10_000, 100),
    "DELETE /2/tweets/:id": (50, 50),
    "GET /2/tweets/search/recent": (450, 300),
    "GET /2/tweets/search/stream": (50, 50),
    "GET /2/tweets/search/stream/rules": (450, 450),
    "POST /2/tweets/search/stream/rules": (100, 100),
}
"""Calls in 15 minutes, of the app by itself and of one person."""
OTHERWISE = (900, 900)
POSTS_A_DAY = 10_000
"""Of one app."""


@dataclass
class Window:
    """What is left until `ends`, a whole second of X's clock."""

    limit: int
    remaining: int
    ends: int

    def headers(self, prefix: str) -> dict[str, str]:
        """The three headers of a window."""
        found = {"limit": self.limit, "remaining": self.remaining, "reset": self.ends}
        return {f"{prefix}-{name}": str(value) for name, value in found.items()}


class Limits:
    """The windows of every endpoint and token."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.of = dict(LIMITS)
        """May be changed: calls in 15 minutes, (app, person), by endpoint."""
        self.posts_a_day = POSTS_A_DAY
        self.impatient = 0
        """Calls that came although the window was used up."""
        self._windows: dict[tuple[str, str], Window] = {}
        self._set: dict[str, tuple[int, int]] = {}

    def set(self, endpoint: str, remaining: int, reset_in: float) -> None:
        """Whoever asks next finds so many calls left, and so many seconds until there are more."""
        self._set[endpoint] = (remaining, ceil(self._world.now() + reset_in))
        for key in [key for key in self._windows if key[0] == endpoint]:
            del self._windows[key]

    def take(self, endpoint: str, token: Token) -> dict[str, str]:
        """Count one call; the headers to answer with. Raises `Problem`, with them too."""
        window = self._window(endpoint, token)
        headers = window.headers("x-rate-limit")
        if endpoint == "POST /2/tweets":
            headers |= (day := self._day()).headers("x-app-limit-24hour")
            if not day.remaining:
                return self._refuse(headers)
            day.remaining -= 1 if window.remaining else 0
            headers |= day.headers("x-app-limit-24hour")
        if not window.remaining:
            return self._refuse(headers)
        window.remaining -= 1
        return headers | window.headers("x-rate-limit")

    def _refuse(self, headers: dict[str, str]) -> dict[str, str]:
        self.impatient += 1
        problem = too_many()
        problem.headers = headers
        raise problem

    def _window(self, endpoint: str, token: Token) -> Window:
        key = (endpoint, token.account.id if token.account else "app")
        limit = self.of.get(endpoint, OTHERWISE)[1 if token.account else 0]
        if key not in self._windows or self._windows[key].ends <= self._world.now():
            remaining, ends = self._set.pop(endpoint, (limit, int(self._world.now()) + WINDOW))
            self._windows[key] = Window(limit, remaining, ends)
        return self._windows[key]

    def _day(self) -> Window:
        key = ("posts a day", "app")
        if key not in self._windows or self._windows[key].ends <= self._world.now():
            ends = int(self._world.now()) + LONG_WINDOW
            self._windows[key] = Window(self.posts_a_day, self.posts_a_day, ends)
        return self._windows[key]
