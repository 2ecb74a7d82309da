"""How well the detector hears, and how fast it is: on our own examples (held out) and on public posts unknown to it."""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from nlu.detector import HELP, THRESHOLD, Detector, Example, held_out, read_examples
from nlu.gate import Gate
from nlu.language import guess

DATA = Path(os.environ.get("KNOCK_SHARED_DATA", Path(__file__).parents[3] / "shared/data"))
THRESHOLDS = (0.5, 0.7, THRESHOLD, 0.9, 0.95)

Scores = NDArray[np.float64]
Truth = NDArray[np.bool_]


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def quality(name: str, scores: Scores, truth: Truth) -> None:
    """Print precision and recall at each threshold."""
    say(f"{name}: {len(truth):,} posts, of which {truth.mean():.0%}")
    area, precision = roc_auc_score(truth, scores), average_precision_score(truth, scores)
    say(f"  AUROC {area:.3f}, average precision {precision:.3f}")
    for threshold in THRESHOLDS:
        heard = scores >= threshold
        right = (heard & truth).sum()
        precision = right / heard.sum() if heard.any() else 1.0
        say(f"  from {threshold}: heard {heard.sum():,}, precision {precision:.1%}, recall {right / truth.sum():.1%}")


def own_examples(examples: Sequence[Example]) -> None:
    """Our examples, each judged by a detector that had not seen it."""
    truth = np.array([example.intent == HELP for example in examples])
    quality("own examples (five folds) that ask for help", held_out(examples), truth)


def public_posts(detector: Detector, name: str, file: str) -> list[str]:
    """Public posts, where a negative sentiment is the nearest thing to asking for help. Returns their texts."""
    if not (DATA / file).exists():
        say(f"{name}: no {DATA / file}")
        return []
    rows = [line.split("\t") for line in (DATA / file).read_text("utf-8").splitlines()]
    texts = [row[0].replace("{link}", "https://example.org/") for row in rows]
    scores = np.array([verdict.score for verdict in detector.judge(texts)])
    quality(f"{name}, negative", scores, np.array([row[1].startswith("Negative") for row in rows]))
    return texts


def speed(name: str, count: int, work: Callable[[], object]) -> None:
    """Print how many a second of processor time; the best of three, since others may be at work here too."""
    seconds = []
    for _ in range(3):
        started = time.process_time()
        work()
        seconds.append(time.process_time() - started)
    say(f"{name}: {count / min(seconds):,.0f} posts/s on one core")


def exhaust(found: Iterable[object]) -> int:
    """Go through all of it."""
    return sum(1 for _ in found)


def speeds(detector: Detector, posts: Sequence[str]) -> None:
    """Print what each stage of the cascade can do."""
    few = Gate({"Northwind": ["northwind", "@northwind_help", "breeze kettle"]})
    many = Gate({"Many": [f"brand{number}" for number in range(1_000)] + ["northwind"]})
    speed("gate, 3 words", len(posts), lambda: exhaust(map(few.find, posts)))
    speed("gate, 1,001 words", len(posts), lambda: exhaust(map(many.find, posts)))
    speed("detector", len(posts), lambda: detector.judge(posts))
    speed("detector with reasons for all", len(posts), lambda: detector.judge(posts, 0))
    guess("where is my order")
    speed("language", len(posts), lambda: exhaust(map(guess, posts)))


def main() -> None:
    """Print everything; takes half a minute."""
    examples = read_examples()
    asking = sum(example.intent == HELP for example in examples)
    say(f"examples: {asking:,} ask for help, {len(examples) - asking:,} do not")
    started = time.perf_counter()
    detector = Detector.train(examples)
    say(f"trained in {time.perf_counter() - started:.1f} s, version {detector.version}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "detector"
        detector.save(path)
        started = time.perf_counter()
        Detector.load(path, detector.version)
        say(f"loaded in {time.perf_counter() - started:.2f} s, {path.stat().st_size / 1e6:.1f} MB on disk")
    own_examples(examples)
    public_posts(detector, "entity_sentiment", "entity_sentiment/validation.tsv")
    posts = public_posts(detector, "brand_emotion", "brand_emotion/all.tsv")
    speeds(detector, posts or [example.text for example in examples])
    say(f"memory: {psutil.Process().memory_info().rss / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
