"""What cannot be done with intents and examples; each docstring is the sentence shown."""

from collections.abc import Sequence

from handoff.errors import Refusal


class TrainingError(Refusal):
    """That cannot be done with what the bot learns from."""

    def __init__(self, **names: object) -> None:
        super().__init__(*names.values())
        self.names = names

    @property
    def sentence(self) -> str:
        """What the admin reads."""
        return super().sentence.format(**self.names)


class NoSuchIntent(TrainingError):
    """There is no intent “{name}”. Choose another: it may have been renamed or retired meanwhile."""


class BadIntentName(TrainingError):
    """“{name}” cannot name an intent: small letters, digits and underscores, a letter first, as gift_wrapping."""


class ReservedName(TrainingError):
    """“{name}” has a meaning of its own in Rasa. Choose another name."""


class IntentExists(TrainingError):
    """There is an intent “{name}” already. Choose another name, or merge the two."""


class IntentWasRetired(TrainingError):
    """There was an intent “{name}”, which was retired. Bring it back, or choose another name."""


class TalkIsBuiltOnIt(TrainingError):
    """The talk itself is built on “{name}”: it can be taught, but not renamed, merged into another or retired."""


class SameIntent(TrainingError):
    """These are one and the same intent. Choose another."""


class NoSuchExample(TrainingError):
    """This example is gone. Reload the page to see which there are."""


class ExampleEmpty(TrainingError):
    """Write what a customer would say."""


class ExampleTooLong(TrainingError):
    """An example has at most {most} characters. Leave out what does not matter."""


class TooManyLines(TrainingError):
    """At most {most} examples at once can be added here. Import a file for more."""


class LinesRefused(TrainingError):
    """Nothing was added yet. Put right what cannot be taken, or leave it out, and add again."""

    def __init__(self, lines: Sequence[tuple[int, str, TrainingError]]) -> None:
        super().__init__()
        self.lines = lines
        """The number of each, what it says, and why it cannot be taken."""


class NoSuchLanguage(TrainingError):
    """“{language}” is none of the languages that the bot speaks."""


class BadMarks(TrainingError):
    """{why}"""


class ExampleElsewhere(TrainingError):
    """That text is an example of “{intent}” already. Change it there, or move it here."""


class InTestSet(TrainingError):
    """That text is in the test set, so nothing is trained on it: a test that was learned by heart shows nothing."""


class ExampleChangedMeanwhile(TrainingError):
    """Somebody changed this example meanwhile. It is shown as it is now; what you wrote is kept beside it."""


class IntentChangedMeanwhile(TrainingError):
    """Somebody changed this intent meanwhile. It is shown as it is now; what you wrote is kept."""


class FileTooLarge(TrainingError):
    """A file has at most 1 MB. Split it, and import the parts one after the other."""


class TooManyExamples(TrainingError):
    """A file has at most {most} examples. Split it, and import the parts one after the other."""


class NotText(TrainingError):
    """This file is no text in UTF-8. Save it as UTF-8, and choose it again."""


class NothingToImport(TrainingError):
    """Paste examples, or choose a file."""


class ImportChangedMeanwhile(TrainingError):
    """Somebody changed examples meanwhile. Look at what would change now, and import again."""


class NothingChosen(TrainingError):
    """Choose at least one example."""


class StandsFor(TrainingError):
    """“{text}” stands for “{value}” already. Remove that first."""


class BadPattern(TrainingError):
    """{why}"""
