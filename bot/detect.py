"""Is it somebody with a problem that is ours? Cheap questions first, and in doubt the answer is no."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.channel import Author, Post
from handoff.hearing import Judged
from nlu.detector import THRESHOLD, Detector, Verdict
from nlu.gate import Gate
from nlu.guards import Guards
from nlu.text import LONGEST, is_repost

MENTION, ASK = "mention", "ask the detector"


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of a post: `reason` is "mention" or what spoke against it, `words` are what that rests on."""

    mention: bool
    reason: str
    score: float = 0.0
    brand: str | None = None
    words: tuple[str, ...] = ()
    version: str | None = None


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
        decisions = [self._without_detector(post, (threads or {}).get(post.id, ())) for post in posts]
        asked = [index for index, decision in enumerate(decisions) if decision.reason == ASK]
        verdicts = self._detector.judge([posts[index].text for index in asked], self._threshold)
        for index, verdict in zip(asked, verdicts, strict=True):
            decisions[index] = self._with_detector(decisions[index], verdict)
        return decisions

    def _without_detector(self, post: Post, thread: Sequence[Post]) -> Decision:
        text = post.text[:LONGEST].strip()
        if against := self._against(post, text):
            return Decision(False, against)
        found = self._gate.find(text)
        if found is None:
            return Decision(False, "no brand word")
        around = [(other.author.id, other.text[:LONGEST]) for other in thread]
        if guard := self._guards.stop(text, post.author.handle, around):
            return Decision(False, f"guard: {guard}", brand=found.name, words=(found.word,))
        return Decision(False, ASK, brand=found.name, words=(found.word,))

    def _against(self, post: Post, text: str) -> str | None:
        if not text:
            return "empty"
        if post.author.is_bot:
            return "bot"
        if (post.channel, post.author.id) in self._own:
            return "own post"
        return "repost" if is_repost(text) else None

    def _with_detector(self, asked: Decision, verdict: Verdict) -> Decision:
        """A score that no word explains is not trusted: it comes of a language or a script that no example is in."""
        sure = verdict.score >= self._threshold
        reason = "low score" if not sure else MENTION if verdict.reasons else "no reason"
        words = verdict.reasons or asked.words
        return Decision(reason == MENTION, reason, verdict.score, asked.brand, words, verdict.version)


def judged(detect: Detect, texts: Sequence[str]) -> list[Judged]:
    """What would become of posts with these words, each of somebody who never wrote before."""
    posts = [Post("", str(number), Author(str(number)), text, datetime.now(UTC)) for number, text in enumerate(texts)]
    found = zip(texts, detect.judge(posts), strict=True)
    return [Judged(text, decision.reason, decision.score, decision.words) for text, decision in found]
