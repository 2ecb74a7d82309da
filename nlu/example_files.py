"""Reads examples and patterns out of Rasa's YAML, line by line; what cannot be taken is named with its line."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from nlu.annotations import LONGEST, BadAnnotation, Entity, read
from nlu.corpus import Pattern, PatternKind

Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 12
KINDS: dict[str, PatternKind] = {"synonym": "synonym", "regex": "regex", "lookup": "lookup"}


@dataclass(frozen=True, slots=True)
class Line:
    """One example as it stands in a file."""

    number: int
    intent: str
    text: str
    entities: tuple[Entity, ...] = ()
    language: str = ""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A line that cannot be taken, and why."""

    line: int
    why: str


@dataclass
class ExampleFile:
    """What a file says, and what is wrong in it."""

    lines: list[Line] = field(default_factory=list)
    patterns: list[tuple[int, Pattern]] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, node: Node, why: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(node.start_mark.line + 1, why))


def read_yaml(content: str) -> ExampleFile:
    """Read the `nlu:` part of a file. Aliases, tags and deep nesting are refused before anything is built of them."""
    found = ExampleFile()
    try:
        if why := _refused(content):
            found.mistakes.append(why)
            return found
        root = yaml.compose(content, Loader=Loader)
    except yaml.YAMLError as error:
        found.mistakes.append(
            Mistake(_line_of(error), f"This is not YAML: {getattr(error, 'problem', None) or error}.")
        )
        return found
    if not isinstance(root, MappingNode):
        found.mistakes.append(
            Mistake(
                1,
                "A file of examples begins with “nlu:”, and a table (CSV) with the names of its columns: text,intent.",
            )
        )
        return found
    for key, value in root.value:
        if key.value == "nlu":
            _read_items(found, value)
        elif key.value != "version":
            found.wrong(key, f"Only the part “nlu:” is taken; this file also has “{key.value}”.")
    return found


def _refused(content: str) -> Mistake | None:
    depth = 0
    for event in yaml.parse(content, Loader=Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            return Mistake(line, "Anchors and aliases (& and *) are not taken. Write the text out.")
        if getattr(event, "tag", None) not in (None, "!"):
            return Mistake(line, "Tags (!) are not taken. Leave them out.")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            return Mistake(line, "This is nested too deeply for a file of examples.")
    return None


def _line_of(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 1 if mark else 1


def _read_items(found: ExampleFile, items: Node) -> None:
    if isinstance(items, ScalarNode) and not items.value:
        return
    if not isinstance(items, SequenceNode):
        found.wrong(items, "“nlu:” is a list: each item begins with “- intent:”.")
        return
    for item in items.value:
        parts = _parts(item)
        kind = next((kind for kind in ("intent", *KINDS) if kind in parts), None)
        if kind is None:
            found.wrong(item, "An item is an intent, a synonym, a regex or a lookup.")
        elif not isinstance(parts[kind], ScalarNode):
            found.wrong(parts[kind], f"Write the name behind “{kind}:”.")
        elif unknown := set(parts) - {kind, "examples", "metadata"}:
            found.wrong(item, f"“{min(map(str, unknown))}” is not taken here.")
        elif kind == "intent":
            _read_intent(found, parts[kind], parts.get("examples"))
        else:
            _read_patterns(found, KINDS[kind], parts[kind], parts.get("examples"))


def _parts(node: Node) -> dict[str, Node]:
    """What stands under each name; a key that is no name is nothing that is read here."""
    if not isinstance(node, MappingNode):
        return {}
    return {key.value if isinstance(key, ScalarNode) else "?": value for key, value in node.value}


def _read_intent(found: ExampleFile, name: Node, examples: Node | None) -> None:
    for number, marked in _lines(found, name, examples):
        try:
            if len(marked) > LONGEST:
                raise BadAnnotation(f"An example has at most {LONGEST:,} characters.")
            text, entities = read(marked)
            if not text:
                raise BadAnnotation("This example is empty.")
        except BadAnnotation as error:
            found.mistakes.append(Mistake(number, str(error)))
        else:
            found.lines.append(Line(number, name.value, text, entities))


def _read_patterns(found: ExampleFile, kind: PatternKind, name: Node, examples: Node | None) -> None:
    value = name.value if kind == "synonym" else ""
    entity = "" if kind == "synonym" else name.value
    for number, text in _lines(found, name, examples):
        found.patterns.append((number, Pattern(entity, kind, " ".join(text.split()), value)))


def _lines(found: ExampleFile, name: Node, examples: Node | None) -> Iterator[tuple[int, str]]:
    if isinstance(examples, ScalarNode):
        yield from _block(found, examples)
    elif isinstance(examples, SequenceNode):
        for one in examples.value:
            parts = _parts(one) if isinstance(one, MappingNode) else {"text": one}
            if isinstance(parts.get("text"), ScalarNode):
                yield one.start_mark.line + 1, parts["text"].value
            else:
                found.wrong(one, "An example is a text.")
    else:
        found.wrong(name, f"“{name.value}” has no examples.")


def _block(found: ExampleFile, node: ScalarNode) -> Iterator[tuple[int, str]]:
    first = node.start_mark.line + (2 if node.style in ("|", ">") else 1)
    for number, line in enumerate(node.value.split("\n"), first):
        if line.startswith("-"):
            yield number, line[1:]
        elif line.strip():
            found.mistakes.append(
                Mistake(number, f"An example begins with “- ”; this line does not: {line.strip()[:80]}")
            )
