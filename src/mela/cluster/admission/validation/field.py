"""A value with its path in the object, and the errors found there.

Rules walk an object with `field["spec"]["replicas"]`; the path comes along. A missing value is None, and children of a
missing value are missing too. Source: https://pkg.go.dev/k8s.io/apimachinery@v0.36.3/pkg/util/validation/field (2026-11).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mela.cluster.quantity import Quantity
from mela.cluster.wording import join_quoted


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field. `type` is upstream's, such as FieldValueInvalid; `value` a short scalar or None."""

    type: str
    field: str
    detail: str = ""
    value: str | int | float | bool | None = None

    def __str__(self) -> str:
        return f"{self.field}: {self.detail or self.type}"


@dataclass(frozen=True, slots=True)
class Field:
    """A value and where it stands. The path of the whole object is empty."""

    value: Any
    path: str = ""

    def __getitem__(self, name: str) -> "Field":
        """The child field `name`."""
        child = self.value.get(name) if isinstance(self.value, Mapping) else None
        return Field(child, f"{self.path}.{name}" if self.path else name)

    def __bool__(self) -> bool:
        return bool(self.value)

    @property
    def is_set(self) -> bool:
        """Present and not null; it may be empty or zero."""
        return self.value is not None

    @property
    def text(self) -> str:
        """The string, or an empty one."""
        return self.value or ""

    @property
    def number(self) -> int:
        """The integer, or zero."""
        return self.value or 0

    def down(self, *names: str) -> "Field":
        """The descendant along `names`."""
        field = self
        for name in names:
            field = field[name]
        return field

    def elements(self) -> "Iterator[Field]":
        """The elements of a list, with their index in the path."""
        return (Field(value, f"{self.path}[{index}]") for index, value in enumerate(self.value or ()))

    def entries(self) -> "Iterator[tuple[str, Field]]":
        """The keys of a map, with the values; the key stands in the path."""
        return ((key, Field(value, f"{self.path}[{key}]")) for key, value in (self.value or {}).items())

    def entry(self, key: str) -> "Field":
        """The value at a key of a map."""
        return Field((self.value or {}).get(key), f"{self.path}[{key}]")

    def element(self, index: int) -> "Field":
        """The element at `index`, which may not exist."""
        return Field(None, f"{self.path}[{index}]")

    def required(self, detail: str = "must be given") -> FieldError:
        return FieldError("FieldValueRequired", self.path, detail)

    def invalid(self, detail: str) -> FieldError:
        return FieldError("FieldValueInvalid", self.path, detail, _scalar(self.value))

    def forbidden(self, detail: str) -> FieldError:
        return FieldError("FieldValueForbidden", self.path, detail)

    def duplicate(self) -> FieldError:
        return FieldError("FieldValueDuplicate", self.path, "stands here a second time", _scalar(self.value))

    def not_found(self, detail: str) -> FieldError:
        return FieldError("FieldValueNotFound", self.path, detail, _scalar(self.value))

    def unsupported(self, supported: Iterable[str]) -> FieldError:
        detail = f"must be one of {join_quoted(supported)}"
        return FieldError("FieldValueNotSupported", self.path, detail, _scalar(self.value))

    def too_long(self, most: int) -> FieldError:
        return FieldError("FieldValueTooLong", self.path, f"may not have more than {most} bytes")

    def too_many(self, most: int) -> FieldError:
        return FieldError("FieldValueTooMany", self.path, f"must have at most {most} items")


Rule = Callable[[Field], Iterable[FieldError]]
"""Looks at a field and says what is wrong."""


def _scalar(value: Any) -> str | int | float | bool | None:
    if isinstance(value, Quantity):
        return str(value)
    return value if isinstance(value, str | int | float | bool) else None
