"""Column types for personal data: sealed text, sealed JSON, and the keyed hash by which a value is found."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    String,
    Table,
    Text,
    TypeDecorator,
    bindparam,
    cast,
    select,
    type_coerce,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import ColumnElement

from mela.kernel.sealed import reads
from mela.kernel.sealed.keyring import Keyring
from mela.kernel.sealed.schema import data_keys

_INDEX_KEYS = select(data_keys.c.number).where(data_keys.c.purpose == "index")


class Of(NamedTuple):
    """A value and the row that it belongs to: what a sealed column takes."""

    identity: str
    value: Any


class SealedText(TypeDecorator[Any]):
    """A text that is about a person, encrypted. `name` is `table.column`; its row must not change its primary key.

    Takes `of(…)` or what `row` makes; a bare value is a mistake. Never compared with: that is what a `BlindIndex` is for.
    """

    impl = Text
    cache_ok = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def process_bind_param(self, value: Of | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if not isinstance(value, Of):
            raise TypeError(f"{self.name} is sealed: say whose it is with sealed.row or sealed.of")
        return _keyring(dialect).seal(self.write(value.value), self.name, value.identity)

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Selected together with the row's primary key, which it has to fit."""
        identity: Any = None
        for part in column.table.primary_key.columns:
            part = cast(part, Text)  # noqa: PLW2901
            identity = part if identity is None else identity.concat("/").concat(part)
        return type_coerce(identity.concat(" ").concat(type_coerce(column, Text)), self)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        identity, _, kept = value.partition(" ")
        keys = _keyring(dialect)
        opened = self.read(keys.open(kept, self.name, identity))
        reads.note(keys.service, self.name, identity)
        return opened

    def write(self, value: Any) -> str:
        """The text that is sealed."""
        return str(value)

    def read(self, text: str) -> Any:
        """The value of that text."""
        return text


class SealedJson(SealedText):
    """A JSON value that is about a person, encrypted."""

    cache_ok = True

    def write(self, value: Any) -> str:
        """See `SealedText.write`."""
        return orjson.dumps(value).decode()

    def read(self, text: str) -> Any:
        """See `SealedText.read`."""
        return orjson.loads(text)


class BlindIndex(TypeDecorator[str]):
    """The keyed hash of the sealed column `name`, by which its values are found and kept unique.

    Written with the value itself, which becomes the hash. Never compared with: while its key is changed a value may lie under
    two, so it is looked for with `found_by` and `hashes`. Who has the database but not the key cannot try out phone numbers.
    """

    class Comparator(TypeDecorator.Comparator[str]):
        """Refuses what would miss rows."""

        def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
            if op in (operators.eq, operators.ne):
                raise TypeError(f"{self.type.name} is found under several keys: say sealed.found_by")  # type: ignore[attr-defined]
            return super().operate(op, *other, **kwargs)

    comparator_factory = Comparator
    impl = String(64)
    cache_ok = True

    def __init__(self, name: str, *, later: bool = False) -> None:
        """`later`: rows of before sealing began get theirs from the job, not before anything is served."""
        super().__init__()
        self.name, self.later = name, later

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keyring(dialect).blind(value, self.name)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value


class LastingHash(TypeDecorator[str]):
    """The keyed hash of what nobody can guess, such as an API key: it needs no new key, and nothing to make it anew from."""

    impl = String(64)
    cache_ok = True

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _keyring(dialect).lasting(value, self.name)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return value


def found_by(index: Column[Any], parameter: str) -> ColumnElement[bool]:
    """That a keyed hash is one of those in a statement's parameter: `hashes` of the value that is looked for."""
    return index.in_(bindparam(parameter, expanding=True, type_=String(64)))


def hashes(conn: Connection, index: Column[Any], value: str) -> list[str]:
    """The keyed hashes under which rows with this value lie: one, or while its key is changed one for each."""
    return _keyring(conn.dialect).blinds(value, _named(index))


def hashes_like(conn: Connection, index: Column[Any], kept: str, identity: str) -> list[str]:
    """As `hashes`, of the value whose hash the row `identity` has: opened only while the key is changed, and shown to nobody."""
    keys, name = _keyring(conn.dialect), _named(index)
    if not keys.is_changing:
        return [kept]
    source, (key,) = index.table.c[name.partition(".")[2]], index.table.primary_key.columns
    value = conn.execute(select(type_coerce(source, Text)).where(key == identity)).scalar()
    return [kept] if value is None else keys.blinds(keys.open(value, name, identity), name)


def catch_up(conn: Connection) -> bool:
    """Know the index keys that this unit's database has; whether there were others than this process had known.

    Where a value has to stay unique, a unit asks before it takes one as new: together with the search under all of them, and
    `SERIALIZABLE`, that keeps two processes from writing one value under two keys.
    """
    return _keyring(conn.dialect).catch_up(conn.scalars(_INDEX_KEYS).all())


def of(identity: str, value: Any) -> Of | None:
    """A value for a sealed column, with the primary key of its row (parts joined by `/`)."""
    return None if value is None else Of(identity, value)


def row(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """A whole row to insert: its sealed values with their row, and its keyed hashes."""
    identity = "/".join(str(values[column.name]) for column in table.primary_key)
    plain = {index: values[source] for index, source in indexes(table).items()}
    return {**values, **plain, **{name: of(identity, values[name]) for name in sealed_names(table)}}


@cache
def sealed_names(table: Table) -> tuple[str, ...]:
    """The sealed columns of a table."""
    return tuple(column.name for column in table.columns if isinstance(column.type, SealedText))


def unsealed(table: Table) -> list[Column[Any]]:
    """The columns of a table that are not sealed: what a query selects that needs to know nothing of people."""
    return [column for column in table.columns if not isinstance(column.type, SealedText)]


@cache
def indexes(table: Table) -> dict[str, str]:
    """By keyed hash of a table: the column that it is of."""
    hashed: list[Column[Any]] = [column for column in table.columns if isinstance(column.type, BlindIndex)]
    return {column.name: column.type.name.partition(".")[2] for column in hashed}  # type: ignore[attr-defined]


def _named(index: Column[Any]) -> str:
    return str(index.type.name)  # type: ignore[attr-defined]


def _keyring(dialect: Dialect) -> Keyring:
    keys: Keyring | None = getattr(dialect, "keyring", None)
    if keys is None:
        raise RuntimeError("this database was opened without its keyring")
    return keys
