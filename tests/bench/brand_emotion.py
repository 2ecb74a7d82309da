"""Nine thousand real posts through `knock replay`, and fifty of the would-be offers to judge by reading."""

import html
import os
import random
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console

from bot.assemble import detection
from bot.brand import read_brand
from bot.replay import Report, replay
from bot.settings import BotSettings

DATA = Path(os.environ.get("KNOCK_SHARED_DATA", Path(__file__).parents[3] / "shared/data")) / "brand_emotion/all.tsv"
START = datetime(2011, 3, 11, tzinfo=UTC)
BRAND = """
name = "Phones and tablets"
words = ["apple*", "iphone*", "ipad*", "itunes", "macbook*", "google*", "gmail", "android*", "nexus"]
[consent]
version = "bench"
talk = {en = "none"}
link = {en = "none"}
keep = {en = "none"}
articles = {en = "none"}
training = {en = "none"}
[offer.en]
text = "none"
label = "none"
"""
JUDGED = 50


def convert(rows: list[str], path: Path) -> None:
    """Write the posts in the shape that replay reads: an author each, for the data does not name them."""
    with path.open("wb") as file:
        for number, row in enumerate(rows):
            post = {
                "channel": "fair",
                "id": str(number),
                "author": {"id": f"a{number}", "handle": f"visitor{number}", "name": None},
                "text": html.unescape(row.split("\t")[0]).replace("{link}", "https://example.org/"),
                "at": START + timedelta(seconds=30 * number),
                "in_reply_to": None,
            }
            file.write(msgspec.json.encode(post) + b"\n")


def replayed(folder: Path, console: Console) -> Report:
    """Replay the posts for a brand that owns all of these products."""
    convert(DATA.read_text("utf-8").splitlines(), folder / "posts.jsonl")
    (folder / "knock.toml").write_text(BRAND, "utf-8")
    settings = BotSettings(home=folder, brand_file=folder / "knock.toml")
    return replay(folder / "posts.jsonl", detection(settings, read_brand(settings.brand_file)), console)


def main() -> None:
    """Print the table and, to the file named on the command line or below it, the posts to judge."""
    if not DATA.exists():
        sys.stdout.write(f"no {DATA}\n")
        return
    with tempfile.TemporaryDirectory() as folder:
        report = replayed(Path(folder), Console(width=100))
    chosen = random.Random(50).sample(report.offers, min(JUDGED, len(report.offers)))
    lines = [f"{decision.score:.2f}\t{post.text}" for post, decision in chosen]
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text("\n".join(lines) + "\n", "utf-8")
    else:
        sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
