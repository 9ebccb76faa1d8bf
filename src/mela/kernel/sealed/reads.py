"""Who read what of whom: noted where a value is opened, for whoever answers the request to keep.

A request has one `Reading`. What code does by itself, on an event or a timer, has none: nobody looks there.
"""

from contextvars import ContextVar
from dataclasses import dataclass, field

from mela.kernel.auth import Principal


@dataclass
class Reading:
    """What one request has read: `seen` holds service, column and row; `by` is known once the caller has proved who it is."""

    by: Principal | None = None
    seen: dict[tuple[str, str, str], None] = field(default_factory=dict)


CURRENT: ContextVar[Reading | None] = ContextVar("reading", default=None)


def note(service: str, name: str, identity: str) -> None:
    """A value of column `name` in the row `identity` was opened."""
    reading = CURRENT.get()
    if reading is not None:
        reading.seen[service, name, identity] = None
