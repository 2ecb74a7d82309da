"""Why a file is not taken; each docstring is the sentence shown, to agents and, in their language, to customers."""

from handoff.errors import CaseError


class AttachmentError(CaseError):
    """That file cannot be taken."""

    def __init__(self, **names: object) -> None:
        super().__init__(*names.values())
        self.names = names

    @property
    def wording(self) -> str:
        """The sentence before the names are put in, as translators know it."""
        return (type(self).__doc__ or "").strip()

    @property
    def sentence(self) -> str:
        """What the agent reads."""
        return self.wording % self.names


class TooLarge(AttachmentError):
    """“%(name)s” is too large. A file has %(most)s MB at most."""


class NotTaken(AttachmentError):
    """“%(name)s” is not a file of a kind that is taken: PNG, JPEG, GIF, WebP, PDF, plain text, MP3, MP4, OGG, WebM."""


class Empty(AttachmentError):
    """“%(name)s” is empty. Choose the file again."""


class TooMany(AttachmentError):
    """At most %(most)s files go with one message. Send the others with the next."""


class NoRoom(AttachmentError):
    """There is no room for more files in this chat. Write what is in them."""
