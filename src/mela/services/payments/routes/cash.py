"""Cash that couriers have, and what they hand in."""

from typing import Annotated

from fastapi import APIRouter, Query

from mela.kernel import ids
from mela.kernel.money import Paise
from mela.kernel.web import pages
from mela.kernel.web.callers import Operator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.payments.schemas.cash import CashPage, RemittanceIn, RemittanceView
from mela.services.payments.service.cash import Cash


def add(api: APIRouter, cash: Cash) -> None:
    """Routes of cash on delivery."""

    @api.get("/cash", response_model=CashPage, tags=["on duty"], summary="Cash that couriers have, oldest first")
    async def list_courier_cash(
        _caller: Operator,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=500, description="Payments on a page", examples=[100])] = 100,
    ) -> object:
        """Collected at the door and not handed in. What is overdue is a case, too."""
        if cursor is not None and not ids.is_id("pay", cursor):
            raise pages.bad_cursor()
        rows, after = pages.cut(await cash.page(after=cursor or "", limit=limit + 1), limit, lambda row: str(row.id))
        items = [
            {"payment_id": row.id, "order_id": row.order_id, "amount_paise": row.held, "collected": row.collected,
             "overdue": cash.overdue(row)}
            for row in rows
        ]  # fmt: skip
        return {"items": items, "next_cursor": after}

    @api.post(
        "/cash/remittances", response_model=RemittanceView, tags=["on duty"], status_code=201,
        summary="Say that a courier has handed in cash",
        responses=refused({409: "payments.not_with_courier", 422: "payments.too_much_cash"}),
    )  # fmt: skip
    async def create_cash_remittance(caller: Operator, body: RemittanceIn, key: Key) -> object:
        """Enters it as money at the bank. What is short the courier owes: a case. The same key again: the same answer."""
        made = await cash.hand_in(
            key=key, courier=body.courier, bank_reference=body.bank_reference, amount=Paise(body.amount_paise),
            of=body.payments, by=caller.id,
        )  # fmt: skip
        return {"id": made.id, "courier": made.courier, "bank_reference": made.bank_reference, "amount_paise": made.amount,
                "expected_paise": made.expected, "at": made.at}  # fmt: skip
