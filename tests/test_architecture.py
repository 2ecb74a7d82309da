"""The house rules that no other tool checks: sizes, what opens a module, and where the dangerous calls may stand."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "handoff", "nlu", "actions")
LONGEST_MODULE = 300
MEDIAN_MODULE = 100
FUNCTION_P90 = 25
UNWANTED = {"utils", "util", "helpers", "helper", "common", "core", "lib", "misc", "base_utils"}
NETWORK = {"offer", "send", "find_offer", "public_thread"}
"""The methods of a channel that leave the process."""


def _modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    kept = [path for path in found if not {"node_modules", "versions"} & set(path.parts)]
    return sorted(kept)


OURS = _modules(*PACKAGES)
ALL = _modules(*PACKAGES, "tests")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _calls(tree: ast.AST, *names: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


def test_there_are_four_packages_and_no_fifth() -> None:
    found = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert found == {*PACKAGES, "tests"}


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_a_module_opens_with_a_sentence_on_what_it_is_for(path: Path) -> None:
    sentence = ast.get_docstring(_tree(path))
    assert sentence, "no docstring"
    assert sentence.split("\n\n")[0].rstrip().endswith((".", "?", ")")), "the docstring does not open with a sentence"


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_a_module_is_short(path: Path) -> None:
    assert _lines(path) <= LONGEST_MODULE


def test_most_modules_are_very_short() -> None:
    assert median(_lines(path) for path in OURS if path.name != "__init__.py") <= MEDIAN_MODULE


def test_functions_are_short() -> None:
    sizes = [(node.end_lineno or 0) - node.lineno + 1 for path in OURS for node in _functions(_tree(path))]
    assert quantiles(sizes, n=10)[-1] <= FUNCTION_P90


@pytest.mark.parametrize("path", [path for path in ALL if path.name == "__init__.py"], ids=_name)
def test_a_package_file_holds_only_its_table_of_contents(path: Path) -> None:
    tree = _tree(path)
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("package", ["bot", "handoff", "nlu"])
def test_a_table_of_contents_names_only_what_there_is(package: str) -> None:
    contents = ast.get_docstring(_tree(ROOT / package / "__init__.py")) or ""
    for name in re.findall(r"^(\w+)/?  +\S", contents, re.MULTILINE):
        there = (ROOT / package / f"{name}.py", ROOT / package / name)
        assert any(path.exists() for path in there), f"{package} has no {name}"


def test_no_module_is_named_for_being_a_drawer() -> None:
    assert not [_name(path) for path in ALL if {path.stem, *path.relative_to(ROOT).parts} & UNWANTED]


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_nothing_is_imported_inside_a_function(path: Path) -> None:
    inside = [
        node.lineno
        for function in _functions(_tree(path))
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside


def test_imports_run_in_no_circle() -> None:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in OURS}
    left = {name: set(_imports(path)) & set(names) - {name} for name, path in names.items()}
    while free := {name for name, wanted in left.items() if not wanted & set(left)}:
        left = {name: wanted for name, wanted in left.items() if name not in free}
    assert not left, f"a circle among {sorted(left)}"


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_only_the_database_module_commits() -> None:
    found = {_name(path) for path in OURS if _calls(_tree(path), "commit")}
    assert found == {"handoff/database.py"}


def test_every_transaction_has_a_name_of_its_own() -> None:
    names = [
        call.args[0].value
        for path in OURS
        for call in _calls(_tree(path), "transaction")
        if call.args and isinstance(call.args[0], ast.Constant)
    ]
    assert not {one for one, other in pairwise(sorted(map(str, names))) if one == other}


def test_every_call_of_a_channel_stands_in_a_failpoint() -> None:
    bare = []
    for path in _modules("bot"):
        if "channels" in path.parts or path.name == "__main__.py":
            continue
        tree = _tree(path)
        framed = {id(call) for block in _outside_blocks(tree) for call in _calls(block, *NETWORK)}
        bare += [f"{_name(path)}:{call.lineno}" for call in _calls(tree, *NETWORK) if _leaves(call, framed)]
    assert not bare


def _outside_blocks(tree: ast.AST) -> Iterator[ast.AsyncWith]:
    for node in ast.walk(tree):
        if isinstance(node, ast.AsyncWith) and any("outside(" in ast.unparse(item) for item in node.items):
            yield node


def _leaves(call: ast.Call, framed: set[int]) -> bool:
    return "_channels[" in ast.unparse(call.func) and id(call) not in framed


def test_httpx_is_used_where_platforms_and_rasa_are_known_and_nowhere_else() -> None:
    users = {_name(path) for path in OURS if "httpx" in set(_imports(path))}
    assert users <= {"nlu/rasa.py", "bot/doctor.py", "bot/reach.py", "handoff/web/provider.py"} | {
        _name(path) for path in _modules("bot/channels")
    }


@pytest.mark.parametrize("path", _modules("tests"), ids=_name)
def test_no_test_reaches_into_our_code(path: Path) -> None:
    tree = _tree(path)
    assert not [node.lineno for node in _calls(tree, "setattr", "setitem", "patch") if _on_monkeypatch(node)]
    assert not {name for name in _imports(path) if name.split(".")[0] == "mock" or name.startswith("unittest.mock")}


def _on_monkeypatch(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in ("monkeypatch", "mocker", "mock")


@pytest.mark.parametrize("path", _modules("tests"), ids=_name)
def test_no_test_is_skipped(path: Path) -> None:
    assert not re.search(r"pytest\.(mark\.skip|skip|importorskip)", path.read_text("utf-8"))


NPM = [ROOT / "package-lock.json", *sorted(ROOT.glob("tests/peers/*/package-lock.json"))]


@pytest.mark.parametrize("lock", NPM, ids=_name)
def test_s6_every_package_of_npm_is_pinned_by_its_hash(lock: Path) -> None:
    packages = [values for name, values in json.loads(lock.read_text())["packages"].items() if name]
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages)
    assert not any("resolved" in one for one in packages), "any mirror serves"


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements*.lock")), ids=lambda path: path.name)
def test_s6_every_package_of_python_is_pinned_by_its_hash(lock: Path) -> None:
    pins = re.findall(r"^\S+==\S+.*?(?=^\S|\Z)", lock.read_text(), re.MULTILINE | re.DOTALL)
    assert pins
    assert all("--hash=sha256:" in pin for pin in pins)
