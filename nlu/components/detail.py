"""A detail: a part of a text that triage can use. Several that claim the same words are settled here."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Detail:
    """What a part of a text names: `entity`, and `value` in its one written form; `sure` is between 0 and 1.

    `relative`: the value counts from the moment the text was read, as that of "yesterday" does.
    """

    entity: str
    start: int
    end: int
    value: str
    sure: float
    relative: bool = False

    def meets(self, other: "Detail") -> bool:
        """Whether both claim some of the same words."""
        return self.start < other.end and other.start < self.end


def settle(claims: Iterable[Detail]) -> list[Detail]:
    """Return the details in their order, without overlaps: the surest wins, and of equals the longest."""
    kept: list[Detail] = []
    for claim in sorted(claims, key=lambda one: (-one.sure, one.start - one.end, one.start)):
        if not any(claim.meets(other) for other in kept):
            kept.append(claim)
    return sorted(kept, key=lambda one: one.start)
