"""What cannot be done with what waits for review; each docstring is the sentence shown."""

from handoff.training_errors import TrainingError


class NothingChosen(TrainingError):
    """Say what it is about: one of the guesses, another intent, none of these, or ignore it."""


class Overtaken(TrainingError):
    """{who} was faster: “{answer}”. Your answer was not kept."""


class TakenBack(TrainingError):
    """That text is not there any more: the customer took it back, or it was deleted. Nothing is kept of it."""


class NothingToUndo(TrainingError):
    """There is nothing to undo: you gave no answer in the last 12 hours that still holds."""


class AnotherAnswer(TrainingError):
    """Your last answer is another one by now. It is shown above: undo it if that is what you want."""


class BadRules(TrainingError):
    """The line is between 0 and 100 percent, the part held back between 0 and 100, and a day has 1 to 1,000 texts."""
