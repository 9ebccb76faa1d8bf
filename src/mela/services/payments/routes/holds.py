"""Money of sellers that is kept back, for a case or a review."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mela.kernel import ids
from mela.kernel.money import Paise
from mela.kernel.web import pages
from mela.kernel.web.callers import Operator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.payments.schemas.holds import HoldIn, HoldPage, HoldView
from mela.services.payments.service.books import Books

HoldId = Annotated[
    str,
    Path(
        max_length=40,
        pattern="^hold_[0-9A-HJKMNP-TV-Z]{26}$",
        description="The hold",
        examples=["hold_01KAR4T0GQ8V6M2Z3XJY5N7P9B"],
    ),
]


def add(api: APIRouter, books: Books) -> None:
    """Routes of holds."""

    @api.post(
        "/holds", response_model=HoldView, status_code=201, tags=["on duty"], summary="Keep money of a seller back",
        responses=refused({409: "payments.account_overdrawn"}),
    )  # fmt: skip
    async def create_hold(caller: Operator, body: HoldIn, key: Key) -> object:
        """No more than the seller has coming. It is not paid out until it is released. The same key again: the same hold."""
        return _hold(
            await books.hold(
                key=key, seller_id=body.seller_id, amount=Paise(body.amount_paise), reason=body.reason, by=caller.id
            )
        )

    @api.get("/holds", response_model=HoldPage, tags=["on duty"], summary="What is held now, oldest first")
    async def list_holds(
        _caller: Operator,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=200, description="Holds on a page", examples=[50])] = 50,
    ) -> object:
        """Who keeps what back, and why."""
        if cursor is not None and not ids.is_id("hold", cursor):
            raise pages.bad_cursor()
        rows, after = pages.cut(await books.holds(after=cursor or "", limit=limit + 1), limit, lambda row: str(row.id))
        return {"items": list(map(_hold, rows)), "next_cursor": after}

    @api.post(
        "/holds/{id}/release", response_model=HoldView, tags=["on duty"], summary="Give held money back to its seller",
        responses=refused({404: "payments.unknown_hold"}),
    )  # fmt: skip
    async def release_hold(caller: Operator, id: HoldId) -> object:  # noqa: A002
        """The next payout takes it along. Again: nothing changes."""
        return _hold(await books.release(id, by=caller.id))


def _hold(row: Any) -> dict[str, object]:
    """A hold as it is told."""
    return {"id": row.id, "seller_id": row.seller_id, "amount_paise": row.amount, "reason": row.reason, "by": row.by,
            "at": row.at, "released_by": row.released_by, "released": row.released}  # fmt: skip
