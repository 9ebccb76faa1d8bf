"""A file of movements taken into DuckDB: whole, or refused by its line.

A file is CSV with a header and, as its last line, `total,<rows>,<sums>`: one that was cut off is refused, not matched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mela.kernel.errors import Rejected

MEMORY = "1GB"
_WHOLE = "if(regexp_full_match({name}, '-?[0-9]{{1,19}}'), try_cast({name} as bigint), null) as {name}"
"""DuckDB rounds 1.5 to 2 where a whole number is wanted: what is not one is null, and so refused."""
REFERENCE = "[A-Za-z0-9_.:-]{1,60}"


class BadFile(Rejected):
    """A provider's file that cannot be taken as it is. Params: line (0: the file as a whole), what."""

    code = "payments.bad_file"


@dataclass(frozen=True)
class Form:
    """The columns of a file with their types in DuckDB, `kind` and `reference` first; what is wrong with a row, as the arms
    of an SQL `case` that name the column; and the columns whose sums the last line tells.
    """

    columns: Mapping[str, str]
    odd: str
    sums: tuple[str, ...]

    @property
    def header(self) -> str:
        """The first line."""
        return ",".join(self.columns)


def take(db: duckdb.DuckDBPyConnection, table: str, file: Path, form: Form) -> None:
    """Make a table of a file's rows, numbered by `line`. Raises: BadFile."""
    with file.open("rb") as first:
        if first.readline(400).decode(errors="replace").rstrip("\r\n") != form.header:
            raise BadFile(line=1, what=form.header)
    columns = ", ".join(f"'{name}': '{'VARCHAR' if kind == 'BIGINT' else kind}'" for name, kind in form.columns.items())
    values = ", ".join(_WHOLE.format(name=name) if kind == "BIGINT" else name for name, kind in form.columns.items())
    try:
        db.execute(
            f"create table {table} as select {values} from read_csv(?, header = true, columns = {{{columns}}}, delim = ',', "  # noqa: S608
            "quote = '\"', escape = '\"', auto_detect = false, null_padding = false, timestampformat = '%Y-%m-%dT%H:%M:%SZ')",
            [str(file)],
        )
    except duckdb.Error as error:
        raise BadFile(line=_line(str(error)), what=str(error).splitlines()[0][:200]) from error
    odd = db.execute(
        f"select line, what from (select rowid + 2 as line, case {form.odd} end as what from {table} "  # noqa: S608
        "where kind is distinct from 'total') where what is not null order by line limit 1"
    ).fetchone()
    if odd:
        raise BadFile(line=odd[0], what=odd[1])
    _check_total(db, table, form)


def _check_total(db: duckdb.DuckDBPyConnection, table: str, form: Form) -> None:
    """One line of totals, the last, that counts and adds up the others."""
    sums = [f"coalesce(sum({name}) filter (where kind <> 'total'), 0)" for name in form.sums]
    told = [f"'{name}': {name}" for name in form.sums]
    count, last, said, *found = db.execute(
        f"select count(*) filter (where kind <> 'total'), max(rowid), list({{'row': rowid, 'rows': reference, {', '.join(told)}}}) "  # noqa: S608
        f"filter (where kind = 'total'), {', '.join(sums)} from {table}"
    ).fetchone() or (0, None, None)
    whole = {"row": last, "rows": str(count), **dict(zip(form.sums, map(int, found), strict=True))}
    if said is None or len(said) != 1 or said[0] != whole:
        raise BadFile(line=0, what="total")


def _line(message: str) -> int:
    """The line that DuckDB complains of, 0 when it names none."""
    _, _, rest = message.partition("Line: ")
    digits = rest.split()[0] if rest else "0"
    return int(digits) if digits.isdigit() else 0
