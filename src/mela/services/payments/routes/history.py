"""Payments for the person on duty: lists with filters, and the life of one."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from mela.contracts.payments import Method, PaymentState
from mela.kernel import ids
from mela.kernel.web import inputs, pages
from mela.kernel.web.callers import Operator
from mela.kernel.web.refusals import refused
from mela.services.payments.routes.reviews import PaymentId
from mela.services.payments.schemas.history import PaymentPage, TimelineView
from mela.services.payments.service.history import History, Wanted

Word = Annotated[
    str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_.:-]+$", description="Exactly this", examples=["632715000042"])
]  # fmt: skip
Amount = Annotated[int | None, Query(ge=1, le=10**15, description="In paise, included", examples=[100_000])]


def add(api: APIRouter, history: History) -> None:
    """Routes of lists and histories."""

    @api.get("/payments", response_model=PaymentPage, tags=["on duty"], summary="Payments, the latest first")
    async def list_payments(
        _caller: Operator,
        *,
        state: Annotated[list[PaymentState] | None, Query(description="In one of these", examples=[["pending"]])] = None,
        method: Annotated[Method | None, Query(description="By this method", examples=["upi"])] = None,
        provider: Word = None,
        order_id: Word = None,
        rrn: Word = None,
        merchant_id: Word = None,
        reference: Annotated[
            str | None, Query(max_length=80, pattern=r"^[A-Za-z0-9_.:/#-]+$", description="A merchant's own", examples=["order-1042"])
        ] = None,
        since: Annotated[
            inputs.Moment | None,
            Query(description="Begun then or later, zone included", examples=["2026-11-26T00:00:00+05:30"]),
        ] = None,
        until: Annotated[
            inputs.Moment | None, Query(description="Begun before then", examples=["2026-11-27T00:00:00+05:30"])
        ] = None,
        at_least_paise: Amount = None,
        at_most_paise: Amount = None,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=200, description="Payments on a page", examples=[50])] = 50,
    ) -> object:  # fmt: skip
        """Of everybody, with all filters at once. A payment that begins meanwhile is on no later page."""
        wanted = Wanted(
            state or (), method, provider, order_id, rrn, since, until, at_least_paise, at_most_paise, merchant_id, reference
        )  # fmt: skip
        found = await history.page(wanted, before=cursor_of(cursor), limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.id))
        return {"items": [_line(row, history) for row in rows], "next_cursor": after}

    @api.get(
        "/payments/{id}/timeline", response_model=TimelineView, tags=["on duty"],
        summary="All that happened to a payment, in order",
        responses=refused({404: "payments.unknown_payment"}),
    )  # fmt: skip
    async def get_payment_timeline(_caller: Operator, id: PaymentId) -> object:  # noqa: A002
        """What the risk rules said, where it went and why, every move, callback, refund, ledger entry and case."""
        found, outlook = await history.timeline(id)
        return {"moments": [vars(each) for each in found], "outlook": outlook}


def cursor_of(cursor: str | None) -> str | None:
    """The payment that a cursor names. Raises: Rejected for a cursor that names none."""
    if cursor is not None and not ids.is_id("pay", cursor):
        raise pages.bad_cursor()
    return cursor


def _line(row: Any, history: History) -> dict[str, object]:
    """A payment in a list."""
    return {
        "id": row.id, "order_id": row.order_id, "amount_paise": row.amount, "refunded_paise": row.refunded,
        "method": row.method, "paid_with": row.paid_with, "state": row.state, "provider": row.provider, "rrn": row.rrn, "reason": row.reason,
        "merchant_id": row.merchant_id, "reference": row.reference, "mode": "test" if row.provider == "test" else "live",
        "meaning": history.explain(row.reason), "created": row.created, "expires": row.expires,
    }  # fmt: skip
