"""YAML text to JSON values, exactly as the API server reads it.

The API server's reader knows YAML 1.1's words (`yes`, `off`, `~`), octal numbers (`0755`) and merge keys, reads the
first document only, keeps dates as text and lets the last of equal keys win; in strict mode it reports those keys.
Source: https://pkg.go.dev/go.yaml.in/yaml/v2 (resolve.go, decode.go) and https://pkg.go.dev/sigs.k8s.io/yaml v1.6.0
(read 2026-11-23).
"""

import base64
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from mela.cluster.wording import quote
from mela.kernel import tables

DEEPEST = 200
"""Levels of nesting that are read; no Kubernetes object has thirty."""

WORDS = (
    dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True)
    | dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False)
    | dict.fromkeys(("", "~", "null", "Null", "NULL"))
    | dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan)
    | dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf)
    | dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf)
)
INTEGER = re.compile(r"([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
BASE64 = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
SHORT_TAG = "tag:yaml.org,2002:"
TYPES = {"str": str, "bool": bool, "int": int, "float": float, "null": type(None)}


class Undecodable(ValueError):
    """A text that the API server cannot read as the object it expects."""


@dataclass(slots=True, eq=False)
class Node:
    """A node of the document: scalar text, or children (of a mapping: key, value, key, value)."""

    kind: str
    line: int
    tag: str = ""
    text: str = ""
    plain: bool = False
    children: "list[Node]" = field(default_factory=list)


@dataclass(slots=True)
class _Reading:
    """What is counted on the way: repeated keys, and how much comes from aliases."""

    repeated: list[str] = field(default_factory=list)
    decoded: int = 0
    aliased: int = 0
    open_aliases: set[int] = field(default_factory=set)


def read(text: str) -> tuple[Any, list[str]]:
    """The first document as JSON values, and a line for each key that stands twice in its map.

    Raises: Undecodable.
    """
    return values(compose(text))


def values(node: Node | None) -> tuple[Any, list[str]]:
    """The document below `node` as JSON values, and a line for each repeated key. Raises: Undecodable."""
    reading = _Reading()
    return _to_json(_value(node, reading) if node else None), reading.repeated


def compose(text: str) -> Node | None:
    """The first document as a tree that knows its lines; None if there is none. Raises: Undecodable."""
    try:
        events = iter(yaml.parse(text, Loader=tables.LOADER))
        anchors: dict[str, Node] = {}
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                return _node(next(events), events, anchors, 0)
    except (yaml.YAMLError, RecursionError) as error:
        raise Undecodable(f"not YAML: {error}") from error
    return None


def base64_bytes(text: str, place: str) -> bytes:
    """Padded base64 of the standard alphabet; line ends do not count. Raises: Undecodable, naming the place."""
    joined = text.replace("\n", "").replace("\r", "")
    if not BASE64.fullmatch(joined):
        raise Undecodable(f"{place} is not base64")
    return base64.b64decode(joined)


def _node(event: Any, events: Iterator[Any], anchors: dict[str, Node], depth: int) -> Node:
    if depth > DEEPEST:
        raise Undecodable(f"nested more than {DEEPEST} levels deep")
    line = event.start_mark.line + 1
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise Undecodable(f"line {line}: unknown anchor {event.anchor!r}")
        return Node("alias", line, text=event.anchor, children=[anchors[event.anchor]])
    tag = (event.tag or "").removeprefix(SHORT_TAG)
    if isinstance(event, yaml.ScalarEvent):
        node = Node("scalar", line, tag, event.value, plain=not event.style)
    else:
        node = Node("map" if isinstance(event, yaml.MappingStartEvent) else "list", line, tag)
    if event.anchor:
        anchors[event.anchor] = node
    if node.kind != "scalar":
        while not isinstance(child := next(events), yaml.MappingEndEvent | yaml.SequenceEndEvent):
            node.children.append(_node(child, events, anchors, depth + 1))
    return node


def _value(node: Node, reading: _Reading) -> Any:
    reading.decoded += 1
    reading.aliased += bool(reading.open_aliases)
    _refuse_bombs(reading)
    if node.kind == "alias":
        return _aliased(node, reading)
    if node.kind == "scalar":
        return _scalar(node)
    if node.kind == "list":
        return [_value(child, reading) for child in node.children]
    return _fill({}, node, reading)


def _fill(into: dict[Any, Any], node: Node, reading: _Reading) -> dict[Any, Any]:
    """Keys are kept with their type: 1, 1.0, true and "1" are four keys until the map becomes JSON."""
    for key_node, value_node in zip(node.children[::2], node.children[1::2], strict=True):
        if _is_merge(key_node):
            _merge(into, value_node, reading)
            continue
        key = _value(key_node, reading)
        if isinstance(key, dict | list):
            raise Undecodable(f"line {key_node.line}: a map or a list cannot be a key")
        value = _value(value_node, reading)
        _set(into, (type(key), key), value, value_node.line, reading)
    return into


def _set(into: dict[Any, Any], key: tuple[type, Any], value: Any, line: int, reading: _Reading) -> None:
    if key in into:
        reading.repeated.append(f"line {line}: key {_spelled(key[1])} already set in map")
    into[key] = value


def _merge(into: dict[Any, Any], node: Node, reading: _Reading) -> None:
    for source in reversed(node.children) if node.kind == "list" else [node]:
        target = source.children[0] if source.kind == "alias" else source
        if target.kind != "map":
            raise Undecodable(f"line {node.line}: a merge needs a map or a list of maps")
        if source.kind == "alias":
            for key, value in _aliased(source, reading).items():
                _set(into, key, value, target.line, reading)
        else:
            _fill(into, target, reading)


def _aliased(node: Node, reading: _Reading) -> Any:
    if id(node.children[0]) in reading.open_aliases:
        raise Undecodable(f"line {node.line}: anchor {node.text!r} contains itself")
    reading.open_aliases.add(id(node.children[0]))
    value = _value(node.children[0], reading)
    reading.open_aliases.discard(id(node.children[0]))
    return value


def _refuse_bombs(reading: _Reading) -> None:
    """At most 99 % of a small document may come from aliases, at most 10 % of one over four million values."""
    if reading.aliased <= 100 or reading.decoded <= 1000:
        return
    size = min(max(reading.decoded, 400_000), 4_000_000)
    if reading.aliased / reading.decoded > 0.99 - 0.89 * (size - 400_000) / 3_600_000:
        raise Undecodable("the document repeats itself through aliases too often")


def _is_merge(node: Node) -> bool:
    return node.kind == "scalar" and node.text == "<<" and (node.tag == "merge" or (node.plain and not node.tag))


def _scalar(node: Node) -> Any:
    if not node.tag:
        return _resolve(node.text) if node.plain else node.text
    if node.tag == "binary":
        return base64_bytes(node.text, f"line {node.line}").decode("utf-8", "replace")
    wanted = TYPES.get(node.tag)
    if wanted in (None, str):
        return node.text
    value = _resolve(node.text)
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise Undecodable(f"line {node.line}: {node.text!r} is no !!{node.tag}")
    return value


def _resolve(text: str) -> Any:
    """What a plain scalar means. Numbers too large for 64 bits are floats, those too large for a float are text."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    plain = text if text[0] == "." else text.replace("_", "")
    integer = _integer(plain)
    if integer is not None:
        return integer
    if FLOAT.fullmatch(plain) and math.isfinite(number := float(plain)):
        return number
    return text


def _integer(text: str) -> int | None:
    match = INTEGER.fullmatch(text)
    if not match:
        return None
    sign, digits = match.groups()
    prefixed = digits[:2].lower() in ("0x", "0b", "0o")
    number = int(digits, 0) if prefixed else int(digits, 8 if digits[0] == "0" else 10)
    number = -number if sign == "-" else number
    largest = 2**63 if sign else 2**64
    return number if -(2**63) <= number < largest else None


def _to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {_key(key): _to_json(child) for (_, key), child in value.items()}
    if isinstance(value, list):
        return [_to_json(child) for child in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise Undecodable("infinity and NaN are not JSON")
    return value


def _key(key: Any) -> str:
    if key is None or (isinstance(key, int) and key >= 2**63):
        raise Undecodable("null and numbers over 64 bits cannot be keys")
    if isinstance(key, bool):
        return "true" if key else "false"
    return f"{key:g}" if isinstance(key, float) else str(key)


def _spelled(key: Any) -> str:
    return quote(key) if isinstance(key, str) else _key(key)
