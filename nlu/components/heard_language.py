"""Which language a text is in, for choosing encoders: by its letters, or else by words heard before."""

from collections import Counter
from collections.abc import Iterable, Mapping

from nlu.language import guess
from nlu.text import mask

ONLY = 0.95
"""From this share of the words on, the examples are in one language, and so is a word that nobody has heard."""


class HeardLanguage:
    """Tells languages apart; `heard` has for each word the language that most of the examples with it are in."""

    def __init__(self, heard: Mapping[str, str]) -> None:
        """Take what was heard."""
        self.heard = dict(heard)
        mostly = Counter(self.heard.values()).most_common(1)
        self._only = mostly[0][0] if mostly and mostly[0][1] >= ONLY * len(self.heard) else None

    @classmethod
    def learn(cls, texts: Iterable[str]) -> "HeardLanguage":
        """Learn words from examples: from those whose letters tell the language."""
        counts: dict[str, Counter[str]] = {}
        for text in texts:
            if language := guess(text, default=""):
                for word in set(mask(text).split()):
                    counts.setdefault(word, Counter())[language] += 1
        best = {word: count.most_common(2) for word, count in counts.items()}
        return cls({word: top[0][0] for word, top in best.items() if len(top) == 1 or top[0][1] > top[1][1]})

    def language(self, text: str, told: str | None = None) -> str | None:
        """Return the language of a text as two letters, or None when it cannot be told; `told` counts when in doubt."""
        if language := guess(text, default="") or told:
            return language
        votes = Counter(self.heard[word] for word in mask(text).split() if word in self.heard)
        top = votes.most_common(2)
        return top[0][0] if top and (len(top) == 1 or top[0][1] > top[1][1]) else self._only
