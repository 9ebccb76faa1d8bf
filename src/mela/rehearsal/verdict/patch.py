"""Changes in the files themselves: the text at a field's line is replaced, comments and layout stay.

What is written is read again: if anything but the named fields would differ, nothing is written.
"""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any

import yaml

from mela.cluster.manifests import texts
from mela.cluster.objects import Object, Path
from mela.rehearsal.verdict import fields
from mela.rehearsal.verdict.model import Change


class CannotPatch(ValueError):
    """A change that can't be made in a file; its text says why and what a person does instead."""


def unified(changes: Sequence[Change], root: FilePath | None = None) -> str:
    """A unified diff for `git apply` and `patch -p1`; file names are those under `root`, by default as they were given.

    Raises: CannotPatch; OSError if a file can't be read any more.
    """
    written: list[str] = []
    for file, text in edited(changes).items():
        before = FilePath(file).read_text(encoding="utf-8")
        name = FilePath(file).relative_to(root).as_posix() if root else FilePath(file).as_posix().lstrip("/")
        lines = difflib.unified_diff(
            before.splitlines(keepends=True), text.splitlines(keepends=True), f"a/{name}", f"b/{name}"
        )
        written += [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]
    return "".join(written)


def edited(changes: Sequence[Change]) -> dict[str, str]:
    """The new text of each file that the changes touch. Raises: CannotPatch, OSError."""
    by_file: dict[str, list[Change]] = {}
    for one in changes:
        by_file.setdefault(one.thing.source.file, []).append(one)
    return {file: _edited(file, group) for file, group in by_file.items()}


def _edited(file: str, changes: Sequence[Change]) -> str:
    if not FilePath(file).is_file():
        raise CannotPatch(f"{file} is no file here, so it is for you to change: {_told(changes)}.")
    before = FilePath(file).read_text(encoding="utf-8")
    documents: dict[int, tuple[str, str]] = {}
    for one in changes:
        document = one.thing.document
        if document is None or document.text not in before:
            raise CannotPatch(f"{file} is not what was read; a tool made it, or it changed since: {_told([one])}.")
        original, now = documents.get(document.first, (document.text, document.text))
        documents[document.first] = original, _replaced(now, (*document.path, *one.path), one)
    text = before
    for first in sorted(documents, reverse=True):
        original, now = documents[first]
        at = sum(map(len, before.splitlines(keepends=True)[: first - 1]))
        text = text[:at] + now + text[at + len(original) :]
    _hold(file, before, text, changes)
    return text


def _told(changes: Iterable[Change]) -> str:
    return "; ".join(f"{one.thing.title} {'.'.join(map(str, one.path))} = {one.after}" for one in changes)


def _replaced(text: str, path: Path, change: Change) -> str:
    """The text of a document with the value at a path."""
    lines = text.splitlines(keepends=True)
    node, rest = _nearest(yaml.compose(text, Loader=yaml.SafeLoader), path)
    return _inserted(lines, node, rest, change) if rest else _scalar(lines, node, change.after)


def _nearest(node: Any, path: Path) -> tuple[Any, Path]:
    """The deepest node on a path that is written, and what of the path is left."""
    for place, step in enumerate(path):
        found = None
        if isinstance(node, yaml.MappingNode):
            found = next((value for key, value in reversed(node.value) if key.value == str(step)), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            found = node.value[step]
        if found is None:
            return node, path[place:]
        node = found
    return node, ()


def _scalar(lines: list[str], node: Any, value: Any) -> str:
    start, end = node.start_mark, node.end_mark
    if not isinstance(node, yaml.ScalarNode) or start.line != end.line:
        raise CannotPatch("the field is written over several lines; change it by hand")
    quote = node.style if node.style in ("'", '"') else ""
    line = lines[start.line]
    spelled = f"{quote}{value}{quote}" if quote else _plain(value)
    lines[start.line] = line[: start.column] + spelled + line[end.column :]
    return "".join(lines)


def _plain(value: Any) -> str:
    """A scalar without quotes where YAML reads it back as the same."""
    text = str(value)
    return text if yaml.safe_load(text) == value else json.dumps(value)


def _inserted(lines: list[str], node: Any, rest: Path, change: Change) -> str:
    """A key that was not written goes into the map above it, as that map is laid out."""
    if not isinstance(node, yaml.MappingNode) or not node.value or not all(isinstance(step, str) for step in rest):
        raise CannotPatch(f"there is no place for it yet; write it by hand: {_told([change])}")
    if node.flow_style:
        at = node.start_mark
        line = lines[at.line]
        nested = _plain(change.after)
        for step in reversed(rest[1:]):
            nested = f"{{{step}: {nested}}}"
        lines[at.line] = f"{line[: at.column + 1]}{rest[0]}: {nested}, {line[at.column + 1 :]}"
        return "".join(lines)
    column = node.value[0][0].start_mark.column
    entry = [f"{' ' * (column + 2 * depth)}{step}:" for depth, step in enumerate(rest)]
    entry[-1] += f" {_plain(change.after)}"
    at_line = node.value[1][0].start_mark.line if len(node.value) > 1 else _last_line(node.value[0][1]) + 1
    while at_line and lines[at_line - 1].lstrip().startswith("#") and _indent(lines[at_line - 1]) == column:
        at_line -= 1
    if at_line and not lines[at_line - 1].endswith("\n"):
        lines[at_line - 1] += "\n"
    lines[at_line:at_line] = [f"{line}\n" for line in entry]
    return "".join(lines)


def _last_line(node: Any) -> int:
    """The last line of a node that has content; the end of a block is where the next one begins."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style or not node.value:
        return int(node.end_mark.line)
    last = node.value[-1]
    return _last_line(last[1] if isinstance(last, tuple) else last)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _hold(file: str, before: str, after: str, changes: Sequence[Change]) -> None:
    """Reads what would be written. Raises: CannotPatch if it is anything but the changes."""
    wanted = [_wanted(thing, changes) for thing in texts.read(before, file) if isinstance(thing, Object)]
    found = [thing.data for thing in texts.read(after, file) if isinstance(thing, Object)]
    if found != wanted:
        raise CannotPatch(f"{file} could not be changed without changing more; do it by hand: {_told(changes)}.")


def _wanted(thing: Object, changes: Sequence[Change]) -> Mapping[str, Any]:
    data: Mapping[str, Any] = thing.data
    for one in changes:
        if (one.thing.type, one.thing.namespace, one.thing.name) == (thing.type, thing.namespace, thing.name):
            data = fields.put(data, one.path, one.after)
    return data
