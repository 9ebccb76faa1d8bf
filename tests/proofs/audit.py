"""After the storm: orders, stock, ledger, invoices and the gateway's own books, read from the databases themselves, agree."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, text

from mela.runtime import registry

Query = Callable[[str, str], list[dict[str, Any]]]
"""(service, SQL) -> rows."""
OUTSIDE = {"gateway", *registry.PROVIDERS}


@dataclass
class Verdict:
    """What was compared, and every disagreement."""

    counts: dict[str, int] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)

    def expect(self, claim: str, found: object, wanted: object) -> None:
        """Note a disagreement unless both are equal."""
        if found != wanted:
            self.disagreements.append(f"{claim}: found {found}, wanted {wanted}")


def sqlite_files(inside: Path, outside: Path) -> Query:
    """Reads the files of a laptop; the gateway's are in a folder of their own."""

    def query(service: str, sql: str) -> list[dict[str, Any]]:
        folder = outside if service in OUTSIDE else inside
        with closing(sqlite3.connect(folder / f"{service}.db")) as conn:
            conn.row_factory = sqlite3.Row
            return [dict(row) for row in conn.execute(sql)]

    return query


def postgres_server(url: str, outside: Path) -> Query:
    """Reads the databases of a server (`url` with {service}); the gateway's is a file."""

    @cache
    def engine(service: str) -> Engine:
        return create_engine(
            url.replace("{service}", service).replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool
        )

    def query(service: str, sql: str) -> list[dict[str, Any]]:
        if service in OUTSIDE:
            return sqlite_files(outside, outside)(service, sql)
        with engine(service).connect() as conn:
            return [dict(row._mapping) for row in conn.execute(text(sql))]

    return query


def check(query: Query, stock_before: Mapping[str, int]) -> Verdict:
    """Compare everything with everything."""
    verdict = Verdict()
    orders = {row["id"]: row for row in query("orders", "select * from orders")}
    states = Counter(row["state"] for row in orders.values())
    verdict.counts = {f"orders {state}": count for state, count in sorted(states.items())}
    _check_money(query, orders, verdict)
    _check_stock(query, orders, stock_before, verdict)
    _check_invoices(query, orders, verdict)
    _check_queues(query, verdict)
    return verdict


def _check_money(query: Query, orders: Mapping[str, dict[str, Any]], verdict: Verdict) -> None:
    """Every rupee in the gateway's books is on our ledger once, and belongs to a sold order or went back."""
    books = query("gateway", "select kind, reference, amount from entries")
    collected = {row["reference"]: row["amount"] for row in books if row["kind"] == "collected"}
    returned: Counter[str] = Counter()
    refund_payment = {row["id"]: row["payment_id"] for row in query("payments", "select id, payment_id from refunds")}
    for row in books:
        if row["kind"] == "refunded":
            returned[refund_payment.get(row["reference"], f"unknown refund {row['reference']}")] += row["amount"]
    captures = Counter(
        {row["payment_id"]: row["amount"] for row in
         query("payments", "select payment_id, sum(amount) as amount from transfers where debit = 'gateway:upi' and credit = 'escrow' group by payment_id")}
    )  # fmt: skip
    verdict.counts |= {"payments collected by the gateway": len(collected), "payments refunded": len(returned)}
    verdict.expect("captures on the ledger", dict(captures), collected)
    payments = {row["id"]: row for row in query("payments", "select id, order_id, amount, state from payments")}
    paid_orders = Counter(payments[reference]["order_id"] for reference in collected if reference in payments)
    for order_id, order in orders.items():
        if order["state"] == "confirmed":
            verdict.expect(f"{order_id} is confirmed; payments collected", paid_orders[order_id], 1)
            verdict.expect(f"{order_id} is confirmed; refunded", returned[order["payment_id"]], 0)
            verdict.expect(f"{order_id} is confirmed; collected", collected.get(order["payment_id"]), order["total"])
    for reference, amount in collected.items():
        order = orders.get(payments[reference]["order_id"], {}) if reference in payments else {}
        if order.get("state") != "confirmed":
            verdict.expect(
                f"{reference} paid for {order.get('id')} ({order.get('state')}); refunded", returned[reference], amount
            )
    sums = query("payments", "select debit, credit, amount from transfers")
    balance: Counter[str] = Counter()
    for row in sums:
        balance[row["debit"]] += row["amount"]
        balance[row["credit"]] -= row["amount"]
    verdict.expect("sum of all balances", sum(balance.values()), 0)
    verdict.expect(
        "gateway account against the gateway's books",
        balance["gateway:upi"],
        sum(collected.values()) - sum(returned.values()),
    )


def _check_stock(
    query: Query, orders: Mapping[str, dict[str, Any]], before: Mapping[str, int], verdict: Verdict
) -> None:
    """What was there, less what was sold, is there; nothing stays reserved for an order that has ended."""
    sold: Counter[str] = Counter()
    for order in orders.values():
        if order["state"] == "confirmed":
            for line in _json(order["lines"]):
                sold[line["sku"]] += line["quantity"]
    for row in query("catalog", "select sku, on_hand, reserved from stock"):
        if row["sku"] in before:
            verdict.expect(f"stock of {row['sku']}", row["on_hand"], before[row["sku"]] - sold[row["sku"]])
            verdict.expect(f"reserved of {row['sku']}", row["reserved"], 0)
    verdict.counts["pieces sold"] = sum(sold.values())


def _check_invoices(query: Query, orders: Mapping[str, dict[str, Any]], verdict: Verdict) -> None:
    """Serials run 1, 2, 3, … per seller and year; what was sold has one invoice and one entry per seller, and no other has."""
    found = query(
        "orders", "select gstin, financial_year, serial, order_id, seller_id from invoices order by gstin, serial"
    )
    serials: dict[tuple[str, str], list[int]] = {}
    for row in found:
        serials.setdefault((row["gstin"], row["financial_year"]), []).append(row["serial"])
    for series, numbers in serials.items():
        verdict.expect(f"serials of {series}", numbers, list(range(1, len(numbers) + 1)))
    per_order = Counter((row["order_id"], row["seller_id"]) for row in found)
    once_sold = {order_id: order for order_id, order in orders.items() if _was_confirmed(order)}
    wanted = {(order_id, line["seller_id"]) for order_id, order in once_sold.items() for line in _json(order["lines"])}
    verdict.expect("invoices", dict(per_order), dict.fromkeys(wanted, 1))
    entries = Counter(
        (row["order_id"], row["kind"]) for row in query("settlement", "select order_id, kind from entries")
    )
    sellers_of = Counter(order_id for order_id, _ in wanted)
    booked = Counter({(order_id, "sale"): sellers_of[order_id] for order_id in once_sold})
    booked += Counter(
        {(key, "reversal"): sellers_of[key] for key, order in once_sold.items() if order["state"] == "cancelled"}
    )
    verdict.expect("entries of settlement", dict(entries), dict(booked))
    verdict.counts["invoices"] = len(found)


def _check_queues(query: Query, verdict: Verdict) -> None:
    """No event waits or is parked."""
    for service in ("payments", "orders", "settlement"):
        verdict.expect(f"outbox of {service}", query(service, "select count(*) as n from outbox")[0]["n"], 0)
        open_ = query(service, "select name, key, state, reason from inbox where state <> 'done'")
        verdict.expect(f"inbox of {service}", open_, [])


def _was_confirmed(order: Mapping[str, Any]) -> bool:
    return any(step["state"] == "confirmed" for step in _json(order["history"]))


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
