"""Text to objects: many documents, JSON, lists; what cannot be read becomes a mishap, and the rest is still read.

Documents are cut at `---` before they are parsed, as kubectl does, so one broken document hides no other.
Source: https://pkg.go.dev/k8s.io/apimachinery@v0.36.3/pkg/util/yaml#NewDocumentDecoder (read 2026-11-23).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mela.cluster import documents
from mela.cluster.objects import Document, Mishap, Object, Source

LARGEST_FILE = 64 * 2**20
"""Bytes of one file that are read. A request may have 3 MiB, so this is room for twenty of the largest objects."""
LARGEST_DOCUMENT = 8 * 2**20
"""Characters of one document, which may be a list of thousands of objects. It bounds memory."""

MOST_REPEATED = 100
"""Repeated keys of one document that are told."""

_SEPARATOR = re.compile(r"^---(?=\s|\Z)", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{|\{%|<%")
_MARK = re.compile(r"^line (\d+): ")


def decode(raw: bytes, file: str) -> str | Mishap:
    """The text of a file's bytes, which must be UTF-8."""
    if len(raw) > LARGEST_FILE:
        return Mishap("unreadable", Source(file), f"it has more than {LARGEST_FILE // 2**20} MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return Mishap("unreadable", Source(file, line), f"byte {raw[error.start]:#04x} is not UTF-8")


def read(text: str, file: str) -> Iterator[Object | Mishap]:
    """The objects in a text, in their order. Documents that do not look like objects are passed over."""
    for first, part in split(text):
        if part.strip() in ("", "---"):
            continue
        if len(part) > LARGEST_DOCUMENT:
            mebibytes = LARGEST_DOCUMENT // 2**20
            yield Mishap("unreadable", Source(file, first), f"the document has more than {mebibytes} MiB")
            continue
        yield from _document(part, first, file)


def split(text: str) -> Iterator[tuple[int, str]]:
    """The documents of a text, each with its first line. The `---` stays with the document that it begins."""
    starts = [0, *(match.start() for match in _SEPARATOR.finditer(text) if match.start())]
    line = 1
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        yield line, text[start:end]
        line += text.count("\n", start, end)


def _document(text: str, first: int, file: str) -> Iterator[Object | Mishap]:
    try:
        value, repeated = _parse(text)
    except documents.Undecodable as error:
        found = _unreadable(str(error), first, file)
        yield replace(found, rule="template-not-rendered") if _TEMPLATE.search(text) else found
        return
    for said in repeated[:MOST_REPEATED]:
        line = int(match[1]) if (match := _MARK.match(said)) else 1
        yield Mishap("repeated-key", Source(file, first - 1 + line), _MARK.sub("", said))
    if isinstance(value, Mapping):
        yield from _objects(value, Document(text, first), file)


def _parse(text: str) -> tuple[Any, list[str]]:
    """YAML; text that begins like JSON may also use what only JSON knows, such as surrogate pairs."""
    try:
        return documents.read(text)
    except documents.Undecodable:
        if not text.lstrip().startswith("{"):
            raise
        try:
            return json.loads(text), []
        except (ValueError, RecursionError):
            pass
        raise


def _objects(value: Mapping[str, Any], document: Document, file: str) -> Iterator[Object | Mishap]:
    kind, api_version = value.get("kind"), value.get("apiVersion")
    if (kind is None and api_version is None) or str(kind).startswith("ENC["):
        return  # nothing of Kubernetes, or wholly encrypted by SOPS
    items = value.get("items", "")
    if isinstance(kind, str) and kind.endswith("List") and (items is None or isinstance(items, list)):
        for index, item in enumerate(items or ()):
            yield from _item(item, Document(document.text, document.first, (*document.path, "items", index)), file)
        return
    source = Source(file, document.line_of(("apiVersion",)) if document.path else _first_line(document))
    if not (isinstance(kind, str) and kind and isinstance(api_version, str) and api_version):
        if not isinstance(value.get("metadata"), Mapping):
            return  # another tool's file, such as a chart's index
        missing = "kind" if not isinstance(kind, str) or not kind else "apiVersion"
        yield Mishap("untyped", source, f"{missing} is missing or no text")
        return
    yield Object.of(value, source, document)


def _item(item: Any, document: Document, file: str) -> Iterator[Object | Mishap]:
    if isinstance(item, Mapping) and len(document.path) < 20:
        yield from _objects(item, document, file)


def _first_line(document: Document) -> int:
    """The first line with content, without reading the document again."""
    for offset, line in enumerate(document.text.split("\n", 200)):
        if line.strip() and not line.lstrip().startswith(("#", "---", "%")):
            return document.first + offset
    return document.first


def _unreadable(said: str, first: int, file: str) -> Mishap:
    """A report of libyaml in one sentence, with the line counted in the file."""
    line, reason = 0, said.removeprefix("not YAML: ")
    marks = re.findall(r"line (\d+)", reason)
    if marks:
        line = int(marks[-1]) - 1
    reason = re.sub(r'\s*in "<[^>]*>", line \d+, column \d+:?\s*', ", ", reason)
    reason = re.sub(r"^line \d+: ", "", reason).strip(" ,\n")
    return Mishap("unreadable", Source(file, first + line), " ".join(reason.split()))
