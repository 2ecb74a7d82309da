"""How well the pipeline of nlu/config.yml understands: public data sets, trained and parsed by Rasa itself.

`make bench-nlu DATA=../shared/data`. Train and test files as given, one run, nothing chosen on test sets. What is
answered is what the pipeline answers, and where there is a validation set also what is above a threshold chosen on it.
After the folder come the names of the data sets to run (all without any); "diet_…" is Rasa's default pipeline on HINT3.
Each runs in a process of its own and says on the standard error how far it is. Figures are of 100, and their intervals
hold them in 95 of 100 resamples of the texts that were asked. Times are of this machine as it was; "busy" is the
processor's time.
"""

import csv
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
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
RESAMPLES = 500

Figure = Callable[["Heard"], float]
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
    """What was understood of some texts: the best intent that is in scope, its confidence, and the truth.

    `decided` is what was answered: the guess, or that the text is about nothing that is known.
    """

    truth: np.ndarray
    guess: np.ndarray
    confidence: np.ndarray
    decided: np.ndarray

    @property
    def inside(self) -> np.ndarray:
        """Which texts are in scope."""
        return np.asarray(self.truth != OUTSIDE)

    def at(self, threshold: float) -> "Heard":
        """The same when nothing below a threshold is answered."""
        return replace(self, decided=np.where(self.confidence < threshold, OUTSIDE, self.guess))

    @property
    def right(self) -> np.ndarray:
        """Which answers are right, those included that are rightly none."""
        return np.asarray(self.decided == self.truth)

    def some(self, rows: np.ndarray) -> "Heard":
        """The same of some of the texts."""
        return Heard(self.truth[rows], self.guess[rows], self.confidence[rows], self.decided[rows])


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


def run(task: Task) -> Heard:
    """Train, ask, print what is to be known, and return what was understood of the test."""
    answers = ask_rasa(task.train, [text for text, _ in (*task.choose, *task.test)], task.config)
    heard, first = as_heard((*task.choose, *task.test), answers["answers"]), len(task.choose)
    chosen, tested = heard.some(np.arange(first)), heard.some(np.arange(first, len(heard.truth)))
    say(f"\n{task.name}: {len(task.train)} examples, {len(task.test)} asked")
    scores([tested])
    if task.choose:
        threshold = best_threshold(chosen)
        decisions([tested.at(threshold)], f"at a threshold of {threshold:.2f}, chosen on the validation set")
    milliseconds = np.array(answers["seconds"]) * 1000
    say(
        f"  trained in {answers['trained']:.0f} s ({answers['busy']:.0f} s busy),"
        f" {1000 / milliseconds.mean():.0f} parses/s, p95 {np.percentile(milliseconds, 95):.0f} ms"
    )
    return tested


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
        with (folder / "log").open("w+", encoding="utf-8") as log:
            done = subprocess.run(argv, cwd=folder, env=environment(), stdout=sys.stderr, stderr=log, check=False)
            log.seek(0)
            if done.returncode:
                raise SystemExit(log.read()[-4000:])
        return dict(json.loads((folder / "answers.json").read_text("utf-8")))


def understood(answer: dict[str, list[dict[str, object]]], outside: tuple[str, ...] = (OUTSIDE,)) -> tuple[str, float]:
    """The best intent of an answer that is in scope, and how sure Rasa is of it."""
    for one in answer["intent_ranking"]:
        if one["name"] not in (FALLBACK, *outside):
            return str(one["name"]), float(str(one["confidence"]))
    return OUTSIDE, 0.0


def as_heard(rows: Sequence[tuple[str, str]], answers: Sequence[dict[str, Any]]) -> Heard:
    """Both beside each other."""
    found = [understood(one) for one in answers]
    truth = np.array([intent for _, intent in rows], dtype=str)
    guess = np.array([intent for intent, _ in found], dtype=str)
    answered = np.array([one["intent"]["name"] not in (FALLBACK, OUTSIDE) for one in answers])
    return Heard(truth, guess, np.array([sure for _, sure in found]), np.where(answered, guess, OUTSIDE))


def best_threshold(heard: Heard) -> float:
    """The threshold with the most right answers, those included that are rightly none."""
    candidates = np.unique(np.quantile(heard.confidence, np.linspace(0, 0.5, 201)))
    right = [heard.at(one).right.mean() for one in candidates]
    return float(candidates[int(np.argmax(right))])


def accuracy(heard: Heard) -> float:
    """The share of texts in scope of which the best guess is right, whatever its confidence."""
    return float(100 * (heard.guess == heard.truth)[heard.inside].mean())


def macro_f1(heard: Heard) -> float:
    """The mean of the intents' F1, of the same."""
    inside = heard.inside
    return float(100 * f1_score(heard.truth[inside], heard.guess[inside], average="macro", zero_division=0))


def answered(heard: Heard) -> float:
    """The share of texts in scope that are rightly answered."""
    return float(100 * heard.right[heard.inside].mean())


def recall(heard: Heard) -> float:
    """The share of texts out of scope that are not answered."""
    return float(100 * heard.right[~heard.inside].mean())


def mcc(heard: Heard) -> float:
    """Matthews' correlation of what is answered, out of scope being one more intent."""
    return float(100 * matthews_corrcoef(heard.truth, heard.decided))


def auroc(heard: Heard) -> float:
    """How well the confidence tells what is in scope from what is not."""
    return float(100 * roc_auc_score(heard.inside, heard.confidence))


def scores(heard: Sequence[Heard]) -> None:
    """Print the figures of a test, or their means over several."""
    say(f"  in scope: accuracy {interval(accuracy, heard)}, macro-F1 {interval(macro_f1, heard)}")
    if heard[0].inside.all():
        return
    decisions(heard, "as the pipeline answers")
    say(f"  AUROC of the confidence, in scope or not: {interval(auroc, heard)}")


def decisions(heard: Sequence[Heard], how: str) -> None:
    """Print what was answered and what was not."""
    say(
        f"  {how}: in scope {interval(answered, heard)},"
        f" out-of-scope recall {interval(recall, heard)}, MCC {interval(mcc, heard)}"
    )


def interval(figure: Figure, heard: Sequence[Heard]) -> str:
    """The mean of a figure, and the interval that holds it in 95 of 100 resamples of the texts."""
    random = np.random.default_rng(1)
    draws = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an intent that a resample has nothing of
        for _ in range(RESAMPLES):
            resampled = (one.some(random.integers(len(one.truth), size=len(one.truth))) for one in heard)
            draws.append(np.mean([figure(one) for one in resampled]))
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{np.mean([figure(one) for one in heard]):.1f} ({low:.1f}–{high:.1f})"


def share(right: np.ndarray) -> str:
    """A share in per cent with its interval."""
    random = np.random.default_rng(1)
    draws = [100 * right[random.integers(len(right), size=len(right))].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(draws, [2.5, 97.5])
    return f"{100 * right.mean():.1f} % ({low:.1f}–{high:.1f})"


def main() -> None:
    """Run the data sets that are named, or all."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data"
    if not data.is_dir():
        say(f"no public data in {data}")
        return
    known = tasks(data)
    found = {name: run(known[name]()) for name in sys.argv[2:] or known}
    for title, before in (("HINT3", ""), ("DIET: HINT3", "diet_")):
        if all(before + bot in found for bot in BOTS):
            say(f"\n{title}, mean of the three")
            scores([found[before + bot] for bot in BOTS])


if __name__ == "__main__":
    main()
