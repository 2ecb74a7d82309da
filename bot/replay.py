"""The command `knock replay`: what detection would make of posts in a file. It offers nothing and writes nothing."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from bot.channel import Author, Post
from bot.detect import Decision, Detect

BATCH = 1_000
"""Posts judged at once: a larger batch is no faster, and 1,000 posts of 4,096 characters are still only 4 MB."""

BAD_LINES_SHOWN = 20


class _Author(msgspec.Struct):
    id: str
    handle: str | None = None
    name: str | None = None
    is_bot: bool = False


class _Line(msgspec.Struct):
    channel: str
    id: str
    author: _Author
    text: str
    at: datetime
    in_reply_to: str | None = None


@dataclass
class Report:
    """What came of a file: the posts that would get an offer, and the others counted by what spoke against it."""

    posts: int = 0
    mentions: int = 0
    seconds: float = 0.0
    suppressed: Counter[str] = field(default_factory=Counter)
    offers: list[tuple[Post, Decision]] = field(default_factory=list)
    bad_lines: int = 0
    first_bad_lines: list[int] = field(default_factory=list)

    @property
    def posts_per_second(self) -> float:
        """Posts judged in a second, reading and decoding included."""
        return self.posts / self.seconds if self.seconds else 0.0

    def bad_line(self, number: int) -> None:
        """Count a line that is no post."""
        self.bad_lines += 1
        if len(self.first_bad_lines) < BAD_LINES_SHOWN:
            self.first_bad_lines.append(number)


class _Once:
    """Remembers what flow.py asks the database: posts already read, and people who got an offer lately."""

    def __init__(self, cool_down: timedelta) -> None:
        self._cool_down = cool_down
        self._posts: set[tuple[str, str]] = set()
        self._offered: dict[tuple[str, str], datetime] = {}

    def is_new(self, post: Post) -> bool:
        key = (post.channel, post.id)
        known = key in self._posts
        self._posts.add(key)
        return not known

    def may_offer(self, post: Post) -> bool:
        person = (post.channel, post.author.id)
        last = self._offered.get(person)
        if last is not None and abs(post.at - last) < self._cool_down:
            return False
        self._offered[person] = post.at
        return True


def replay(
    path: Path, detect: Detect, console: Console, *, show: int = 0, cool_down: timedelta = timedelta(days=30)
) -> Report:
    """Run a file of posts, one JSON object a line, through detection; `show` that many would-be offers at the end."""
    report = Report()
    once = _Once(cool_down)
    started = time.perf_counter()
    for batch in _batches(path, report, console):
        new = [post for post in batch if once.is_new(post)]
        report.posts += len(batch)
        if twins := len(batch) - len(new):
            report.suppressed["seen before"] += twins
        for post, decision in zip(new, detect.judge(new), strict=True):
            _count(report, once, post, decision)
    report.seconds = time.perf_counter() - started
    console.print(_table(report))
    for post, decision in report.offers[:show]:
        console.print(f"[bold]{decision.score:.2f}[/] [dim]{escape(', '.join(decision.words))}[/]")
        console.print(f"  {escape(_visible(post.text))}")
    return report


def _count(report: Report, once: _Once, post: Post, decision: Decision) -> None:
    if not decision.mention:
        report.suppressed[decision.reason] += 1
        return
    report.mentions += 1
    if once.may_offer(post):
        report.offers.append((post, decision))
    else:
        report.suppressed["same author within the cool-down"] += 1


def _batches(path: Path, report: Report, console: Console) -> Iterator[list[Post]]:
    """The posts of the file, some at a time, with a progress bar by bytes."""
    with path.open("rb") as file, Progress(console=console, transient=True) as progress:
        task = progress.add_task("Reading posts", total=path.stat().st_size)
        batch: list[Post] = []
        for number, line in enumerate(file, start=1):
            progress.advance(task, len(line))
            if post := _post(line, number, report):
                batch.append(post)
            if len(batch) == BATCH:
                yield batch
                batch = []
        yield batch


_decoder = msgspec.json.Decoder(_Line)


def _post(line: bytes, number: int, report: Report) -> Post | None:
    if line.isspace():
        return None
    try:
        said = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        report.bad_line(number)
        return None
    author = Author(said.author.id, said.author.handle, said.author.name, said.author.is_bot)
    at = said.at if said.at.tzinfo else said.at.replace(tzinfo=UTC)
    return Post(said.channel, said.id, author, said.text, at, said.in_reply_to)


def _visible(text: str) -> str:
    """Without signs that could steer the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _table(report: Report) -> Table:
    table = Table("What", "Posts", title="Replay", title_justify="left")
    table.columns[1].justify = "right"
    table.add_row("posts", f"{report.posts:,}")
    table.add_row("posts a second", f"{report.posts_per_second:,.0f}")
    table.add_row("mentions", f"{report.mentions:,}")
    table.add_row("[bold]would-be offers", f"[bold]{len(report.offers):,}", end_section=True)
    for reason, count in report.suppressed.most_common():
        table.add_row(f"suppressed: {reason}", f"{count:,}")
    if report.bad_lines:
        numbers = ", ".join(map(str, report.first_bad_lines))
        more = ", …" if report.bad_lines > BAD_LINES_SHOWN else ""
        table.add_section()
        table.add_row(f"bad lines: {numbers}{more}", f"{report.bad_lines:,}")
    return table
