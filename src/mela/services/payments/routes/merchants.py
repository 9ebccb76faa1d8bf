"""The merchant API: payments and refunds of those who hold an API key, in live mode and in test mode."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from mela.contracts.payments import Payer, PaymentState
from mela.kernel import auth, ids
from mela.kernel.auth import Principal
from mela.kernel.money import Paise
from mela.kernel.web import bodies, inputs, pages
from mela.kernel.web.answers import Answers
from mela.kernel.web.callers import MerchantOrTest
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.payments.routes.reviews import PaymentId
from mela.services.payments.rules.playing import CARD, HANDLE, Play
from mela.services.payments.schemas import merchants as shapes
from mela.services.payments.service.history import Wanted
from mela.services.payments.service.merchants import Asked, Merchants, Owner

READ, WRITE, REFUND = "payments:read", "payments:write", "refunds:write"
RefundId = Annotated[
    str, Path(max_length=40, pattern=r"^rfnd_[0-9A-HJKMNP-TV-Z]{26}$", description="The refund", examples=[shapes.REFUND])
]  # fmt: skip
Limit = Annotated[int, Query(ge=1, le=100, description="At most so many", examples=[50])]
Amount = Annotated[int | None, Query(ge=1, le=10**12, description="In paise, included", examples=[100_000])]
_BEGIN = "payments.bad_instrument payments.no_such_outcome payments.collect_not_allowed kernel.card_number"


def router(merchants: Merchants, answers: Answers, plays: list[Play]) -> APIRouter:
    """All routes of the merchant API."""
    api = bodies.router(prefix="/api/payments/v1", tags=["merchant API"])
    _begin(api, merchants, answers)
    _look(api, merchants)
    _take(api, merchants, answers)
    _refunds(api, merchants, answers)
    _outcomes(api, plays)
    return api


def _begin(api: APIRouter, merchants: Merchants, answers: Answers) -> None:
    @api.post(
        "/payments", status_code=201, summary="Begin a payment", response_model=shapes.PaymentOut,
        responses=refused({422: _BEGIN, 503: "payments.bank_down"}),
    )  # fmt: skip
    async def begin_merchant_payment(
        caller: MerchantOrTest, request: Request, key: Key, body: shapes.PaymentIn
    ) -> Response:
        """Needs `payments:write`. With a key of test mode no money moves, and the magic value decides what happens."""
        owner = owner_of(caller, WRITE)
        asked = Asked(
            Paise(body.amount_paise), body.method, body.reference, body.description, body.expires_in_s, body.instrument(),
            body.capture, _payer(owner, body.payer),
        )  # fmt: skip

        async def work(name: str) -> shapes.PaymentOut:
            return shapes.PaymentOut.of(await merchants.start(owner, name, asked))

        return await answers.once(
            request, owner=_caller(owner), key=key, asked=["payment", body.model_dump()], work=work, status=201
        )


def _look(api: APIRouter, merchants: Merchants) -> None:
    @api.get("/payments", summary="My payments, the latest first")
    async def list_merchant_payments(
        caller: MerchantOrTest,
        *,
        state: Annotated[list[PaymentState] | None, Query(description="In one of these", examples=[["captured"]])] = None,
        method: Annotated[shapes.OnlineMethod | None, Query(description="By this method", examples=["upi"])] = None,
        reference: Annotated[shapes.Reference | None, Query(description="What you call it", examples=["order-1042"])] = None,
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
        limit: Limit = 50,
    ) -> shapes.PaymentPage:  # fmt: skip
        """Needs `payments:read`. Of the key's mode; with all filters at once."""
        wanted = Wanted(
            state or (), method, since=since, until=until, least=at_least_paise, most=at_most_paise, reference=reference
        )
        found = await merchants.page(owner_of(caller, READ), wanted, before=cursor_of("pay", cursor), limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.id))
        return shapes.PaymentPage(items=[shapes.PaymentOut.of(row) for row in rows], next_cursor=after)

    @api.get("/payments/{id}", summary="A payment of mine", responses=refused({404: "payments.unknown_payment"}))
    async def get_merchant_payment(caller: MerchantOrTest, id: PaymentId) -> shapes.PaymentOut:  # noqa: A002
        """Needs `payments:read`. As it is now; what is not known yet is `pending`, never `failed`."""
        return shapes.PaymentOut.of(await merchants.get(owner_of(caller, READ), id))


def _take(api: APIRouter, merchants: Merchants, answers: Answers) -> None:
    @api.post(
        "/payments/{id}/capture", status_code=201, summary="Take authorised money", response_model=shapes.CaptureOut,
        responses=refused({
            404: "payments.unknown_payment", 409: "payments.not_authorized payments.capture_pending",
            422: "payments.capture_too_large",
        }),
    )  # fmt: skip
    async def capture_merchant_payment(
        caller: MerchantOrTest, request: Request, key: Key, id: PaymentId, body: shapes.CaptureIn  # noqa: A002
    ) -> Response:  # fmt: skip
        """Needs `payments:write`. In full, or in parts; after the final one what is left is let go."""
        owner, amount = owner_of(caller, WRITE), None if body.amount_paise is None else Paise(body.amount_paise)

        async def work(name: str) -> shapes.CaptureOut:
            return shapes.CaptureOut.made(
                await merchants.capture(owner, name, id, amount, final=body.final), test=owner.test
            )

        return await answers.once(
            request, owner=_caller(owner), key=key, asked=["capture", id, body.model_dump()], work=work, status=201
        )

    @api.post(
        "/payments/{id}/cancel", summary="Let a payment go", response_model=shapes.PaymentOut,
        responses=refused({404: "payments.unknown_payment", 409: "payments.capture_pending"}),
    )  # fmt: skip
    async def cancel_merchant_payment(
        caller: MerchantOrTest, request: Request, key: Key, id: PaymentId  # noqa: A002
    ) -> Response:  # fmt: skip
        """Needs `payments:write`. What is only authorised is let go (void), what is open is no longer wanted; what is closed stays."""
        owner = owner_of(caller, WRITE)

        async def work(_name: str) -> shapes.PaymentOut:
            return shapes.PaymentOut.of(await merchants.cancel(owner, id))

        return await answers.once(request, owner=_caller(owner), key=key, asked=["cancel", id], work=work)


def _refunds(api: APIRouter, merchants: Merchants, answers: Answers) -> None:
    @api.post(
        "/payments/{id}/refunds", status_code=201, summary="Give money back", response_model=shapes.RefundOut,
        responses=refused({
            404: "payments.unknown_payment", 409: "payments.not_captured payments.account_overdrawn",
            422: "payments.refund_too_large payments.invalid_transfer",
        }),
    )  # fmt: skip
    async def refund_merchant_payment(
        caller: MerchantOrTest, request: Request, key: Key, id: PaymentId, body: shapes.RefundIn  # noqa: A002
    ) -> Response:  # fmt: skip
        """Needs `refunds:write`. In full, or in parts, until nothing is left."""
        owner, amount = owner_of(caller, REFUND), None if body.amount_paise is None else Paise(body.amount_paise)

        async def work(name: str) -> shapes.RefundOut:
            return shapes.RefundOut.of(await merchants.refund(owner, name, id, amount, body.reason), test=owner.test)

        return await answers.once(
            request, owner=_caller(owner), key=key, asked=["refund", id, body.model_dump()], work=work, status=201
        )

    @api.get("/refunds", summary="My refunds, the latest first")
    async def list_merchant_refunds(
        caller: MerchantOrTest,
        payment_id: Annotated[
            str | None, Query(pattern=r"^pay_[0-9A-HJKMNP-TV-Z]{26}$", description="Of this payment", examples=["pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
        ] = None,
        cursor: pages.Cursor = None,
        limit: Limit = 50,
    ) -> shapes.RefundPage:  # fmt: skip
        """Needs `payments:read`. Of the key's mode."""
        owner = owner_of(caller, READ)
        found = await merchants.refunds(owner, payment_id=payment_id, before=cursor_of("rfnd", cursor), limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.id))
        return shapes.RefundPage(items=[shapes.RefundOut.of(row, test=owner.test) for row in rows], next_cursor=after)

    @api.get("/refunds/{id}", summary="A refund of mine", responses=refused({404: "payments.unknown_refund"}))
    async def get_merchant_refund(caller: MerchantOrTest, id: RefundId) -> shapes.RefundOut:  # noqa: A002
        """Needs `payments:read`. As it is now."""
        owner = owner_of(caller, READ)
        return shapes.RefundOut.of(await merchants.get_refund(owner, id), test=owner.test)


def _outcomes(api: APIRouter, plays: list[Play]) -> None:
    @api.get("/test-outcomes", summary="Magic values of test mode, and what each does")
    async def list_test_outcomes() -> shapes.OutcomePage:
        """Open to everybody. Nothing else decides how a test payment goes."""
        items = [shapes.OutcomeOut(vpa=f"{p.name}@{HANDLE}", card=f"{CARD}{p.name}", about=p.about) for p in plays]
        return shapes.OutcomePage(items=items)


def owner_of(caller: Principal, scope: str) -> Owner:
    """Whose payments the caller may touch. Raises: Forbidden."""
    auth.need(caller, scope)
    return Owner(caller.id, caller.mode == "test")


def _payer(owner: Owner, given: shapes.PayerIn | None) -> Payer | None:
    """Who pays; one merchant's customers are not another's."""
    if given is None:
        return None
    return Payer(f"{owner.id}.{given.id}"[:64], given.name or "", given.device, None, [owner.id])


def _caller(owner: Owner) -> str:
    """Whose idempotency key it is."""
    return f"{'test' if owner.test else 'live'}:{owner.id}"


def cursor_of(prefix: str, cursor: str | None) -> str | None:
    """Raises: Rejected for a cursor that we did not give out."""
    if cursor is not None and not ids.is_id(prefix, cursor):
        raise pages.bad_cursor()
    return cursor
