"""What can go wrong with a case; each docstring is the sentence shown."""


class CaseError(Exception):
    """That cannot be done with this case."""

    @property
    def sentence(self) -> str:
        """What the agent reads."""
        return (type(self).__doc__ or "").strip()


class NoSuchCase(CaseError):
    """There is no such case, or it is not yours to see."""


class ClaimedBySomebodyElse(CaseError):
    """A colleague has claimed this case. Ask them to release it, or leave a note."""


class NotClaimed(CaseError):
    """Claim the case first, so that everybody sees who answers."""


class AlreadyClosed(CaseError):
    """This case is closed. It opens again when the customer writes."""


class SomebodyReplied(CaseError):
    """Somebody replied after the last message you saw. Your text is kept: read theirs, then send yours or not."""


class NothingSaid(CaseError):
    """Write something first."""


class TooLong(CaseError):
    """That is too long for one message. Shorten it or send it in parts."""


class Stopped(CaseError):
    """The customer said STOP: nothing more can be sent."""
