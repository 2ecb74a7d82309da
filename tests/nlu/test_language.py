"""A text is answered in its own language, or in the first of ours when nobody can tell."""

import pytest

from nlu.language import guess


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("my parcel is late again", "en"),
        ("¿dónde está mi pedido? no funciona nada", "es"),
        ("wo ist mein Paket, ich warte seit zwei Wochen", "de"),
        ("je n'arrive pas à me connecter", "fr"),
        ("που είναι το δέμα μου", "el"),
        ("@northwind_help https://example.org/help wo ist mein Paket", "de"),
    ],
)
def test_the_language_of_a_sentence_is_known(text: str, language: str) -> None:
    assert guess(text) == language


@pytest.mark.parametrize("text", ["", "👀", "ok", "@northwind", "12345", "https://example.org/where", "🇩🇪"])
def test_where_nobody_can_tell_it_is_the_first_of_ours(text: str) -> None:
    assert guess(text) == "en"
    assert guess(text, ("es", "en"), default="es") == "es"


def test_only_languages_that_we_speak_are_guessed() -> None:
    assert guess("wo ist mein Paket, ich warte seit zwei Wochen", ("en", "fr")) in {"en", "fr"}
