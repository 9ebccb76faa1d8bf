"""Ready answers, kept in this process and bounded in bytes."""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

V = TypeVar("V")
OVERHEAD = 400
"""Bytes that an entry costs beside its body: key, links and objects, by measurement."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of an answer, the language they are in, and the tag that tells whether a client has them already."""

    body: bytes
    etag: str
    language: str


def answer(value: object, language: str) -> Answer:
    """A JSON value as an answer; equal values have equal tags, in every process."""
    body = orjson.dumps(value)
    return Answer(body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"', language)


def is_known(answer: Answer, if_none_match: str | None) -> bool:
    """Whether the client said that it has this answer.

    Source: RFC 9110, section 13.1.2, https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2 (recalled): weak comparison.
    """
    if not if_none_match:
        return False
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match[:1000].split(","))
    return any(tag in (answer.etag, "*") for tag in tags)


class Kept(Generic[V]):
    """Values by key, the least recently used dropped first. A key names everything the value depends on, so none goes stale."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit = limit_bytes
        self._size = 0
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()

    def get(self, key: Hashable) -> V | None:
        """The value of a key, None when it is not kept."""
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: V, size: int) -> V:
        """Keep a value of so many bytes if there is room for it at all; returns it."""
        if size + OVERHEAD <= self._limit:
            self._size += size + OVERHEAD - self._values.pop(key, (value, 0))[1]
            self._values[key] = (value, size + OVERHEAD)
        while self._size > self._limit:
            self._size -= self._values.popitem(last=False)[1][1]
        return value
