"""A statement that the driver runs by itself does what SQLAlchemy would have it do."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from mela.kernel.db.columns import Instant, Json
from mela.kernel.db.prepared import Answer, PreparingConnection

BOOKS = sa.Table(
    "books", sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text, unique=True, nullable=False),
    sa.Column("price", sa.Integer, nullable=False), sa.Column("lent", sa.Boolean, nullable=False),
    sa.Column("bought", Instant), sa.Column("about", Json),
)  # fmt: skip
AT = datetime(2026, 11, 27, 6, 30, 0, 123_456, tzinfo=UTC)
GODAN = {"id": 1, "name": "Godan", "price": 45_000, "lent": False, "bought": AT, "about": {"pages": [1, 2]}}
PINJAR = {"id": 2, "name": "Pinjar", "price": 30_000, "lent": True, "bought": None, "about": None}
ADD = sa.insert(BOOKS)
BY_ID = sa.select(BOOKS).where(BOOKS.c.id == sa.bindparam("of"))
ALL = sa.select(BOOKS).order_by(BOOKS.c.id)
RAISE = sa.update(BOOKS).where(BOOKS.c.id == sa.bindparam("of")).values(price=BOOKS.c.price + 500).returning(BOOKS)


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[PreparingConnection]:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/books.db", isolation_level="AUTOCOMMIT", hide_parameters=True)
    BOOKS.metadata.create_all(engine)
    conn = PreparingConnection(engine)
    conn.execute(ADD, [GODAN, PINJAR])
    yield conn
    conn.close()
    engine.dispose()


def run(conn: PreparingConnection, statement: Any, parameters: Any = None) -> Answer:
    """The answer of a statement that the driver runs: SQLAlchemy itself ran it the first time."""
    conn.execute(statement, parameters)
    answer = conn.execute(statement, parameters)
    assert isinstance(answer, Answer)
    return answer


def test_rows_read_as_those_of_sqlalchemy(conn: PreparingConnection) -> None:
    with conn.engine.connect() as plain:
        as_ever = plain.execute(ALL).all()
    rows = run(conn, ALL).all()
    assert rows == as_ever
    assert [type(row) for row in rows] == [type(row) for row in as_ever]
    assert dict(rows[0]._mapping) == GODAN
    assert rows[0]._mapping[BOOKS.c.about] == {"pages": [1, 2]}
    assert (rows[1].bought, rows[1].lent) == (None, True)


def test_an_answer_is_read_by_every_name(conn: PreparingConnection) -> None:
    assert run(conn, BY_ID, {"of": 1}).one().name == "Godan"
    assert run(conn, BY_ID, {"of": 3}).one_or_none() is None
    assert run(conn, ALL).scalars().all() == [1, 2]
    assert [row["name"] for row in run(conn, ALL).mappings()] == ["Godan", "Pinjar"]
    assert conn.scalars(ALL).first() == 1


@settings(max_examples=30)
@given(price=st.integers(-(2**63), 2**63 - 1), at=st.datetimes(timezones=st.just(UTC)), about=st.recursive(
    st.none() | st.booleans() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_what_is_written_is_read(price: int, at: datetime, about: Any) -> None:
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    BOOKS.metadata.create_all(engine)
    conn = PreparingConnection(engine)
    book = {"price": price, "lent": True, "bought": at, "about": about}
    for number in (1, 2):
        conn.execute(ADD, {"id": number, "name": str(number), **book})
    first, second = run(conn, ALL).all()
    conn.close()
    engine.dispose()
    assert (first.price, first.bought, first.about) == (second.price, second.bought, second.about) == (price, at, about)


def test_an_update_is_done_though_nobody_reads_its_rows(conn: PreparingConnection) -> None:
    run(conn, RAISE, {"of": 1})
    assert conn.execute(BY_ID, {"of": 1}).one().price == 46_000
    assert run(conn, RAISE, {"of": 1}).one().price == 47_000


def test_the_names_of_parameters_make_another_statement(conn: PreparingConnection) -> None:
    change = sa.update(BOOKS).where(BOOKS.c.id == sa.bindparam("of"))
    run(conn, change, {"of": 1, "price": 1})
    run(conn, change, {"lent": True, "of": 1})
    assert conn.execute(BY_ID, {"of": 1}).one()[2:4] == (1, True)


def test_many_rows_go_in_at_once_and_are_counted(conn: PreparingConnection) -> None:
    keep = insert(BOOKS).on_conflict_do_nothing()
    assert [run(conn, keep, GODAN).rowcount, run(conn, keep, [GODAN, PINJAR]).rowcount] == [0, 0]
    more = [GODAN | {"id": number, "name": str(number)} for number in range(3, 6)]
    assert conn.execute(keep, [*more, PINJAR]).rowcount == 3
    assert len(conn.execute(ALL).all()) == 5


def test_a_parameter_that_is_missing_is_a_mistake_each_time(conn: PreparingConnection) -> None:
    for _ in range(3):
        with pytest.raises(SQLAlchemyError, match="bind parameter 'of'"):
            conn.execute(BY_ID, {})


def test_what_a_constraint_refuses_fails_as_ever_and_tells_no_values(conn: PreparingConnection) -> None:
    for _ in range(3):
        with pytest.raises(IntegrityError) as failed:
            conn.execute(ADD, GODAN | {"id": 9})
        assert "Godan" not in str(failed.value)
        assert "books.name" in str(failed.value)


def test_a_list_within_a_statement_may_be_of_any_length(conn: PreparingConnection) -> None:
    some = sa.select(BOOKS.c.id).where(BOOKS.c.id.in_(sa.bindparam("these", expanding=True)))
    for these in ([1], [1, 2, 3], [], [2]):
        assert conn.scalars(some, {"these": these}).all() == [each for each in these if each < 3]


def test_who_listens_to_statements_hears_each(conn: PreparingConnection) -> None:
    run(conn, BY_ID, {"of": 1})
    heard: list[str] = []
    sa.event.listen(conn, "before_cursor_execute", lambda *told: heard.append(told[2]))
    conn.execute(BY_ID, {"of": 1})
    assert len(heard) == 1
