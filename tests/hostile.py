"""JSON and forms as somebody writes them who wishes a reader harm: strategies that spoil a genuine one in a few places."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

DEEP = 5_000
RAW = (
    "null", "true", "false", "0", "-1", "1", "-0.0", "1.5", "1e400", "-1e400", "NaN", "Infinity", "12950.000000001",
    str(2**31), str(2**63), str(-(2**63) - 1), "9" * 50, "9" * 6_000, '""', '" "', '"NaN"', '"1e3"', '"-5"', '"١٢٩"', r'"\u0000"',
    r'"\ud800"', r'"a\nb,c"', '"../../books"', '"%2e%2e"', '"x"', f'"{"x" * 41}"', f'"{"x" * 5_000}"', '"😀"', '"USD"', '"captured"',
    '"SUCCESS"', '"processed"', '"lost"', '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"2026-02-30T00:00:00"',
    "[]", "{}", "[{}]", "[null]", "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP,
)  # fmt: skip
"""Values as JSON texts, some of them none: what is no number, too large, too deep, too long, half a character, a path."""


class Raw(str):
    """A value that is written as it stands."""

    __slots__ = ()


class Object(list[tuple[str, Any]]):
    """An object whose keys may be there twice."""


@st.composite
def spoiled(draw: st.DrawFn, tree: object, also: Sequence[str] = ()) -> bytes:
    """A text of `tree` that differs from it in one to three places; `also`: texts that fit, and mean something else."""
    known = st.sampled_from([*map(Raw, RAW), *(Raw(json.dumps(text)) for text in also)])
    values = st.one_of(known, known, st.text(max_size=60), st.integers(), st.floats())
    node = _node(tree)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(node))
        if not places:
            break
        holder, at = draw(st.sampled_from(places))
        _spoil(holder, at, draw(st.sampled_from(["value", "value", "value", "drop", "twice"])), draw(values))
    return _text(node).encode("utf-8", "surrogatepass")


@st.composite
def spoiled_form(draw: st.DrawFn, fields: Mapping[str, str], also: Sequence[str] = ()) -> dict[str, str]:
    """Fields of which one to three are others, or missing."""
    known = [raw.strip('"') for raw in RAW] + list(also)
    values = st.one_of(st.sampled_from(known), st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    changed = dict(fields)
    for name in draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3, unique=True)):
        if draw(st.booleans()):
            changed[name] = draw(values)
        else:
            del changed[name]
    return changed


def _node(value: object) -> Any:
    if isinstance(value, Mapping):
        return Object((key, _node(each)) for key, each in value.items())
    return [_node(each) for each in value] if isinstance(value, list) else value


def _places(node: Any) -> Iterator[tuple[Any, int]]:
    """Each place in a tree: what holds it, and where there."""
    for at, each in enumerate(node if isinstance(node, list) else ()):
        yield node, at
        yield from _places(each[1] if isinstance(node, Object) else each)


def _spoil(holder: Any, at: int, how: str, value: object) -> None:
    if how == "drop":
        del holder[at]
    elif isinstance(holder, Object):
        fresh = (holder[at][0], value)
        holder[at : at + (how == "value")] = [fresh]
    else:
        holder[at] = value


def _text(node: Any) -> str:
    if isinstance(node, Raw):
        return str(node)
    if isinstance(node, Object):
        return "{" + ",".join(f"{json.dumps(key)}:{_text(each)}" for key, each in node) + "}"
    return f"[{','.join(map(_text, node))}]" if isinstance(node, list) else json.dumps(node)


def as_json(tree: object) -> bytes:
    """The genuine text."""
    return _text(_node(tree)).encode()
