"""What cannot be done with trainings and models; each docstring is the sentence shown."""

from handoff.training_errors import TrainingError


class TrainingRuns(TrainingError):
    """A training is under way already, started by {who}. There is one at a time: wait for it, or cancel it."""


class NoSuchVersion(TrainingError):
    """There is no version {version} of the model."""


class FileIsGone(TrainingError):
    """The file of version {version} was deleted, so it cannot be put to work. Train a new one."""


class PromotedMeanwhile(TrainingError):
    """{who} put version {version} to work meanwhile. Look at the comparison with that one before you promote yours."""


class AlreadyLive(TrainingError):
    """Version {version} is at work already."""


class ReasonNeeded(TrainingError):
    """Some intents get clearly worse with this version. Write down why it should be put to work all the same."""


class Untested(ReasonNeeded):
    """It was not tested as the one at work was, so nobody can tell what gets worse. Write down why it is wanted."""


class NothingToRollBack(TrainingError):
    """There is no earlier version that could be put to work again."""
