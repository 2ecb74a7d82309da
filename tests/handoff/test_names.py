"""Names on the square."""

import pytest

from handoff.names import folded, objection, tidy


@pytest.mark.parametrize(
    "name", ["Mara", "José P.", "Noor نور", "प्रिया", "王伟", "d'Arc", "x2", "Jean-Luc", "Δέσποινα"]
)
def test_people_of_any_script_have_names(name: str) -> None:
    assert objection(tidy(name), ["Northwind"]) is None


@pytest.mark.parametrize(
    "name", ["", "M", "x" * 31, "123", "<b>Mara</b>", "Mara\u202eeviL", "Ma\u200bra", "🌸🌸", "a/b", "@mara", "x\x00y"]
)
def test_names_that_would_break_or_hide_something_are_refused(name: str) -> None:
    assert objection(tidy(name))


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "Support",
        "Knock",
        "The Moderator",
        "bot",
        "Northwind",
        "northwind_help",
        "N0rthwind",
        "Adm1n",
    ]
    + ["Ｎｏｒｔｈｗｉｎｄ", "Nórthwind", "North wind"],
)
def test_nobody_passes_for_the_house(name: str) -> None:
    assert objection(tidy(name), ["Northwind"]) == "That name could be taken for ours. Pick another one."


@pytest.mark.parametrize("name", ["Νorthwind", "Маrа"])
def test_a_name_uses_one_alphabet(name: str) -> None:
    assert objection(name) == "Use the letters of one alphabet, so that nobody is taken for somebody else."


@pytest.mark.parametrize("name", ["Ηλίας", "Νίκος", "Зоя", "Μαρία"])
def test_capitals_make_no_other_name(name: str) -> None:
    assert folded(name) == folded(name.lower()) == folded(name.upper())


@pytest.mark.parametrize("other", ["MARA", "mara", "Маrа", "ma ra", "Mára", "M.a.r.a", "ｍａｒａ"])
def test_names_that_look_alike_are_one(other: str) -> None:
    assert folded(other) == folded("Mara")


def test_different_names_stay_different() -> None:
    names = ["Mara", "Maria", "Marta", "Noor", "نور", "José", "Jonas", "Aiko", "王伟", "王韦"]
    assert len({folded(name) for name in names}) == len(names)
