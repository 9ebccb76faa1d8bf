"""Invoices and credit notes: written in the unit that makes them due, with serials without a gap."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, and_, bindparam, select, update

from mela.contracts.catalog import Seller
from mela.kernel import messages, sealed
from mela.kernel.clock import india_date
from mela.services.orders import rules
from mela.services.orders.model import Order, OrderLine
from mela.services.orders.tables import credit_notes, credit_serials, invoices, serials

_NEXT_SERIAL = {
    table: update(table)
    .where(and_(table.c.gstin == bindparam("of"), table.c.financial_year == bindparam("in")))
    .values(last=table.c.last + 1)
    .returning(table.c.last)
    for table in (serials, credit_serials)
}
_ADD_INVOICE = invoices.insert()


def invoices_of(conn: Connection, order_id: str) -> list[rules.Invoice]:
    """The invoices of an order, one per seller."""
    rows = conn.execute(select(invoices.c.body).where(invoices.c.order_id == order_id).order_by(invoices.c.seller_id))
    return [messages.from_json(rules.Invoice, messages.to_json(row.body)) for row in rows]


def credit_notes_of(conn: Connection, order_id: str) -> list[rules.CreditNote]:
    """The credit notes of an order, in the order in which they were written."""
    mine = credit_notes.c.order_id == order_id
    rows = conn.execute(
        select(credit_notes.c.body)
        .where(mine)
        .order_by(credit_notes.c.financial_year, credit_notes.c.gstin, credit_notes.c.serial)
    )
    return [messages.from_json(rules.CreditNote, messages.to_json(row.body)) for row in rows]


def credit_serials_of(conn: Connection, gstin: str, financial_year: str) -> list[int]:
    """All credit note serials of a seller's year, in order: 1, 2, 3, … without a gap."""
    mine = and_(credit_notes.c.gstin == gstin, credit_notes.c.financial_year == financial_year)
    return list(conn.scalars(select(credit_notes.c.serial).where(mine).order_by(credit_notes.c.serial)))


def serials_of(conn: Connection, gstin: str, financial_year: str) -> list[int]:
    """All invoice serials of a seller's year, in order: 1, 2, 3, … without a gap."""
    mine = and_(invoices.c.gstin == gstin, invoices.c.financial_year == financial_year)
    return [row.serial for row in conn.execute(select(invoices.c.serial).where(mine).order_by(invoices.c.serial))]


def write_invoice(conn: Connection, order: Order, seller: Seller, now: datetime) -> None:
    """Allocate the next serial and write the invoice, in this unit: a serial is used or the unit never was."""
    year = rules.financial_year(now)
    serial = _next_serial(conn, serials, seller.gstin, year)
    number = rules.invoice_number(seller.id, year, serial)
    lines = [line for line in order.lines if line.seller_id == seller.id]
    made = rules.invoice(number, order.id, seller, order.address, lines, on=india_date(now))
    row = {"gstin": seller.gstin, "financial_year": year, "serial": serial, "order_id": order.id, "seller_id": seller.id,
           "number": number, "body": made}  # fmt: skip
    conn.execute(_ADD_INVOICE, sealed.row(invoices, row))


def write_credit_notes(
    conn: Connection, order: Order, parts: Sequence[OrderLine], cause: str, reason: str, refund_id: str | None, now: datetime
) -> None:  # fmt: skip
    """Take back what the sellers' invoices said of these parts; one credit note each, in the unit that begins the refund."""
    year = rules.financial_year(now)
    for invoice in invoices_of(conn, order.id):
        seller = invoice.seller
        own = [part for part in parts if part.seller_id == seller.id]
        if not own:
            continue
        serial = _next_serial(conn, credit_serials, seller.gstin, year)
        number = rules.credit_note_number(seller.id, year, serial)
        made = rules.credit_note(number, invoice, own, reason=reason, refund_id=refund_id, on=india_date(now))
        row = {
            "gstin": seller.gstin,
            "financial_year": year,
            "serial": serial,
            "order_id": order.id,
            "seller_id": seller.id,
        }
        conn.execute(credit_notes.insert(), sealed.row(credit_notes, row | {"cause": cause, "body": made}))


def _next_serial(conn: Connection, table: Table, gstin: str, year: str) -> int:
    """The next of a seller's year: used, or this unit never was."""
    serial: int | None = conn.execute(_NEXT_SERIAL[table], {"of": gstin, "in": year}).scalar()
    if serial is None:
        conn.execute(table.insert(), {"gstin": gstin, "financial_year": year, "last": 1})
    return serial or 1
