"""How well the pipeline of nlu/config.yml understands: public data sets, trained and parsed by Rasa itself.

`make bench-nlu DATA=../shared/data`. Train and test files as given, one run, nothing chosen on test sets. The threshold
is chosen on the validation set where there is one; for HINT3 it is fixed by the training data. After the folder come
the names of the data sets to run (all without any); "diet_…" is Rasa's default pipeline on HINT3. Times are of this
machine as it was; "busy" is the processor's time.
"""

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, matthews_corrcoef, roc_auc_score

from nlu.rasa import safe
from nlu.server import PROJECT, environment
from tests.bench.product import say
from tests.rasa_server import PYTHON, ROOT

OURS = PROJECT / "config.yml"
DIET = """
recipe: default.v1
assistant_id: bench
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- {name: CountVectorsFeaturizer, analyzer: char_wb, min_ngram: 1, max_ngram: 4}
- {name: DIETClassifier, epochs: 100, constrain_similarities: true, random_seed: 1}
- {name: FallbackClassifier, threshold: 0.3, ambiguity_threshold: 0.1}
"""
OUTSIDE = "oos"
HINT_OUTSIDE = "NO_NODES_DETECTED"
FALLBACK = "nlu_fallback"
BOTS = ("curekart", "powerplay11", "sofmattress")
RESAMPLES = 1000

Rows = list[tuple[str, str]]


@dataclass(frozen=True)
class Task:
    """What is trained on, what the threshold is chosen on, and what is asked in the end."""

    name: str
    train: Rows
    test: Rows
    choose: Rows = field(default_factory=list)
    config: str = ""


@dataclass(frozen=True)
class Heard:
    """What was understood of some texts: the best intent that is in scope, its confidence, and the truth."""

    truth: np.ndarray
    guess: np.ndarray
    confidence: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Which texts are in scope."""
        return np.asarray(self.truth != OUTSIDE)

    def decided(self, threshold: float) -> np.ndarray:
        """What is answered when nothing below the threshold is."""
        return np.where(self.confidence < threshold, OUTSIDE, self.guess)


def read(path: Path) -> Rows:
    """The texts of a file and their intents."""
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            found = [(row["sentence"], row["label"]) for row in csv.DictReader(file)]
        else:
            found = [(text, intent) for text, intent in (line.rstrip("\n").split("\t") for line in file)]
    return [(safe(text), OUTSIDE if intent == HINT_OUTSIDE else intent) for text, intent in found]


def tasks(data: Path) -> dict[str, Callable[[], Task]]:
    """Every data set by its name."""

    def task(name: str, train: str, test: str, *choose: str) -> Callable[[], Task]:
        def made() -> Task:
            chosen = [row for path in choose for row in read(data / path)]
            taught, asked = ([row for path in paths.split() for row in read(data / path)] for paths in (train, test))
            return Task(name, taught, asked, chosen)

        return made

    def diet(made: Callable[[], Task]) -> Callable[[], Task]:
        return lambda: Task(f"DIET: {made().name}", made().train, made().test, config=DIET)

    hint = {bot: task(f"HINT3 {bot}", f"hint3/{bot}_train.csv", f"hint3/{bot}_test.csv") for bot in BOTS}
    few = {
        "banking77_10": task("BANKING77, 10 an intent", "banking77/train_10.tsv", "banking77/test.tsv"),
        "hwu64_10": task("HWU64, 10 an intent", "hwu64/train_10.tsv", "hwu64/test.tsv"),
        "clinc150_10": task("CLINC150, 10 an intent", "clinc150/train_10.tsv", "clinc150/test.tsv"),
    }
    whole = {
        "hwu64": task("HWU64", "hwu64/train.tsv", "hwu64/test.tsv"),
        "banking77": task("BANKING77", "banking77/train.tsv", "banking77/test.tsv"),
        "clinc150": task(
            "CLINC150",
            "clinc150/train.tsv clinc150/oos_train.tsv",
            "clinc150/test.tsv clinc150/oos_test.tsv",
            *("clinc150/val.tsv", "clinc150/oos_val.tsv"),
        ),
    }
    return hint | few | whole | {f"diet_{bot}": diet(made) for bot, made in hint.items()}


def run(task: Task) -> None:
    """Train, ask, and print what is to be known."""
    answers = ask_rasa(task.train, [text for text, _ in (*task.choose, *task.test)], task.config)
    heard = [understood(one) for one in answers["answers"]]
    chosen = as_heard(task.choose, heard[: len(task.choose)])
    tested = as_heard(task.test, heard[len(task.choose) :])
    fixed = float(answers["answers"][0].get("unsure_below", 0.5))
    say(f"\n{task.name}: {len(task.train)} examples, {len(task.test)} asked")
    scores(tested, best_threshold(chosen) if task.choose else fixed)
    milliseconds = np.array(answers["seconds"]) * 1000
    say(
        f"  trained in {answers['trained']:.0f} s ({answers['busy']:.0f} s busy),"
        f" {1000 / milliseconds.mean():.0f} parses/s, p95 {np.percentile(milliseconds, 95):.0f} ms"
    )


def ask_rasa(examples: Rows, texts: Sequence[str], config: str = "") -> dict[str, Any]:
    """Train Rasa and ask it texts; returns what tests.nlu.asked_rasa writes. Without `config` it is our pipeline."""
    with tempfile.TemporaryDirectory(prefix="knock-") as name:
        folder, pipeline = Path(name), OURS
        if config:
            pipeline = folder / "config.yml"
            pipeline.write_text(config, "utf-8")
        taught = [{"text": text, "intent": intent, "entities": []} for text, intent in examples]
        (folder / "train.json").write_text(json.dumps({"rasa_nlu_data": {"common_examples": taught}}), "utf-8")
        (folder / "ask.json").write_text(json.dumps(list(texts)), "utf-8")
        argv = [str(PYTHON), "-m", "tests.nlu.asked_rasa", str(pipeline), name]
        subprocess.run(argv, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, check=True)
        return dict(json.loads((folder / "answers.json").read_text("utf-8")))


def understood(answer: dict[str, list[dict[str, object]]], outside: tuple[str, ...] = (OUTSIDE,)) -> tuple[str, float]:
    """The best intent of an answer that is in scope, and how sure Rasa is of it."""
    for one in answer["intent_ranking"]:
        if one["name"] not in (FALLBACK, *outside):
            return str(one["name"]), float(str(one["confidence"]))
    return OUTSIDE, 0.0


def as_heard(rows: Rows, found: Sequence[tuple[str, float]]) -> Heard:
    """Both beside each other."""
    truth = np.array([intent for _, intent in rows], dtype=object)
    guess = np.array([intent for intent, _ in found], dtype=object)
    return Heard(truth, guess, np.array([sure for _, sure in found]))


def best_threshold(heard: Heard) -> float:
    """The threshold with the most right answers, those included that are rightly none."""
    candidates = np.quantile(heard.confidence, np.linspace(0, 0.5, 201))
    return float(max(candidates, key=lambda one: (heard.decided(one) == heard.truth).mean()))


def scores(heard: Heard, threshold: float) -> None:
    """Print accuracy and macro-F1 in scope, and what is made of the rest."""
    inside = heard.inside
    right = (heard.guess == heard.truth)[inside]
    f1 = f1_score(heard.truth[inside], heard.guess[inside], average="macro", zero_division=0)
    say(f"  in scope: accuracy {interval(right)}, macro-F1 {100 * f1:.1f}")
    if inside.all():
        return
    decided = heard.decided(threshold)
    say(
        f"  at a threshold of {threshold:.2f}: in scope {interval((decided == heard.truth)[inside])},"
        f" out-of-scope recall {interval((decided == OUTSIDE)[~inside])},"
        f" MCC {100 * matthews_corrcoef(heard.truth.astype(str), decided.astype(str)):.1f}"
    )
    say(f"  AUROC of the confidence, in scope or not: {100 * roc_auc_score(inside, heard.confidence):.1f}")


def interval(right: np.ndarray) -> str:
    """A share in per cent with the interval that holds it in 95 of 100 resamples."""
    draws = np.random.default_rng(1).binomial(len(right), right.mean(), RESAMPLES) / len(right)
    low, high = np.percentile(100 * draws, [2.5, 97.5])
    return f"{100 * right.mean():.1f} % ({low:.1f}–{high:.1f})"


def main() -> None:
    """Run the data sets that are named, or all."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if not data.is_dir():
        say(f"no public data in {data}")
        return
    known = tasks(data)
    for name in sys.argv[2:] or known:
        run(known[name]())


if __name__ == "__main__":
    main()
