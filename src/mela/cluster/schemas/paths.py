"""Field paths: from upstream's text to keys and indexes, and to the form that people read."""

from collections.abc import Mapping
from typing import Any

from mela.cluster.objects import Path


def locate(data: Any, text: str) -> Path:
    """The path that upstream writes as `spec.ports[0].name` or `metadata.labels[example.com/a.b]`, found in `data`.

    Keys may hold dots and slashes, so those that stand in `data` go first; a step that is not there ends its name at the next dot.
    """
    path: list[str | int] = []
    while text:
        if text.startswith("[") and isinstance(data, list):
            index, _, text = text[1:].partition("]")
            step: str | int = int(index) if index.isdecimal() else index
            data = data[step] if isinstance(step, int) and step < len(data) else None
        else:
            step, text = _key(data, text)
            data = data.get(step) if isinstance(data, Mapping) else None
        path.append(step)
        text = text.removeprefix(".")
    return tuple(path)


def _key(data: Any, text: str) -> tuple[str, str]:
    """The next key and the rest. A key in brackets ends with its bracket."""
    if text.startswith("["):
        text, end = text[1:], "]"
    else:
        end = ""
    known = data if isinstance(data, Mapping) else {}
    fitting = [key for key in known if isinstance(key, str) and key and _is_next(text, key, end)]
    if fitting:
        key = max(fitting, key=len)
        return key, text[len(key) + len(end) :]
    stops = [position for stop in (end or ".[") if (position := text.find(stop)) > 0]
    cut = min(stops, default=len(text))
    return text[:cut], text[cut + len(end) :]


def _is_next(text: str, key: str, end: str) -> bool:
    rest = text[len(key) :]
    return text.startswith(key) and (rest.startswith(end) if end else not rest or rest[0] in ".[")


def spell(path: Path) -> str:
    """`spec.ports[0].name`; keys that hold a dot or a slash stand in brackets."""
    text = ""
    for step in path:
        if isinstance(step, int) or "." in step or "/" in step:
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text or "the object"
