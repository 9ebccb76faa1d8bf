"""What may happen to an order, and what its invoice says. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from mela.contracts.catalog import PricedLine, Seller
from mela.contracts.orders import SoldLine
from mela.kernel import clock, money
from mela.kernel.errors import Conflict, Rejected
from mela.kernel.money import Paise
from mela.services.orders.model import Address, Order, OrderLine, OrderRefund, OrderState, RefundState, ReturnState

S = OrderState
NEXT: Mapping[OrderState, frozenset[OrderState]] = {
    S.PLACED: frozenset({S.AWAITING_PAYMENT, S.CONFIRMED, S.CANCELLING}),
    S.AWAITING_PAYMENT: frozenset({S.CONFIRMED, S.CANCELLING}),
    S.CONFIRMED: frozenset({S.SHIPPED, S.CANCELLING}),
    S.SHIPPED: frozenset({S.DELIVERED}),
    S.DELIVERED: frozenset({S.RETURNED}),
    S.CANCELLING: frozenset({S.CANCELLED}),
    S.CANCELLED: frozenset(),
    S.RETURNED: frozenset(),
}
"""From each state, the states that may follow."""
CANCELLABLE = frozenset(state for state, after in NEXT.items() if S.CANCELLING in after)
MAX_LINES, MAX_PIECES = 50, 20


class CannotChange(Conflict):
    """The order is past the point where this is possible. Params: state, wanted."""

    code = "orders.cannot_change"


class CannotReturn(Rejected):
    """Not delivered yet, too late, or more pieces than were bought. Params: sku or days."""

    code = "orders.cannot_return"


class WrongPin(Rejected):
    """The PIN code is not in that State. Params: pin, state_code."""

    code = "orders.wrong_pin"


def check_change(state: OrderState, wanted: OrderState) -> None:
    """Raises: CannotChange unless `wanted` may follow `state`."""
    if wanted not in NEXT[state]:
        raise CannotChange(state=state.value, wanted=wanted.value)


def check_address(address: Address, states_by_prefix: Mapping[str, Sequence[str]]) -> None:
    """The State must have this PIN, by its longest known prefix. Raises: WrongPin."""
    for length in (3, 2):
        states = states_by_prefix.get(address.pin[:length])
        if states is not None:
            if address.state_code not in states:
                raise WrongPin(pin=address.pin, state_code=address.state_code)
            return
    raise WrongPin(pin=address.pin, state_code=address.state_code)


def order_line(priced: PricedLine, *, same_state: bool) -> OrderLine:
    """A priced line with its tax, to the paisa, worked out of the line's whole price.

    Within one State the tax is two equal heads, each rounded by itself. Source: CGST Rules 2017, rule 35.
    """
    gross = Paise(priced.unit_price * priced.quantity)
    taxable, tax = money.tax_from_inclusive(gross, priced.gst_rate_bp, heads=2 if same_state else 1)
    return OrderLine(
        sku=priced.sku, product_id=priced.product_id, names=priced.names, category=priced.category, seller_id=priced.seller_id,
        hsn=priced.hsn, unit=priced.unit, gst_rate_bp=priced.gst_rate_bp, unit_price=priced.unit_price,
        quantity=priced.quantity, gross=gross, taxable=taxable, tax=tax,
    )  # fmt: skip


def sold_line(line: OrderLine, quantity: int | None = None) -> SoldLine:
    """The line as settlement sees it: `quantity` of its pieces, all that are left where None."""
    part = part_of(line, line.quantity - line.returned if quantity is None else quantity)
    return SoldLine(
        sku=line.sku, seller_id=line.seller_id, category=line.category, quantity=part.quantity, gross=part.gross,
        taxable=part.taxable, tax=part.tax,
    )  # fmt: skip


def part_of(line: OrderLine, quantity: int) -> OrderLine:
    """The next `quantity` pieces of a line to come back. Parts returned one after another add up to the whole line."""
    before, after = _share(line, line.returned), _share(line, line.returned + quantity)
    return replace(
        line, quantity=quantity, gross=Paise(line.unit_price * quantity),
        taxable=Paise(after - before), tax=Paise(line.unit_price * quantity - (after - before)),
    )  # fmt: skip


def check_return(
    order: Order, quantities: Mapping[str, int], delivered: datetime, now: datetime, within_days: int
) -> list[OrderLine]:
    """The parts that come back. Raises: CannotReturn."""
    if order.state is not OrderState.DELIVERED:
        raise CannotReturn("orders.not_delivered", state=order.state.value)
    if now > delivered + timedelta(days=within_days):
        raise CannotReturn("orders.return_too_late", days=within_days)
    lines = {line.sku: line for line in order.lines}
    for sku, quantity in quantities.items():
        if sku not in lines or not 0 < quantity <= lines[sku].quantity - lines[sku].returned:
            raise CannotReturn(sku=sku)
    return [part_of(lines[sku], quantity) for sku, quantity in quantities.items()]


Refunds = tuple[OrderRefund, ...]


def with_refund(refunds: Refunds, begun: OrderRefund) -> Refunds:
    """One more refund; one that is known learns for which return it is."""
    known = [each.id for each in refunds]
    if begun.id not in known:
        return (*refunds, begun)
    return tuple(
        replace(each, return_id=begun.return_id, reason=begun.reason) if each.id == begun.id else each
        for each in refunds
    )


def settled(refunds: Refunds, fresh: OrderRefund, state: RefundState, at: datetime) -> Refunds:
    """A refund has ended so; `fresh` is how it stands where nobody has told us of it yet. Processed once, it stays so."""
    known = refunds if any(each.id == fresh.id for each in refunds) else (*refunds, fresh)
    return tuple(
        replace(each, state=state, settled=at)
        if each.id == fresh.id and each.state is not RefundState.PROCESSED
        else each
        for each in known
    )


def return_state(refunds: Refunds, refund_id: str) -> ReturnState:
    """Where a return is whose pieces are back: its refund may have arrived before we were told that it began."""
    done = any(each.id == refund_id and each.state is RefundState.PROCESSED for each in refunds)
    return ReturnState.REFUNDED if done else ReturnState.RECEIVED


def is_over(order: Order) -> bool:
    """Whether nothing more will happen to an order: nobody moves it on, and all money to give back is with the payer.

    What was refused may be tried once more: then the later refund counts.
    """
    latest = {(each.return_id, each.amount): each.state for each in order.refunds}
    return not NEXT[order.state] and all(state is RefundState.PROCESSED for state in latest.values())


@dataclass(frozen=True)
class InvoiceLine:
    """A line of a GST invoice; either `cgst` and `sgst`, or `igst`."""

    sku: str
    names: dict[str, str]
    hsn: str
    unit: str
    quantity: int
    rate_bp: int
    gross: Paise
    taxable: Paise
    cgst: Paise
    sgst: Paise
    igst: Paise


@dataclass(frozen=True)
class Invoice:
    """What rule 46 of the CGST Rules asks of a tax invoice; rule 49's bill of supply where nothing is taxed.

    Source: CGST Rules 2017, rules 46 and 49, https://www.gstzen.in/a/tax-invoice-cgst-rule-46.html (2026-11-23).
    """

    number: str
    kind: str
    order_id: str
    issued_on: date
    seller: Seller
    buyer: Address
    place_of_supply: str
    reverse_charge: bool
    lines: tuple[InvoiceLine, ...]
    taxable: Paise
    cgst: Paise
    sgst: Paise
    igst: Paise
    total: Paise


def invoice(
    number: str, order_id: str, seller: Seller, buyer: Address, lines: Iterable[OrderLine], on: date
) -> Invoice:
    """The invoice of one seller's lines: CGST and SGST within the seller's State, IGST into another.

    Source: IGST Act s. 10(1)(ca), circular 209/3/2024: the delivery address is the place of supply.
    """
    made = tuple(_invoice_line(line, same_state=seller.state_code == buyer.state_code) for line in lines)
    cgst, sgst, igst = (Paise(sum(getattr(line, tax) for line in made)) for tax in ("cgst", "sgst", "igst"))
    return Invoice(
        number=number, kind="tax_invoice" if cgst + igst else "bill_of_supply", order_id=order_id, issued_on=on, seller=seller,
        buyer=buyer, place_of_supply=buyer.state_code, reverse_charge=False, lines=made,
        taxable=Paise(sum(line.taxable for line in made)), cgst=cgst, sgst=sgst, igst=igst,
        total=Paise(sum(line.gross for line in made)),
    )  # fmt: skip


@dataclass(frozen=True)
class CreditNote:
    """What rule 53(1A) of the CGST Rules asks of a credit note: what an invoice said too much, taken back.

    Source: CGST Act 2017, s. 34(1); CGST Rules 2017, rule 53(1A) (recalled).
    """

    number: str
    order_id: str
    issued_on: date
    invoice_number: str
    invoice_issued_on: date
    reason: str
    refund_id: str | None
    seller: Seller
    buyer: Address
    place_of_supply: str
    lines: tuple[InvoiceLine, ...]
    taxable: Paise
    cgst: Paise
    sgst: Paise
    igst: Paise
    total: Paise


def credit_note(
    number: str, of: Invoice, parts: Iterable[OrderLine], *, reason: str, refund_id: str | None, on: date
) -> CreditNote:
    """The credit note for those parts of an invoice that came back, taxed as the invoice taxed them."""
    same_state = of.seller.state_code == of.place_of_supply
    made = tuple(_invoice_line(part, same_state=same_state) for part in parts)
    cgst, sgst, igst = (Paise(sum(getattr(line, tax) for line in made)) for tax in ("cgst", "sgst", "igst"))
    return CreditNote(
        number=number, order_id=of.order_id, issued_on=on, invoice_number=of.number, invoice_issued_on=of.issued_on, reason=reason,
        refund_id=refund_id, seller=of.seller, buyer=of.buyer, place_of_supply=of.place_of_supply, lines=made,
        taxable=Paise(sum(line.taxable for line in made)), cgst=cgst, sgst=sgst, igst=igst,
        total=Paise(sum(line.gross for line in made)),
    )  # fmt: skip


def credit_note_number(seller_id: str, financial_year: str, serial: int) -> str:
    """A series of its own, as long as an invoice's at most: `KAV/C2627/000012`. Raises: ValueError when full."""
    letters = "".join(c for c in seller_id.upper() if c.isascii() and c.isalnum())[:3]
    number = f"{letters}/C{financial_year[2:4]}{financial_year[5:]}/{serial:06d}"
    if len(number) > 16:
        raise ValueError(f"credit note number {number} is longer than 16 characters")
    return number


def invoice_number(seller_id: str, financial_year: str, serial: int) -> str:
    """A consecutive number of at most 16 letters, digits and strokes: `KAV/2627/0000123`. Raises: ValueError when full.

    Source: CGST Rules 2017, rule 46(b).
    """
    letters = "".join(c for c in seller_id.upper() if c.isascii() and c.isalnum())[:3]
    number = f"{letters}/{financial_year[2:4]}{financial_year[5:]}/{serial:07d}"
    if len(number) > 16:
        raise ValueError(f"invoice number {number} is longer than the 16 characters that rule 46 allows")
    return number


def financial_year(moment: datetime) -> str:
    """The financial year, April to March, of a moment in India."""
    return clock.financial_year(clock.india_date(moment))


def _invoice_line(line: OrderLine, *, same_state: bool) -> InvoiceLine:
    cgst, sgst = money.split_cgst_sgst(line.tax) if same_state else (Paise(0), Paise(0))
    return InvoiceLine(
        sku=line.sku, names=line.names, hsn=line.hsn, unit=line.unit, quantity=line.quantity, rate_bp=line.gst_rate_bp,
        gross=line.gross, taxable=line.taxable, cgst=cgst, sgst=sgst, igst=Paise(0) if same_state else line.tax,
    )  # fmt: skip


def _share(line: OrderLine, pieces: int) -> int:
    """Taxable value of the first `pieces` pieces: rounded down, so that all pieces together make the whole."""
    return line.taxable * pieces // line.quantity
