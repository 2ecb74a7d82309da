"""How well each language is understood: taught in English only, in all languages at once, or in each one alone.

The examples are those of nlu/data/intents, the questions those of nlu/tests/held_out. A language without examples of
its own shows what the multilingual encoder makes of the English ones.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from nlu.language import LANGUAGES
from nlu.rasa import safe
from nlu.seeds import frozen, seeds
from tests.bench.nlu import ask_rasa, share, understood


def accuracy(taught: tuple[str, ...], asked: tuple[str, ...]) -> dict[str, str]:
    """By language: how many of its utterances are understood by who was taught in the languages `taught`."""
    examples = [(safe(one.text), one.intent) for one in seeds() if one.language in taught]
    if not examples:
        return {}
    questions = [one for one in frozen() if one.language in asked]
    answers = ask_rasa(examples, [safe(one.text) for one in questions])["answers"]
    right = np.array([understood(a, ())[0] == one.intent for a, one in zip(answers, questions, strict=True)])
    return {language: share(right[[one.language == language for one in questions]]) for language in asked}


def main() -> None:
    """Print the table."""
    taught = {"English only": accuracy(("en",), LANGUAGES), "all languages": accuracy(LANGUAGES, LANGUAGES)}
    alone: dict[str, str] = {}
    for language in LANGUAGES:
        alone |= accuracy((language,), (language,))
    table = Table("taught in", *LANGUAGES)
    for name, row in (*taught.items(), ("each alone", alone)):
        table.add_row(name, *(row.get(language, "–") for language in LANGUAGES))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
