"""The documents keep up with the code: settings, tables and words are in them, and their links lead somewhere."""

import re
from pathlib import Path

import pytest

from bot.settings import BotSettings
from handoff.tables import METADATA

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LOCKS = sorted(
    path
    for pattern in ("requirements*.lock", "**/package-lock.json")
    for path in ROOT.glob(pattern)
    if not {"node_modules", "var"} & set(path.parts) and not any(part.startswith(".") for part in path.parts)
)
WORDS = """
channel post mention detect offer opt-in customer thread message triage intent handoff case inbox agent admin claim
release close reply note deliver example train model surge announcement forget square update promise attempt
"""


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def test_every_setting_is_in_the_table_and_nothing_else_is() -> None:
    rows = set(re.findall(r"^\| `(KNOCK_\w+)`", _text("docs/operations.md"), re.MULTILINE))
    assert rows == {f"KNOCK_{name.upper()}" for name in BotSettings.model_fields}


def test_every_variable_of_the_example_is_a_setting() -> None:
    named = set(re.findall(r"KNOCK_\w+", _text(".env.example")))
    assert named <= {f"KNOCK_{name.upper()}" for name in BotSettings.model_fields}


def test_every_table_is_in_the_glossary_and_no_other() -> None:
    rows = set(re.findall(r"^\| `(\w+)`", _text("docs/glossary.md"), re.MULTILINE))
    assert rows == set(METADATA.tables)


@pytest.mark.parametrize("word", WORDS.split())
def test_every_word_is_in_the_glossary(word: str) -> None:
    assert f"**{word}**" in _text("docs/glossary.md")


@pytest.mark.parametrize("path", DOCUMENTS, ids=_name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text("utf-8")):
        if not link.startswith(("http:", "https:", "mailto:")):
            assert (path.parent / link).exists(), link


@pytest.mark.parametrize("path", LOCKS, ids=_name)
def test_a_lock_file_names_no_download_host(path: Path) -> None:
    assert not re.search(r"://\S+\.(whl|tgz|tar\.gz|zip)", path.read_text("utf-8"))
    assert not re.search(r"index-url|find-links|\"resolved\"", path.read_text("utf-8"))


def test_no_document_names_a_folder_of_one_machine() -> None:
    files = [
        *DOCUMENTS,
        *LOCKS,
        *(ROOT / name for name in ("Makefile", "pyproject.toml", "knock.toml", ".env.example")),
    ]
    assert not [_name(path) for path in files if re.search(r"(?<![\w.])/(work|root|home)/\w", path.read_text("utf-8"))]


def test_every_test_that_the_architecture_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", _text("ARCHITECTURE.md"))
    assert len(named) >= 10
    assert not [name for path, name in named if f"def {name}" not in _text(path) and name]
