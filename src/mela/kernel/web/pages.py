"""Lists: one shape for all of them, and where one was left off.

A list that is never long comes whole, on its only page: one loop of a client reads any list.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from mela.kernel.errors import Rejected

T = TypeVar("T")
_POSITION = re.compile("[0-9]{1,15}")
Cursor = Annotated[str | None, Query(max_length=120, description="`next_cursor` of the page before")]
"""Where the page before ended. Each list knows its own cursors, and refuses others (`bad_cursor`)."""


class Page(BaseModel, Generic[T]):
    """A page of a list."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    items: list[T] = Field(description="In the order that the operation's summary says")
    next_cursor: str | None = Field(
        default=None, description="Pass it as `cursor` for the next page; null after the last", examples=[None]
    )


def cut(found: Sequence[T], limit: int, name: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """Of `limit + 1` looked for: the first `limit`, and the cursor of the rest, which is the last one's name."""
    if len(found) <= limit:
        return found, None
    return found[:limit], name(found[limit - 1])


def position(cursor: str | None) -> int | None:
    """The serial number that a cursor names, None for the first page. Raises: Rejected for a cursor that names none."""
    if cursor is None:
        return None
    if not _POSITION.fullmatch(cursor):
        raise bad_cursor()
    return int(cursor)


def bad_cursor() -> Rejected:
    """The error for a cursor that we did not give out."""
    return Rejected("kernel.bad_cursor")
