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


def settle(claims: Iterable[Detail]) -> list[Detail]:
    """Return the details in their order, without overlaps: the surest wins, and of equals the longest."""
    ranked = sorted(claims, key=lambda one: (-one.sure, one.start - one.end, one.start))
    taken, kept = bytearray(max((one.end for one in ranked), default=0)), []
    for claim in ranked:
        if not any(taken[claim.start : claim.end]):
            taken[claim.start : claim.end] = b"x" * (claim.end - claim.start)
            kept.append(claim)
    return sorted(kept, key=lambda one: one.start)
