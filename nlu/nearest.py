"""The examples that are most like a text, by their letters: for models that do not tell that themselves."""

from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.corpus import Corpus, CorpusExample


class Nearest:
    """Made of a corpus, in a second for some thousand examples; asked in milliseconds."""

    def __init__(self, corpus: Corpus) -> None:
        self.sha256, self._examples = corpus.sha256, corpus.examples
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True)
        self._matrix = self._letters.fit_transform([one.text for one in corpus.examples] or ["-"])

    def to(self, text: str, most: int = 3) -> Sequence[CorpusExample]:
        """The examples that have letters in common with it, the most like it first."""
        likeness = (self._matrix @ self._letters.transform([text]).T).toarray().ravel()
        order = likeness.argsort()[::-1][:most]
        return [self._examples[one] for one in order if self._examples and likeness[one] > 0]
