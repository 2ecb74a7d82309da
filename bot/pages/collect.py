"""What `make words` finds besides calls of `_`: the sentences that errors carry as their docstrings, or return."""

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import BinaryIO

Found = tuple[int, str, str, list[str]]
"""Line, function, sentence, comments, as Babel wants them."""


def sentences(
    file: BinaryIO, keywords: Mapping[str, object], tags: Collection[str], options: Mapping[str, object]
) -> Iterator[Found]:
    """The docstrings of classes, and the texts that functions return: a method of extraction for Babel."""
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.ClassDef) and (said := ast.get_docstring(node)):
            yield node.lineno, "", said, []
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, "", node.value.value, []
