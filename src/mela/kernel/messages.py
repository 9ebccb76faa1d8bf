"""What services send each other: frozen dataclasses, and their JSON.

An event is a fact in the past tense, with a name that never changes and a key. Events with the same key arrive in order.

    @event("payments.captured", key="order_id")
    @dataclass(frozen=True)
    class PaymentCaptured: ...
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, TypeVar, cast

import orjson
from pydantic import TypeAdapter

T = TypeVar("T")
E = TypeVar("E", bound=type)
_by_name: dict[str, type] = {}


@dataclass(frozen=True)
class EventMeta:
    """How an event class is known on the wire."""

    name: str
    key: str


class IsEvent(Protocol):
    """A class decorated with `event`."""

    __event__: EventMeta


def event(name: str, *, key: str) -> Callable[[E], E]:
    """Register a frozen dataclass as the event `name` (`<service>.<past tense>`), ordered by its field `key`.

    Raises: ValueError for a second class of that name, or a key that is no field.
    """

    def register(cls: E) -> E:
        if key not in cls.__annotations__:
            raise ValueError(f"{cls.__name__} has no field {key!r} to be ordered by")
        known = _by_name.setdefault(name, cls)
        if known.__qualname__ != cls.__qualname__:
            raise ValueError(f"event {name!r} is {known.__qualname__} already")
        cast(Any, cls).__event__ = EventMeta(name, key)
        return cls

    return register


def meta(cls_or_event: object) -> EventMeta:
    """Name and key field of an event or event class."""
    return cast(IsEvent, cls_or_event).__event__


def event_class(name: str) -> type:
    """The class of a name. Raises: KeyError when this process has not imported it."""
    return _by_name[name]


@cache
def adapter(of: Any) -> TypeAdapter[Any]:
    """Pydantic's validator and encoder of a type, built once."""
    return TypeAdapter(of)


def to_json(value: object) -> bytes:
    """Compact JSON of a dataclass or JSON-shaped value: the same bytes for equal values, whatever the order of their keys."""
    return orjson.dumps(value, _plain, orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS)


def _plain(value: object) -> object:
    """What orjson does not know: a set travels as a sorted list. Raises: TypeError for anything else."""
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def from_json(of: type[T], data: bytes | str) -> T:
    """A value of type `of`, checked. Raises: pydantic.ValidationError."""
    return cast(T, adapter(cast(Any, of)).validate_json(data))
