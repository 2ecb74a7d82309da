"""Every word that a customer reads can be said in every language that we speak."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

import bot.pages.app
from bot.brand import read_brand

HERE = Path(bot.pages.app.__file__).parent
ROOT = HERE.parents[1]
LANGUAGES = sorted(path.name for path in (HERE / "languages").iterdir())
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
MODULES = sorted(HERE.glob("*.py"))
SCRIPTS = sorted((HERE / "static").glob("*.js"))

TO_THE_TEAM = {"The customer"}
"""What agents read of what our pages say."""

MARKS = {"_", "N_", "gettext", "ngettext"}
READ = re.compile(r"\s(?:aria-label|alt|title|placeholder|data-done)=\"([^\"]*)\"")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make words` finds."""
    to = tmp_path_factory.mktemp("words") / "pages.pot"
    where = ["--mapping", str(ROOT / "pyproject.toml"), "--ignore-dirs", "node_modules tests var .*"]
    babel: Any = CommandLineInterface()
    babel.run(["pybabel", "--quiet", "extract", *where, "--keywords", "N_", "--output", str(to), str(ROOT)])
    with to.open("rb") as file:
        return read_po(file)


def _catalog(language: str) -> Catalog:
    with (HERE / "languages" / language / "LC_MESSAGES" / "pages.po").open("rb") as file:
        return read_po(file, locale=language)


def _forms(said: object) -> list[str]:
    return [str(form) for form in said] if isinstance(said, list | tuple) else [str(said)]


def _places(said: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", said))


def test_we_speak_the_languages_of_the_brand_that_we_ship() -> None:
    assert set(read_brand(ROOT / "knock.toml").languages) == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_untranslated_and_none_is_left_over(found: Catalog, language: str) -> None:
    catalog = _catalog(language)
    ours = {_forms(message.id)[0] for message in found if message.id}
    theirs = {_forms(message.id)[0] for message in catalog if message.id}
    assert theirs == ours, "run `make words` and translate what is new"
    assert not [message.id for message in catalog if message.id and not all(_forms(message.string))]
    assert not [message.id for message in catalog if message.id and message.fuzzy]
    assert not catalog.obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_what_its_sentence_names(language: str) -> None:
    catalog = _catalog(language)
    assert not [message.id for message in catalog if message.id and not _agrees(message, catalog.num_plurals)]


def _agrees(message: Message, plurals: int) -> bool:
    ids, said = _forms(message.id), _forms(message.string)
    if message.pluralizable:
        return len(said) == plurals and _places(said[-1]) == _places(ids[-1])
    blanks = [text.count("%") - len(re.findall(r"%\(\w+\)s", text)) for text in (ids[0], said[0])]
    return _places(said[0]) == _places(ids[0]) and blanks == [0, 0] and ids[0][-1:].isspace() == said[0][-1:].isspace()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_has_no_words_of_its_own(template: Path) -> None:
    env = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)  # as the pages are made
    tree = env.parse(template.read_text("utf-8"))
    bare = "".join(data.data if isinstance(data, nodes.TemplateData) else "{}" for data in _said(tree))
    read = [re.sub(r"<[^>]*>|[\w-]+=\"[^\"]*\"", " ", bare), *READ.findall(bare)]
    assert not [word for text in read for word in re.findall(r"\w{2,}", text.replace("{}", " "))]


def _said(tree: nodes.Template) -> Iterator[nodes.Node]:
    """What is written out, in order; words inside an expression must be marked too."""
    shapes = {id(output) for block in tree.find_all(nodes.Block) if block.name == "shape" for output in block.body}
    for output in (output for output in tree.find_all(nodes.Output) if id(output) not in shapes):
        for part in output.nodes:
            if not isinstance(part, nodes.TemplateData):
                unmarked = [text.value for text in _loose(part) if isinstance(text.value, str)]
                assert not [text for text in unmarked if re.search(r"[A-Z]|\w \w", text)], unmarked
            yield part


def _loose(node: nodes.Node) -> Iterator[nodes.Const]:
    if isinstance(node, nodes.Const):
        yield node
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in MARKS:
        return
    for child in node.iter_child_nodes():
        yield from _loose(child)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_marks_its_sentences(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"))
    marked = {id(part) for call in ast.walk(tree) if _marks(call) for part in ast.walk(call)}
    notes = {id(line.value) for line in ast.walk(tree) if isinstance(line, ast.Expr)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    loose = {str(node.value) for node in texts if id(node) not in marked | notes} - TO_THE_TEAM
    assert not [text for text in loose if re.match(r"[A-Z][a-z']* \w", text)]


def _marks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_its_words_from_the_page(script: Path) -> None:
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", script.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    assert not re.findall(r"[\"'`][A-Z][a-z]+ [^\"'`]*[\"'`]", code)
