"""Is it somebody with a problem that is ours? Cheap questions first, and in doubt the answer is no."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bot.channel import Post
from nlu.detector import THRESHOLD, Detector
from nlu.gate import Gate
from nlu.guards import Guards
from nlu.text import LONGEST, is_repost

MENTION = "mention"


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a post: `reason` is "mention" or what spoke against it, `words` are what that rests on."""

    mention: bool
    reason: str
    score: float = 0.0
    brand: str | None = None
    words: tuple[str, ...] = ()
    version: str | None = None


class _Asked(NamedTuple):
    """A post that came as far as the detector."""

    place: int
    text: str
    brand: str


class Detect:
    """The cascade. It knows no database: who already got an offer is asked elsewhere."""

    def __init__(
        self,
        gate: Gate,
        guards: Guards,
        detector: Detector,
        threshold: float = THRESHOLD,
        own: Collection[tuple[str, str]] = (),
    ) -> None:
        """`own`: our accounts, as (channel, author id). `threshold`: the score from which on a post is a mention."""
        self._gate = gate
        self._guards = guards
        self._detector = detector
        self._threshold = threshold
        self._own = frozenset(own)

    def judge(self, posts: Sequence[Post], threads: Mapping[str, Sequence[Post]] | None = None) -> list[Decision]:
        """A decision for each post. `threads`: the posts around a post, by its id, where they are known."""
        decisions: list[Decision | None] = []
        asked: list[_Asked] = []
        for index, post in enumerate(posts):
            decision = self._look(index, post, (threads or {}).get(post.id, ()), asked)
            decisions.append(decision)
        verdicts = self._detector.judge([one.text for one in asked], self._threshold)
        for one, verdict in zip(asked, verdicts, strict=True):
            mention = verdict.score >= self._threshold
            reason = MENTION if mention else "low score"
            decisions[one.place] = Decision(mention, reason, verdict.score, one.brand, verdict.reasons, verdict.version)
        return [decision for decision in decisions if decision is not None]

    def _look(self, index: int, post: Post, thread: Sequence[Post], asked: list[_Asked]) -> Decision | None:
        """What can be said without the detector; None puts the post among those that it is asked about."""
        text = post.text[:LONGEST].strip()
        against = self._against(post, text)
        if against:
            return Decision(False, against)
        found = self._gate.find(text)
        if found is None:
            return Decision(False, "no brand word")
        around = [(other.author.id, other.text[:LONGEST]) for other in thread]
        if guard := self._guards.stop(text, post.author.handle, around):
            return Decision(False, f"guard: {guard}", brand=found.name, words=(found.word,))
        asked.append(_Asked(index, text, found.name))
        return None

    def _against(self, post: Post, text: str) -> str | None:
        if not text:
            return "empty"
        if post.author.is_bot:
            return "bot"
        if (post.channel, post.author.id) in self._own:
            return "own post"
        return "repost" if is_repost(text) else None
