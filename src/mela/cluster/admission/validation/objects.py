"""JSON values to objects of Kubernetes' types: unknown fields are reported, wrong types are undecodable.

Which fields a type has stands in `data/fields.json`. Decoded objects hold no nulls; quantities are parsed, whole floats
are integers, base64 is bytes, structs that are never missing in Go are there, and the API's defaults are filled in.
Source: https://pkg.go.dev/sigs.k8s.io/json v0.0.0-20250730193827 (read 2026-11-23).
"""

import calendar
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from mela.cluster.admission.validation import defaults
from mela.cluster.documents import Undecodable, base64_bytes
from mela.cluster.quantity import InvalidQuantity, parse

MOST_UNKNOWN = 100
"""Unknown fields after these are not reported."""
TIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})T(?:[01]?[0-9]|2[0-3])(?::[0-5][0-9]){2}(?:[.,][0-9]+)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-4]):(?:[0-5][0-9]|60))"
)
"""As Go reads RFC 3339: hours may have one digit, offsets go up to 24:60."""


@dataclass(slots=True)
class Decoder:
    """Decodes one object; `unknown` collects the paths of fields that no type has."""

    unknown: list[str] = field(default_factory=list)

    def decode(self, type_: str, value: Any, path: str = "") -> Any:
        """The value as `type_`, such as `Container`, `[]string` or `{}Quantity`.

        Raises: Undecodable.
        """
        if type_.startswith("[]"):
            return self._list(type_[2:], value, path)
        if type_.startswith("{}"):
            return self._map(type_[2:], value, path)
        if type_ in SCALARS:
            return SCALARS[type_](value, path)
        return self._struct(type_.removeprefix("*"), value, path)

    def _struct(self, type_: str, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Undecodable(f"{path or 'the document'} must be a map, not {_kind(value)}")
        known = types()[type_]
        result = {}
        for name in sorted(value):
            child = f"{path}.{name}" if path else name
            if name not in known:
                self._report(child)
            elif value[name] is not None:
                result[name] = self.decode(known[name], value[name], child)
        for name in _structs(type_):
            if name not in result:
                result[name] = self.decode(known[name], {}, path)
        defaults.fill(type_, result)
        return result

    def _list(self, type_: str, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list):
            raise Undecodable(f"{path} must be a list, not {_kind(value)}")
        return [self._item(type_, child, f"{path}[{index}]") for index, child in enumerate(value)]

    def _map(self, type_: str, value: Any, path: str) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            raise Undecodable(f"{path} must be a map, not {_kind(value)}")
        return {key: self._item(type_, value[key], f"{path}.{key}") for key in sorted(value)}

    def _item(self, type_: str, value: Any, path: str) -> Any:
        """Null in a list or a map is the type's zero."""
        if value is not None:
            return self.decode(type_, value, path)
        return ZEROS[type_] if type_ in ZEROS else self.decode(type_, {}, path)

    def _report(self, path: str) -> None:
        if len(self.unknown) < MOST_UNKNOWN:
            self.unknown.append(path)


@cache
def types() -> Mapping[str, Mapping[str, str]]:
    """The fields of every type, with their types."""
    text = resources.files(__package__).joinpath("data/fields.json").read_text(encoding="utf-8")
    fields: Mapping[str, Mapping[str, str]] = json.loads(text)["types"]
    return fields


@cache
def _structs(type_: str) -> tuple[str, ...]:
    """Fields that hold a struct even when the text has none."""
    return tuple(name for name, child in types()[type_].items() if child in types())


def _string(value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Undecodable(f"{path} must be text, not {_kind(value)}; put it in quotes")
    return value


def _boolean(value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Undecodable(f"{path} must be true or false, not {_kind(value)}")
    return value


def _whole(bits: int) -> Callable[[Any, str], int]:
    def whole(value: Any, path: str) -> int:
        number = int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value
        if (
            isinstance(number, bool)
            or not isinstance(number, int)
            or not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1)
        ):
            raise Undecodable(f"{path} must be a whole number of {bits} bits, not {_kind(value)}")
        return number

    return whole


def _whole_or_text(value: Any, path: str) -> int | str:
    return value if isinstance(value, str) else SCALARS["int32"](value, path)


def _quantity(value: Any, path: str) -> Any:
    if isinstance(value, Mapping | list):
        raise Undecodable(f"{path} must be a quantity, not {_kind(value)}")
    try:
        return parse(value)
    except InvalidQuantity as error:
        raise Undecodable(f"{path}: {error}") from error


def _bytes(value: Any, path: str) -> bytes:
    if isinstance(value, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in value):
        return bytes(value)
    return base64_bytes(_string(value, path), path)


def _time(value: Any, path: str) -> str:
    text = _string(value, path)
    match = TIME.fullmatch(text)
    if not match:
        raise Undecodable(f"{path} must be a time such as 2026-01-31T12:00:00Z")
    year, month, day = (int(match[part]) for part in ("year", "month", "day"))
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year or 2000, month)[1]:
        raise Undecodable(f"{path}: {text[:10]} is no date")
    return text


def _kind(value: Any) -> str:
    words = {type(None): "null", bool: "true or false", str: "text", list: "a list", dict: "a map"}
    return words.get(type(value), f"the number {value}")


SCALARS: Mapping[str, Callable[[Any, str], Any]] = {
    "string": _string,
    "bool": _boolean,
    "int32": _whole(32),
    "int64": _whole(64),
    "bytes": _bytes,
    "Quantity": _quantity,
    "IntOrString": _whole_or_text,
    "Time": _time,
    "Any": lambda value, path: value,
}
ZEROS: Mapping[str, Any] = {"string": "", "bool": False, "int32": 0, "int64": 0, "bytes": b"", "Quantity": parse(0)}
