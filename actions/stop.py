"""The customer wants no more of us: one short word, and the result that says so."""

from actions.hand_off import HandOff


class Stop(HandOff):
    """Ends the talk for good; the opt-out itself is written by whoever reads the result."""

    def name(self) -> str:
        """Return the name the rules use."""
        return "stop"
