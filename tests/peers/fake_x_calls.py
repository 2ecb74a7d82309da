"""A call of our fake X's API: what was asked, and a page of posts cut out of many."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from tests.peers.fake_x_posts import Account, Post
from tests.peers.fake_x_problems import Json, Problem, invalid, not_authorized, not_found, suspended
from tests.peers.fake_x_shapes import OTHER_FIELDS, Shown
from tests.peers.fake_x_tokens import Token
from tests.peers.fake_x_world import World, number

FIELDS = frozenset({"tweet.fields", "post.fields", "user.fields", "expansions", *OTHER_FIELDS})
PAGES = FIELDS | {"max_results", "since_id", "until_id", "start_time", "end_time", "pagination_token"}


class Call(NamedTuple):
    """One call as it came; `params` are those of the query and of the body."""

    method: str
    path: str
    params: Json


@dataclass
class Asked:
    """One call as a handler needs it."""

    world: World
    token: Token
    path: dict[str, str]
    query: dict[str, str]
    body: Json
    fractions: bool = True

    @property
    def viewer(self) -> Account | None:
        """Whose eyes; None for the app by itself."""
        return self.token.account

    @property
    def shown(self) -> Shown:
        """The fields and expansions of the query."""
        return Shown(self.world, self.query, self.viewer, fractions=self.fractions)


@dataclass(frozen=True)
class Endpoint:
    """A place that can be called, and who may."""

    method: str
    path: str
    handle: Callable[[Asked], Json]
    params: frozenset[str] = frozenset()
    who: Literal["anybody", "person", "app"] = "anybody"
    scopes: frozenset[str] = frozenset({"tweet.read", "users.read"})
    status: int = 200
    slow: bool = False
    """Whether it waits for somebody else, so that it runs beside the others, without the lock."""
    metered: bool = False
    """Whether the usage cap counts it."""
    allowed_in_body: frozenset[str] = field(default_factory=frozenset)

    @property
    def name(self) -> str:
        """Method and path, as documented."""
        return f"{self.method} {self.path}"

    def check(self, asked: Asked) -> None:
        """Parameters that X does not know are errors. Raises `Problem`."""
        for name, value in asked.query.items():
            if name not in self.params:
                known = ",".join(sorted(self.params))
                raise invalid(f"The query parameter [{name}] is not one of [{known}]", name, value)
        for name in asked.body:
            if name not in self.allowed_in_body:
                raise invalid(f"$.{name}: is not defined in the schema and the schema does not allow additional ones")


class Unable(Exception):
    """The whole answer is an error of its parts; X answers 200 all the same."""

    def __init__(self, error: Json) -> None:
        super().__init__(error["detail"])
        self.answer = {"errors": [error]}


def account_of(asked: Asked, *, to_read: bool = False) -> Account:
    """The account in the path. Raises `Unable`."""
    id = asked.path["id"]
    account = asked.world.accounts.get(id)
    if account is None:
        raise Unable(not_found("user", "id", id))
    if account.suspended:
        raise Unable(suspended(id, "id"))
    if to_read and account.protected and account is not asked.viewer:
        raise Unable(not_authorized("user", "id", id))
    return account


def page(
    asked: Asked, posts: list[Post], *, least: int = 5, wanted: Callable[[Post], bool] = lambda post: True
) -> Json:
    """The newest posts first, at most `max_results`, from a list by id; with `meta` to go on."""
    size = whole(asked, "max_results", 10, least, 100)
    shown = asked.shown
    found: list[Post] = []
    rest = _within(asked, posts)
    position = len(rest)
    while position and len(found) <= size:
        position -= 1
        post = rest[position]
        if post.is_current and asked.world.is_shown(post, asked.viewer) and wanted(post):
            found.append(post)
    kept = found[:size]
    meta: Json = {"result_count": len(kept)}
    if kept:
        meta |= {"newest_id": kept[0].id, "oldest_id": kept[-1].id}
    if len(found) > size:
        meta["next_token"] = f"n{kept[-1].id}"
    return (shown.posts(kept) if kept else {}) | {"meta": meta}


def whole(asked: Asked, name: str, otherwise: int, least: int, most: int) -> int:
    """A number of the query. Raises `Problem`."""
    value = asked.query.get(name, str(otherwise))
    if not value.isdigit() or not least <= int(value) <= most:
        raise invalid(f"The `{name}` query parameter value [{value}] is not between {least} and {most}", name, value)
    return int(value)


def time_of(asked: Asked, name: str) -> datetime | None:
    """A time of the query. Raises `Problem`."""
    value = asked.query.get(name)
    if value is None:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise _not_a_time(name, value) from None
    if at.tzinfo is None:
        raise _not_a_time(name, value)
    return at


def _within(asked: Asked, posts: list[Post]) -> list[Post]:
    token = asked.query.get("pagination_token", asked.query.get("next_token", ""))
    if token and not (token.startswith("n") and token[1:].isdigit()):
        raise invalid("The pagination token is not valid", "pagination_token", token)
    low = _id(asked, "since_id", 0) + 1
    high = min([_id(asked, "until_id", 1 << 63)] + ([int(token[1:])] if token else []))
    found = posts[bisect_left(posts, low, key=number) : bisect_left(posts, high, key=number)]
    since, until = time_of(asked, "start_time"), time_of(asked, "end_time")
    return [
        post for post in found if (not since or post.created_at >= since) and (not until or post.created_at < until)
    ]


def _id(asked: Asked, name: str, otherwise: int) -> int:
    value = asked.query.get(name, str(otherwise))
    if not value.isdigit():
        raise invalid(f"The `{name}` query parameter value [{value}] is not valid", name, value)
    return int(value)


def _not_a_time(name: str, value: str) -> Problem:
    return invalid(f"The `{name}` query parameter value [{value}] is not a valid RFC3339 timestamp", name, value)
