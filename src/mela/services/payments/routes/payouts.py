"""What merchants have coming, and their payouts: for themselves by key, and for the person on duty."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path

from mela.kernel.web import pages
from mela.kernel.web.callers import MerchantOrTest, Operator
from mela.services.payments.routes.merchants import READ, Limit, cursor_of, owner_of
from mela.services.payments.schemas import merchants as shapes
from mela.services.payments.service.merchants import Merchants, Owner

MerchantId = Annotated[
    str, Path(max_length=40, pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="The merchant", examples=["kaveri-traders"])
]  # fmt: skip


def for_merchants(api: APIRouter, merchants: Merchants) -> None:
    """Routes of the merchant API."""

    @api.get("/balance", summary="What I have coming")
    async def get_merchant_balance(caller: MerchantOrTest) -> shapes.BalanceOut:
        """Needs `payments:read`. In test mode no money moves, and nothing is paid out."""
        owner = owner_of(caller, READ)
        return shapes.BalanceOut.of(owner, await merchants.balance(owner))

    @api.get("/payouts", summary="My payouts, the latest first")
    async def list_merchant_payouts(
        caller: MerchantOrTest, cursor: pages.Cursor = None, limit: Limit = 50
    ) -> shapes.PayoutPage:  # fmt: skip
        """Needs `payments:read`. One for each settlement day at most; what was paid for is in your statement of that day."""
        owner = owner_of(caller, READ)
        return _page(await merchants.payouts(owner, before=cursor_of("po", cursor), limit=limit + 1), limit)


def on_duty(api: APIRouter, merchants: Merchants) -> None:
    """The same of any merchant, in live mode."""

    @api.get("/merchants/{id}/balance", tags=["on duty"], summary="What a merchant has coming")
    async def get_balance_of_merchant(_caller: Operator, id: MerchantId) -> shapes.BalanceOut:  # noqa: A002
        """As the ledger says now; zero for one that took nothing."""
        owner = Owner(id, test=False)
        return shapes.BalanceOut.of(owner, await merchants.balance(owner))

    @api.get("/merchants/{id}/payouts", tags=["on duty"], summary="A merchant's payouts, the latest first")
    async def list_payouts_of_merchant(
        _caller: Operator, id: MerchantId, cursor: pages.Cursor = None, limit: Limit = 50  # noqa: A002
    ) -> shapes.PayoutPage:  # fmt: skip
        """Those that settlement has told of."""
        found = await merchants.payouts(Owner(id, test=False), before=cursor_of("po", cursor), limit=limit + 1)
        return _page(found, limit)


def _page(found: Sequence[Any], limit: int) -> shapes.PayoutPage:
    rows, after = pages.cut(found, limit, lambda row: str(row.id))
    return shapes.PayoutPage(items=[shapes.PayoutOut.of(row) for row in rows], next_cursor=after)
