"""A text is answered in its own language, or in the first of ours when nobody can tell."""

import pytest

from nlu.language import LANGUAGES, guess, heard


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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I want to talk to somebody please", "en"),
        ("no quiero esperar más, es una vergüenza", "es"),
        ("das ist mir zu kompliziert, ich will mein geld", "de"),
        ("je ne comprends pas votre question", "fr"),
        ("δεν καταλαβαίνω τι εννοείτε", "el"),
        ("non ho ricevuto il mio pacco, dove si trova", "it"),
    ],
)
def test_a_talk_goes_on_in_the_language_of_a_line_that_leaves_no_doubt(text: str, language: str) -> None:
    assert {heard(text, spoken) for spoken in LANGUAGES} == {language}


@pytest.mark.parametrize(
    "text",
    ["", "no", "ok", "no no no", "para", "si", "NW-20418", "Zephyr", "merci", "hallo", "iPhone 14 Pro", "👍", "ja ja"],
)
def test_a_short_line_changes_no_language(text: str) -> None:
    assert {spoken: heard(text, spoken) for spoken in LANGUAGES} == {spoken: spoken for spoken in LANGUAGES}
