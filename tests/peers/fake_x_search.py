"""The query language of our fake X's search and stream: words, phrases, handles, operators, OR and parentheses."""

import re
from collections.abc import Callable
from datetime import timedelta

from tests.peers.fake_x_calls import Asked, page, time_of
from tests.peers.fake_x_posts import Post, moment
from tests.peers.fake_x_problems import Json, invalid
from tests.peers.fake_x_text import LINK
from tests.peers.fake_x_world import EPOCH

Match = Callable[[Post], bool]
TOKEN = re.compile(r'-?"[^"]*"|-?\(|\)|[^\s()"]+')
LONGEST_QUERY = 512
RECENT = timedelta(days=7)
WORD = re.compile(r"\w+")


class Unreadable(Exception):
    """The query cannot be understood."""


def search_recent(asked: Asked) -> Json:
    """Posts of the last seven days that match, newest first. Raises `Problem`."""
    query = asked.query.get("query", "")
    if not query or len(query) > LONGEST_QUERY:
        raise invalid(f"The `query` must have 1 to {LONGEST_QUERY} characters", "query", query)
    try:
        matches = read(query)
    except Unreadable as error:
        raise invalid(f"There were errors processing your request: {error}", "query", query) from None
    oldest = moment(asked.world.now()) - RECENT
    if (start := time_of(asked, "start_time")) and start < oldest:
        raise invalid(f"'start_time' must be on or after {oldest:%FT%TZ}", "start_time", start)
    since = asked.query.get("since_id", "")
    if since.isdigit() and int(since) < (lowest := (int(oldest.timestamp() * 1000) - EPOCH) << 22):
        raise invalid(f"'since_id' must be a tweet id created after {oldest:%FT%TZ}, {lowest}", "since_id", since)
    return page(asked, asked.world.order, least=10, wanted=lambda post: post.created_at >= oldest and matches(post))


def read(query: str) -> Match:
    """Whether a post matches. Words beside one another must all match. Raises `Unreadable`."""
    tokens = TOKEN.findall(query)
    match, rest = _either(tokens)
    if rest:
        raise Unreadable(f"unexpected '{rest[0]}'")
    return match


def _either(tokens: list[str]) -> tuple[Match, list[str]]:
    first, tokens = _all(tokens)
    while tokens and tokens[0] == "OR":
        second, tokens = _all(tokens[1:])
        first = _or(first, second)
    return first, tokens


def _all(tokens: list[str]) -> tuple[Match, list[str]]:
    found: list[Match] = []
    while tokens and tokens[0] not in ("OR", ")"):
        one, tokens = _one(tokens)
        found.append(one)
    if not found:
        raise Unreadable("something is missing")
    return (lambda post: all(match(post) for match in found)), tokens


def _one(tokens: list[str]) -> tuple[Match, list[str]]:
    token, rest = tokens[0], tokens[1:]
    if token.startswith("-"):
        inner, rest = _one([token[1:], *rest])
        return (lambda post: not inner(post)), rest
    if token == "(":
        inner, rest = _either(rest)
        if rest[:1] != [")"]:
            raise Unreadable("a parenthesis is not closed")
        return inner, rest[1:]
    return _term(token), rest


def _or(first: Match, second: Match) -> Match:
    return lambda post: first(post) or second(post)


def _term(token: str) -> Match:
    operator, colon, value = token.partition(":")
    if colon and operator in OPERATORS:
        return OPERATORS[operator](value.lower().removeprefix("@"))
    if token.startswith("@"):
        return lambda post: token[1:].lower() in _handles(post)
    words = WORD.findall(token.strip('"').lower())
    if not words:
        raise Unreadable(f"'{token}' says nothing")
    return lambda post: _contains(WORD.findall(LINK.sub(" ", post.said).lower()), words)


def _contains(words: list[str], wanted: list[str]) -> bool:
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def _handles(post: Post) -> set[str]:
    return {handle.lower() for _, _, handle in post.whole.handles}


def _is(value: str) -> Match:
    kinds: dict[str, Match] = {
        "reply": lambda post: post.answers is not None,
        "quote": lambda post: post.quotes is not None,
        "retweet": lambda post: False,
    }
    if value not in kinds:
        raise Unreadable(f"is:{value} is not known")
    return kinds[value]


OPERATORS: dict[str, Callable[[str], Match]] = {
    "from": lambda value: lambda post: value in (post.author.username.lower(), post.author.id),
    "to": lambda value: (
        lambda post: (
            post.answers is not None and value in (post.answers.author.username.lower(), post.answers.author.id)
        )
    ),
    "conversation_id": lambda value: lambda post: post.conversation_id == value,
    "in_reply_to_tweet_id": lambda value: lambda post: post.answers is not None and post.answers.id == value,
    "quotes_of_tweet_id": lambda value: lambda post: post.quotes is not None and post.quotes.id == value,
    "lang": lambda value: lambda post: post.lang == value,
    "has": lambda value: lambda post: bool(post.whole.links if value == "links" else post.whole.handles),
    "is": _is,
}
