"""Strict reading of a rehearsal's own files: each complaint names file and line and says what to do.

A reader asks for what it knows (`fields.need("start").time()`) and closes the map; what it did not ask for is a mistake.
Aliases are refused, so a small file stays small.
"""

import difflib
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from mela.cluster import documents

LARGEST_FILE = 4 * 2**20
"""Bytes. The largest event of the library has a hundredth of it."""
UNITS = {"": 1, "k": 10**3, "lakh": 10**5, "M": 10**6, "crore": 10**7, "bn": 10**9}
"""What may stand behind a number."""

_NUMBER = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)")
_DURATION = re.compile(r"(?=[0-9])(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+(?:\.[0-9]+)?)s)?")
_SLUG = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


class Unusable(ValueError):
    """A file that cannot be used. `line` counts from 1; 0 when the whole file is meant."""

    def __init__(self, file: str, line: int, says: str) -> None:
        self.file, self.line, self.says = file, line, says
        super().__init__(f"{file}:{line}: {says}" if line else f"{file}: {says}")


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A value in a file. `name` is what a complaint calls it, such as `points[2].at`."""

    file: str
    node: documents.Node
    name: str = ""

    def wrong(self, says: str) -> Unusable:
        """The complaint to raise about this value."""
        return Unusable(self.file, self.node.line, f"{self.name} {says}" if self.name else says)

    def fields(self) -> "Fields":
        """As a map. Raises: Unusable, also for keys that stand twice."""
        if self._real().kind != "map":
            raise self.wrong("must be a map of keys and values")
        entries: dict[str, Entry] = {}
        for key, value in zip(self.node.children[::2], self.node.children[1::2], strict=True):
            if key.kind != "scalar":
                raise Unusable(self.file, key.line, "a key must be a word")
            if key.text in entries:
                raise Unusable(self.file, key.line, f"{key.text} stands twice; keep one of them")
            entries[key.text] = Entry(self.file, value, f"{self.name}.{key.text}" if self.name else key.text)
        return Fields(self, entries)

    def items(self) -> "list[Entry]":
        """As a list. Raises: Unusable."""
        if self._real().kind != "list":
            raise self.wrong("must be a list")
        return [Entry(self.file, child, f"{self.name}[{at}]") for at, child in enumerate(self.node.children)]

    def text(self) -> str:
        """As text in one piece, not empty. Raises: Unusable."""
        if self._real().kind != "scalar" or not self.node.text.strip():
            raise self.wrong("must be text")
        return " ".join(self.node.text.split())

    def slug(self) -> str:
        """As a name of small letters, digits and dashes. Raises: Unusable."""
        if not _SLUG.fullmatch(text := self.text()):
            raise self.wrong(f"is {text!r}; use small letters, digits and dashes, such as super-over")
        return text

    def choice(self, allowed: Collection[str]) -> str:
        """As one of `allowed`. Raises: Unusable, with the nearest of them."""
        if (text := self.text()) not in allowed:
            raise self.wrong(f"is {text!r}; {_suggestion(text, allowed)}")
        return text

    def number(self, least: float = -math.inf, most: float = math.inf) -> float:
        """As a number, with `k`, `lakh`, `M`, `crore` or `bn` behind it if need be. Raises: Unusable."""
        value = self._scalar()
        if isinstance(value, str) and (match := _NUMBER.fullmatch(value)) and match[2] in UNITS:
            value = float(match[1]) * UNITS[match[2]]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f"is {self._shown()}; give a number, such as 25_300_000, 25.3M or 2.53 crore")
        if not least <= value <= most:
            raise self.wrong(f"is {value:g}; it must be {_range(least, most)}")
        return float(value)

    def flag(self) -> bool:
        """As true or false. Raises: Unusable."""
        value = self._scalar()
        if not isinstance(value, bool):
            raise self.wrong(f"is {self._shown()}; write true or false")
        return value

    def seconds(self, least: float = 0, most: float = math.inf) -> float:
        """As a duration: `90s`, `37m`, `1h30m`, `2d`. Raises: Unusable."""
        value = duration_s(self.text())
        if value is None:
            raise self.wrong(f"is {self._shown()}; write a duration, such as 45s, 20m or 1h30m")
        if not least <= value <= most:
            raise self.wrong(f"is {value:g} s; it must be {_range(least, most)} s")
        return value

    def time(self) -> datetime:
        """As a moment with its time zone, in UTC. Raises: Unusable."""
        if (value := moment(self.text())) is None:
            raise self.wrong(f"is {self._shown()}; write date, time and zone, such as 2026-11-29T19:30+05:30")
        return value

    def _scalar(self) -> object:
        try:
            return documents.values(self.node)[0] if self._real().kind == "scalar" else None
        except documents.Undecodable:
            return None

    def _real(self) -> documents.Node:
        if self.node.kind == "alias":
            raise self.wrong("is an alias (*); write the value out")
        return self.node

    def _shown(self) -> str:
        return repr(self.node.text[:40]) if self.node.kind == "scalar" else f"a {self.node.kind}"


@dataclass(slots=True, eq=False)
class Fields:
    """The keys of a map; each is asked for once, then `done` complains about the others."""

    owner: Entry
    entries: dict[str, Entry]
    asked: set[str] = field(default_factory=set)

    def get(self, key: str) -> Entry | None:
        """The value of a key that may be missing."""
        self.asked.add(key)
        return self.entries.get(key)

    def need(self, key: str) -> Entry:
        """The value of a key. Raises: Unusable when it is missing."""
        if (found := self.get(key)) is None:
            near = difflib.get_close_matches(key, self.entries, n=1)
            if near:
                raise self.entries[near[0]].wrong(f"is not known here; did you mean {key}?")
            raise self.owner.wrong(
                f"has no {key}; add `{key}:`" if self.owner.name else f"{key} is missing; add `{key}:`"
            )
        return found

    def items(self, key: str) -> list[Entry]:
        """The list of a key; empty when it is missing."""
        return found.items() if (found := self.get(key)) else []

    def pairs(self, key: str) -> dict[str, Entry]:
        """The map of a key whose own keys are free; empty when it is missing."""
        return found.fields().entries if (found := self.get(key)) else {}

    def done(self) -> None:
        """Complain about keys that nobody asked for. Raises: Unusable."""
        for key in self.entries:
            if key not in self.asked:
                raise self.entries[key].wrong(f"is not known here; {_suggestion(key, self.asked)}")


def document(file: Path, shown: str | None = None) -> Entry:
    """The top of a YAML file; `shown` is what complaints call it. Raises: Unusable."""
    name = shown or str(file)
    return parse(read(file, name), name)


def parse(text: str, name: str) -> Entry:
    """The top of a YAML text; `name` is what complaints call it. Raises: Unusable."""
    try:
        top = documents.compose(text)
    except documents.Undecodable as error:
        mark = re.findall(r"line (\d+)", str(error))
        raise Unusable(name, int(mark[-1]) if mark else 1, f"this is not YAML: {_plainly(error)}") from error
    if top is None:
        raise Unusable(name, 1, "the file is empty")
    return Entry(name, top)


def read(file: Path, shown: str) -> str:
    """The text of a file, at most `LARGEST_FILE` bytes of UTF-8. Raises: Unusable."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Unusable(shown, 0, f"it cannot be opened: {error.strerror}") from error
    if len(raw) > LARGEST_FILE:
        raise Unusable(shown, 0, f"it has more than {LARGEST_FILE // 2**20} MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unusable(shown, line, f"byte {raw[error.start]:#04x} is not UTF-8; save the file as UTF-8") from error


def duration_s(text: str) -> float | None:
    """Seconds of `1h30m`; None for what is no duration. A bare 0 is one."""
    if text == "0":
        return 0.0
    if not (match := _DURATION.fullmatch(text)) or not any(match.groups()):
        return None
    return sum(float(part or 0) * unit for part, unit in zip(match.groups(), (86400, 3600, 60, 1), strict=True))


def moment(text: str) -> datetime | None:
    """The moment of ISO 8601 with a zone, in UTC; None for anything else."""
    try:
        value = datetime.fromisoformat(text)
        return value.astimezone(UTC) if value.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _suggestion(text: str, allowed: Collection[str]) -> str:
    near = difflib.get_close_matches(text, sorted(allowed), n=1)
    return f"did you mean {near[0]}?" if near else f"known are {_listed(sorted(allowed))}"


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words[:12]) + (", …" if len(words) > 12 else "")


def _range(least: float, most: float) -> str:
    if most == math.inf:
        return f"at least {least:g}"
    return f"at most {most:g}" if least == -math.inf else f"from {least:g} to {most:g}"


def _plainly(error: Exception) -> str:
    said = re.sub(r'\s*in "<[^>]*>", line \d+, column \d+:?\s*', ", ", str(error).removeprefix("not YAML: "))
    return " ".join(said.split()).strip(" ,")
