"""A file of posts is run through detection: counted, never offered anything, and never stopped by a bad line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.detect import Detect
from bot.replay import replay
from nlu.detector import Detector
from nlu.gate import Gate
from nlu.guards import Guards
from tests.knock_process import KnockProcess, trained
from tests.on_x import settings_on
from tests.peers.fake_x import FakeX

COMPLAINT = "My Northwind parcel is two weeks late, where is it?"


@pytest.fixture(scope="module")
def detect(detector: Detector) -> Detect:
    return Detect(Gate({"Northwind": ["northwind"]}), Guards.read(), detector)


def line(number: int, text: str = COMPLAINT, author: int | None = None, at: str = "2026-11-22T06:00:00Z") -> bytes:
    person = {"id": f"p{number if author is None else author}", "handle": "mara_k", "name": "Mara"}
    post: dict[str, Any] = {"channel": "x", "id": str(number), "author": person, "text": text, "at": at}
    return json.dumps(post | {"in_reply_to": None}).encode()


def written(tmp_path: Path, *lines: bytes) -> Path:
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=120)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_posts_are_counted_and_every_silence_has_a_reason(tmp_path: Path, detect: Detect, console: Console) -> None:
    path = written(tmp_path, line(1), line(2, "lovely northwind lamp"), line(3, "RT @a: hi"), line(4, "hello"))
    report = replay(path, detect, console)
    assert (report.posts, report.mentions, len(report.offers)) == (4, 1, 1)
    assert report.suppressed == {"low score": 1, "repost": 1, "no brand word": 1}
    assert report.posts_per_second > 0
    for words in ("posts a second", "mentions", "would-be offers", "suppressed: repost"):
        assert words in printed(console)


def test_a9_brand_and_rules_are_tested_on_posts_that_came_and_nothing_is_posted(tmp_path: Path, home: Path) -> None:
    with FakeX() as x:
        settings = {name: str(value) for name, value in settings_on(x).items()}
        posts = written(tmp_path, line(1), line(2, "lovely northwind lamp"))
        with KnockProcess(trained(home), "replay", "--show=5", str(posts), **settings) as knock:
            assert knock.process.wait(60) == 0
            assert COMPLAINT in knock.output
            assert "lovely" not in knock.output
        assert not x.sent


def test_bad_lines_are_named_by_number_and_stop_nothing(tmp_path: Path, detect: Detect, console: Console) -> None:
    bad = [b"{", b"[]", b'{"channel": 1}', b"\xff\xfe", b"null", b"[" * 100_000, line(9, at="yesterday")]
    report = replay(written(tmp_path, line(1), *bad, b"", line(2)), detect, console)
    assert report.posts == 2
    assert report.first_bad_lines == [2, 3, 4, 5, 6, 7, 8]
    assert "2, 3, 4, 5, 6, 7, 8" in printed(console)


def test_of_very_many_bad_lines_the_first_twenty_are_named(tmp_path: Path, detect: Detect, console: Console) -> None:
    report = replay(written(tmp_path, *[b"nonsense"] * 50), detect, console)
    assert (report.bad_lines, report.first_bad_lines) == (50, list(range(1, 21)))
    assert "20, …" in printed(console)


def test_the_same_author_gets_one_offer_within_the_cool_down(tmp_path: Path, detect: Detect, console: Console) -> None:
    soon, later = "2026-12-01T06:00:00Z", "2027-01-01T06:00:00Z"
    path = written(
        tmp_path, line(1, author=1), line(2, author=1, at=soon), line(3, author=1, at=later), line(4, author=2)
    )
    report = replay(path, detect, console)
    assert [post.id for post, _ in report.offers] == ["1", "3", "4"]
    assert report.mentions == 4
    assert report.suppressed == {"same author within the cool-down": 1}


def test_a_post_that_comes_twice_counts_once(tmp_path: Path, detect: Detect, console: Console) -> None:
    report = replay(written(tmp_path, line(1), line(1)), detect, console)
    assert (report.mentions, report.suppressed) == (1, {"seen before": 1})


def test_would_be_offers_are_shown_as_they_were_written(tmp_path: Path, detect: Detect, console: Console) -> None:
    text = "[bold red]Northwind[/] my parcel is two weeks late, where is it? \x1b[2J"
    replay(written(tmp_path, line(1, text), line(2)), detect, console, show=1)
    assert "[bold red]Northwind[/] my parcel" in printed(console)
    assert "\x1b[2J" not in printed(console)
    assert COMPLAINT not in printed(console)


def test_an_empty_file_has_nothing_to_tell(tmp_path: Path, detect: Detect, console: Console) -> None:
    (tmp_path / "posts.jsonl").touch()
    assert replay(tmp_path / "posts.jsonl", detect, console).posts == 0


def test_more_posts_than_a_batch_are_all_judged(tmp_path: Path, detect: Detect, console: Console) -> None:
    report = replay(written(tmp_path, *(line(number) for number in range(2_500))), detect, console)
    assert report.mentions == report.posts == 2_500
