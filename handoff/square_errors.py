"""What can go wrong on the square; each docstring is the sentence shown."""


class SquareError(Exception):
    """That cannot be done on the square."""

    @property
    def sentence(self) -> str:
        """What the member reads."""
        return str(self) or (type(self).__doc__ or "").strip()


class PickAnotherName(SquareError):
    """That name, or one that looks like it, is taken. Pick another one."""


class NothingWritten(SquareError):
    """Write something first."""


class PostTooLong(SquareError):
    """A post can have 4,000 characters. Shorten it, or say it in two."""


class NotYours(SquareError):
    """Only its author can do that."""


class Silenced(SquareError):
    """A moderator has silenced this name: you can read, but not post."""


class NoSuchPost(SquareError):
    """There is no such post, or it was removed."""
