"""What merchants look for is found by an index, however many others there are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, text

from mela.kernel.db.migrate import driver_url, migrate
from mela.services.payments.store import cases, history, holds, merchants, payouts
from mela.services.payments.store.merchants import Owner
from tests import kit
from tests.kit import ENGINES, database_url
from tests.service.payments.world import World

_PAYMENT = text("""
    insert into payments (id, key, order_id, amount, captured, refunded, method, instrument, capture, state, description,
        merchant_id, reference, provider, history, created, tries)
    values (:of, :of, 'o', 900, 900, 500, 'upi', '{}', :now, 'captured', 'x', :whose, 'r', 'gateway', '[]', 1800000000000000, 0)
""")
_REFUND = text("""
    insert into refunds (id, key, payment_id, amount, state, reason, created, tries)
    values (:id, :of, :of, 500, 'processed', 'x', 1800000000000000, 0)
""")
PACKAGE = "mela.services.payments.migrations"


@pytest.mark.parametrize("engine", ENGINES)
def test_refunds_of_before_find_their_merchant(engine: str, tmp_path: Path) -> None:
    url = database_url(engine, tmp_path, "payments")
    kit.at_revision(url, PACKAGE, "0016_payouts")
    made = create_engine(driver_url(url))
    with made.begin() as conn:
        for name, merchant in (("pay_1", "kaveri"), ("pay_2", None)):
            conn.execute(_PAYMENT, {"of": name, "whose": merchant, "now": True})
            conn.execute(_REFUND, {"id": f"rfnd_{name}", "of": name})
    migrate(url, service="payments", package=PACKAGE)
    with made.connect() as conn:
        found = merchants.refunds_page(conn, Owner("kaveri", test=False), payment_id=None, before=None, limit=10)
        assert [row.id for row in found] == ["rfnd_pay_1"]
    made.dispose()


@pytest.mark.parametrize("engine", ENGINES)
def test_cases_that_were_closed_before_are_not_open(engine: str, tmp_path: Path) -> None:
    url = database_url(engine, tmp_path, "payments")
    kit.at_revision(url, PACKAGE, "0018_found_among_many")
    made = create_engine(driver_url(url))
    case = "insert into cases (id, kind, about, detail, opened) values (:id, 'chargeback', :id, '{}', 1800000000000000)"
    closing = "insert into closings (case_id, key, resolution, note, actor, at) values (:id, :id, 'noted', 'x', 'o', 1800000000000000)"
    with made.begin() as conn:
        for name in ("case_1", "case_2"):
            conn.execute(text(case), {"id": name})
        conn.execute(text(closing), {"id": "case_1"})
    migrate(url, service="payments", package=PACKAGE)
    with made.begin() as conn:
        conn.execute(text(closing), {"id": "case_2"})  # by a process of before, which knows of no such column
        conn.execute(text(case), {"id": "case_3"})
        listed = [
            [row.id for row in cases.page(conn, is_open=is_open, before=None, limit=9)] for is_open in (True, False)
        ]
        assert listed == [["case_3"], ["case_2", "case_1"]]
        assert conn.execute(text("select id from cases where open order by id")).scalars().all() == ["case_2", "case_3"]
    made.dispose()


@pytest.mark.parametrize(
    ("which", "index"),
    [
        ("payments", "payments_of_merchant"),
        ("reference", "payments_reference"),
        ("refunds", "refunds_of_merchant"),
        ("payouts", "payouts_of_merchant"),
        ("holds", "holds_open"),
        ("cases", "cases_open"),
    ],
)
async def test_a_list_reads_the_rows_that_it_shows(shop: World, which: str, index: str) -> None:
    owner = Owner("kaveri", test=False)
    lists: dict[str, Callable[[Connection], object]] = {
        "payments": lambda conn: merchants.page(conn, owner, history.Wanted(), before=None, limit=51),
        "refunds": lambda conn: merchants.refunds_page(conn, owner, payment_id=None, before=None, limit=51),
        "payouts": lambda conn: payouts.page(conn, owner, before=None, limit=51),
        "holds": lambda conn: holds.page(conn, after="", limit=51),
        "cases": lambda conn: cases.page(conn, is_open=True, before=None, limit=51),
        "reference": lambda conn: merchants.page(conn, owner, history.Wanted(reference="r"), before=None, limit=51),
    }

    def plan(conn: Connection) -> str:
        asked: list[tuple[str, Any]] = []
        event.listen(conn, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        lists[which](conn)
        on_sqlite = conn.dialect.name == "sqlite"
        if not on_sqlite:
            conn.exec_driver_sql("set local enable_seqscan = off")
        rows = conn.exec_driver_sql(("explain query plan " if on_sqlite else "explain ") + asked[0][0], asked[0][1])
        return " ".join(str(row) for row in rows)

    assert index in await shop.payments.db.run(plan)
