"""Payments that wait for a person, and how well payers are known."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mela.kernel import ids
from mela.kernel.web import pages
from mela.kernel.web.callers import Operator
from mela.kernel.web.refusals import refused
from mela.services.payments import schemas
from mela.services.payments.rules.risk import Verdict
from mela.services.payments.schemas.reviews import ReviewedView, ReviewIn, ReviewPage, TierIn, TierView
from mela.services.payments.service import PaymentsService
from mela.services.payments.service.risk import Risk

PaymentId = Annotated[
    str,
    Path(max_length=40, pattern=r"^pay_[0-9A-HJKMNP-TV-Z]{26}$", description="The payment", examples=[schemas.PAYMENT]),
]
PayerId = Annotated[
    str, Path(max_length=64, pattern=r"^[A-Za-z0-9_-]+$", description="The customer", examples=[schemas.PAYER])
]


def add(api: APIRouter, payments: PaymentsService, risk: Risk) -> None:
    """Routes of fraud and compliance."""

    @api.get(
        "/reviews", response_model=ReviewPage, tags=["on duty"],
        summary="Payments that wait for a person, the oldest first",
    )  # fmt: skip
    async def list_payment_reviews(
        _caller: Operator,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=100, description="Payments on a page", examples=[20])] = 20,
    ) -> object:
        """Each with the rules that stopped it. A payment that nobody looks at expires as ever."""
        if cursor is not None and not ids.is_id("pay", cursor):
            raise pages.bad_cursor()
        found = await risk.waiting(after=cursor, limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.payment_id))
        return {"items": [_review(row, risk) for row in rows], "next_cursor": after}

    @api.post(
        "/payments/{id}/review", response_model=ReviewedView, tags=["on duty"],
        summary="Let a payment that waits go on, or refuse it",
        responses=refused({404: "payments.unknown_payment", 409: "payments.not_in_review"}),
    )  # fmt: skip
    async def settle_payment_review(caller: Operator, id: PaymentId, body: ReviewIn) -> object:  # noqa: A002
        """The word counts once; repeating it changes nothing. The payer gets the link within a second or two."""
        payment = await payments.settle_review(id, Verdict(body.verdict), by=caller.id, note=body.note)
        return {"id": payment.id, "state": payment.state, "reason": payment.reason}

    @api.put("/payers/{id}/tier", response_model=TierView, tags=["on duty"], summary="Say how well a payer is known")
    async def set_payer_tier(caller: Operator, id: PayerId, body: TierIn) -> object:  # noqa: A002
        """What a wallet may hold and pay follows from it (KYC). Repeating it changes nothing more."""
        await risk.know_payer(id, body.tier, by=caller.id)
        return {"id": id, "tier": body.tier}


def _review(row: Any, risk: Risk) -> dict[str, object]:
    """A payment that waits, as it is told."""
    return {
        "id": row.payment_id, "order_id": row.order_id, "amount_paise": row.amount, "method": row.method, "payer": row.payer,
        "place": row.place, "reasons": [{"code": code, "about": risk.about(code)} for code in row.reasons], "at": row.at, "expires": row.expires,
    }  # fmt: skip
