"""How far a training is: by the clock, and by what the one before took."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from handoff.trainings import Beat
from nlu.training import STEP

EXAMPLES, TRAINING, TESTING = "examples", "training", "testing"

USUAL: Mapping[str, float] = {EXAMPLES: 1.0, TRAINING: 45.0, TESTING: 20.0}
"""Seconds of each part, as long as no training has told better: measured on two cores that had other work."""

LOUD = ("WARNING", "ERROR", "Error")


@dataclass
class Progress:
    """How far a training is, by the clock and by what the last one took."""

    expected: Mapping[str, float]
    part: str = EXAMPLES
    step: str = "looking at the examples"
    took: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    lines: list[str] = field(default_factory=list)
    counted: float = 0.0
    """How much of the part that is under way is done, from 0 to 1, where it can be counted."""

    @classmethod
    def over(cls, took: Mapping[str, float]) -> "Progress":
        """Of a training that is expected to take as long."""
        return cls({part: max(0.1, float(took[part])) for part in USUAL})

    @property
    def elapsed(self) -> float:
        """Seconds of the part that is under way."""
        return round(time.monotonic() - self.began, 1)

    def turn_to(self, part: str, step: str) -> None:
        """The next part begins."""
        if part != self.part:
            self.took[self.part] = self.elapsed
            self.part, self.began, self.counted = part, time.monotonic(), 0.0
        self.say(step)

    def say(self, step: str) -> None:
        """What is done now; it becomes a line of the log."""
        self.step = step
        self.lines.append(step)

    def hear(self, line: str) -> None:
        """A line of Rasa's: steps become ours, warnings and mistakes go into the log as they are."""
        if (step := STEP.search(line)) is not None:
            if step[1].startswith("Starting"):
                self.say(f"training {step[2]}")
        elif any(word in line for word in LOUD):
            self.lines.append(line)

    def beat(self) -> Beat:
        """What there is to tell since the last time."""
        lines, self.lines = self.lines, []
        expected, total = self.expected[self.part], sum(self.expected.values())
        done = sum(self.expected[part] for part in self.took)
        if self.counted:
            now, still = expected * self.counted, self.elapsed * (1 / self.counted - 1)
        else:
            # A part that takes longer than expected comes ever nearer to its end, and never there.
            late = max(1.0, self.elapsed / (0.9 * expected))
            now = min(self.elapsed, expected * (1 - 0.1 / late))
            still = expected - now
        left = max(1.0, still + total - done - expected)
        return Beat(self.step, (done + now) / total, left, dict(self.took), lines)
