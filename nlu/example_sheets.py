"""Examples as CSV: text, intent, language, entities. No cell begins a formula, and what is written is read again."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence

from nlu.annotations import LONGEST, BadAnnotation, Entity, checked, packed, read, tidy, unpacked
from nlu.corpus import CorpusExample
from nlu.example_files import ExampleFile, Line, Mistake

COLUMNS = ("text", "intent", "language", "entities")
MARK = "\ufeff"
"""Tells spreadsheets that this is UTF-8."""

_FORMULA = re.compile("'*[ ]*[=+\\-@\t\r\n＝＋－＠]")
"""What spreadsheets take for the beginning of a formula; and the same with the apostrophes that we put before it."""


def written(examples: Iterable[CorpusExample]) -> str:
    """A table of examples."""
    into = io.StringIO()
    sheet = csv.writer(into, quoting=csv.QUOTE_ALL)
    sheet.writerow(COLUMNS)
    for one in examples:
        entities = json.dumps(packed(one.entities), ensure_ascii=False) if one.entities else ""
        sheet.writerow([guarded(one.text), one.intent, one.language, entities])
    return MARK + into.getvalue()


def read_csv(content: str) -> ExampleFile:
    """Read a table. Its first row names the columns; text and intent are needed.

    Without entities of its own, a text may have them in brackets.
    """
    found = ExampleFile()
    first = content.lstrip(MARK).split("\n", 1)[0]
    rows = csv.reader(io.StringIO(content.lstrip(MARK)), delimiter=";" if ";" in first else ",", strict=True)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if missing := {"text", "intent"} - set(names):
            found.mistakes.append(Mistake(1, f"The first row names the columns; “{max(missing)}” is missing."))
            return found
        for row in rows:
            if any(cell.strip() for cell in row):
                _read_row(found, rows.line_num, names, row)
    except csv.Error as error:
        found.mistakes.append(Mistake(rows.line_num, f"This is not CSV: {error}."))
    return found


def guarded(text: str) -> str:
    """The text behind an apostrophe if it would begin a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare(cell: str) -> str:
    """The text without the apostrophe that `guarded` put before it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _read_row(found: ExampleFile, number: int, names: Sequence[str], row: Sequence[str]) -> None:
    if len(row) > len(names):
        found.mistakes.append(Mistake(number, f"There are {len(row)} cells, and {len(names)} columns."))
        return
    cells = dict(zip(names, row, strict=False))
    try:
        text, entities = _said(cells)
        if not text:
            raise BadAnnotation("The text is empty.")
        if not (intent := cells.get("intent", "").strip()):
            raise BadAnnotation("The intent is missing.")
        if len(text) > LONGEST:
            raise BadAnnotation(f"An example has at most {LONGEST:,} characters.")
    except BadAnnotation as error:
        found.mistakes.append(Mistake(number, str(error)))
    else:
        found.lines.append(Line(number, intent, text, entities, cells.get("language", "").strip()))


def _said(cells: Mapping[str, str]) -> tuple[str, tuple[Entity, ...]]:
    text = bare(cells.get("text", ""))
    if not (said := cells.get("entities", "").strip()):
        return read(text)
    try:
        entities = json.loads(said)
    except (ValueError, RecursionError):
        raise BadAnnotation("The entities are not JSON.") from None
    if not isinstance(entities, list):
        raise BadAnnotation("The entities are a list, as [{…}].")
    return tidy(text), checked(tidy(text), unpacked(entities))
