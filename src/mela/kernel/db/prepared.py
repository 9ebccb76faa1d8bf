"""SQLAlchemy's statements on SQLite, compiled once and run by the driver.

SQLAlchemy looks up, fills and takes apart an execution context at each execution: ten microseconds for a statement that SQLite
runs in five. A statement that is one and the same object each time, as those that a store builds once, is compiled at its second
execution with the names of its parameters, and from then on goes to the driver as it is. What SQLAlchemy promises stays: types
bind and read as they are declared, rows are its rows, and failures are its failures. Whatever is out of the ordinary (a
list in the statement, a default made here, somebody who listens to statements) goes SQLAlchemy's own way.

यहाँ हर क्वेरी एक बार बनती है और फिर सीधे SQLite को जाती है।
"""

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase

_Bind = Callable[[Any], Any]


class Answer(IteratorResult[Any]):
    """Rows of a statement, and to how many rows it did something."""

    rowcount: int = -1


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement for the driver: `binds` are name and processor of each `?`, `columns` how its rows read, if it is not silent."""

    sql: str
    binds: tuple[tuple[str, _Bind | None], ...]
    constants: dict[str, Any]
    columns: SimpleResultMetaData
    writes: bool
    silent: bool

    def values_of(self, given: Mapping[str, Any]) -> list[Any]:
        """What stands for each `?` this time."""
        given = {**self.constants, **given} if self.constants else given
        return [given[name] if process is None else process(given[name]) for name, process in self.binds]


class PreparingConnection(Connection):
    """SQLAlchemy's connection, which runs what it has seen before without an execution context."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self._known: WeakKeyDictionary[Any, dict[tuple[str, ...], _Prepared | None]] = WeakKeyDictionary()

    def execute(self, statement: Any, parameters: Any = None, *, execution_options: Any = None) -> Any:
        """See `sqlalchemy.Connection.execute`."""
        if execution_options is None and not (self._has_events or self.engine._has_events):  # noqa: SLF001
            given = parameters if type(parameters) is list and parameters else [parameters or {}]
            prepared = self._find(statement, given[0])
            if prepared is not None and (len(given) == 1 or prepared.silent):
                return self._run(prepared, given)
        return super().execute(statement, parameters, execution_options=execution_options)

    def _find(self, statement: Any, given: object) -> _Prepared | None:
        """None at a statement's first execution: most of those that are built anew are never met again."""
        if not isinstance(given, dict) or not isinstance(statement, SelectBase | UpdateBase):
            return None
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = {}
            return None
        names = tuple(given)
        try:
            return known[names]
        except KeyError:
            known[names] = prepared = _prepare(statement, names, self.dialect)
            return prepared

    def _run(self, prepared: _Prepared, rows: list[Mapping[str, Any]]) -> Answer:
        cursor = self.connection.cursor()
        try:
            if len(rows) == 1:
                cursor.execute(prepared.sql, prepared.values_of(rows[0]))
            else:
                cursor.executemany(prepared.sql, [prepared.values_of(row) for row in rows])
            # What writes is done when its last row has been read.
            found: Any = cursor.fetchall() if prepared.writes else cursor
        except sqlite3.Error as error:
            raise DBAPIError.instance(
                prepared.sql, None, error, sqlite3.Error, hide_parameters=True, dialect=self.dialect
            ) from error
        answer = Answer(prepared.columns, iter(found))
        answer.rowcount = cursor.rowcount
        return answer


def _prepare(statement: Any, names: tuple[str, ...], dialect: Any) -> _Prepared | None:
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=sorted(names))
    lists = compiled.post_compile_params or compiled.literal_execute_params
    made_here = compiled.insert_prefetch or compiled.update_prefetch
    if lists or made_here or not compiled._ordered_columns:  # noqa: SLF001
        return None
    columns, processors = compiled._result_columns, compiled._bind_processors  # noqa: SLF001
    constants = compiled.construct_params(dict.fromkeys(names), _check=True)  # raises where a parameter is missing
    return _Prepared(
        compiled.string,
        tuple((name, cast(_Bind | None, processors.get(name))) for name in compiled.positiontup or ()),
        {name: value for name, value in constants.items() if name not in names},
        SimpleResultMetaData(
            [column.keyname for column in columns],
            extra=[tuple(it for it in column.objects if not isinstance(it, str)) for column in columns],
            _processors=[column.type._cached_result_processor(dialect, None) for column in columns],  # noqa: SLF001
        ),
        writes=isinstance(statement, UpdateBase),
        silent=not columns,
    )
