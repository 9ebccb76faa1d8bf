"""Payments over HTTP: the gateway's callbacks, and the books for the person on duty."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from mela.kernel.errors import Unreachable
from mela.kernel.web import callers
from mela.kernel.web.keys import Key
from mela.services.payments import schemas
from mela.services.payments.model import Outcome
from mela.services.payments.service import PaymentsService

Id = Annotated[
    str,
    Path(max_length=40, pattern=r"^pay_[0-9A-HJKMNP-TV-Z]{26}$", description="The payment", examples=[schemas.PAYMENT]),
]


def router(payments: PaymentsService) -> APIRouter:
    """All routes of payments."""
    whole = APIRouter(prefix="/api/payments", tags=["payments"])
    on_duty = [Depends(callers.operator)]
    whole.include_router(_payments(payments), dependencies=on_duty)
    whole.include_router(_ledger(payments), dependencies=on_duty)
    whole.include_router(_callbacks(payments))
    return whole


def _payments(payments: PaymentsService) -> APIRouter:
    routes = APIRouter()

    @routes.get("/payments/{id}", response_model=schemas.PaymentView, summary="Look at a payment")
    async def get_payment(id: Id) -> object:  # noqa: A002
        """A payment with its history and refunds. Operators only. Errors: `payments.unknown_payment`."""
        payment, history, refunds = await payments.look(id)
        return {
            "id": payment.id, "order_id": payment.order_id, "amount_paise": payment.amount, "refunded_paise": payment.refunded,
            "method": payment.method, "state": payment.state, "intent_url": payment.intent_url, "rrn": payment.rrn,
            "reason": payment.reason, "created": payment.created, "expires": payment.expires,
            "history": [{**step, "before": step["from"], "after": step["to"]} for step in history],
            "refunds": [{"id": r.id, "amount_paise": r.amount, "state": r.state, "reason": r.reason} for r in refunds],
        }  # fmt: skip

    @routes.post("/payments/{id}/cash", response_model=schemas.CashView, summary="Say that the cash was handed over")
    async def collect_payment_cash(id: Id, key: Key) -> object:  # noqa: A002
        """The courier has the cash of a cash-on-delivery payment. Repeating it changes nothing.

        Errors: `payments.unknown_payment`, `payments.not_cash`, `payments.not_captured` when it was cancelled.
        """
        payment = await payments.collect_cash(key=key, payment_id=id)
        return {"id": payment.id, "state": payment.state, "amount_paise": payment.amount}

    return routes


def _ledger(payments: PaymentsService) -> APIRouter:
    routes = APIRouter(prefix="/ledger")

    @routes.get("/balances", response_model=schemas.Balances, summary="Balances of all accounts")
    async def list_ledger_balances() -> object:
        """The trial balance. Operators only."""
        accounts = [
            {"account": name, "debits_paise": debits, "credits_paise": given, "balance_paise": debits - given}
            for name, debits, given in await payments.balances()
        ]
        return {"accounts": accounts, "sum_paise": sum(int(str(a["balance_paise"])) for a in accounts)}

    @routes.get("/transfers", response_model=schemas.TransferPage, summary="Entries of the ledger")
    async def list_ledger_transfers(
        account: Annotated[
            str | None,
            Query(
                max_length=162,
                pattern=r"^[a-z][a-z_]*(:[A-Za-z0-9_-]+){0,2}$",
                description="Of one account",
                examples=["escrow"],
            ),
        ] = None,
        cursor: Annotated[
            str, Query(pattern=r"^[0-9]{1,15}$", description="Of the page before", examples=["42"])
        ] = "0",
        limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page", examples=[100])] = 100,
    ) -> object:
        """A page of the ledger. Operators only."""
        rows = await payments.transfers(account=account, after=int(cursor), limit=limit)
        page = [
            {"position": r.id, "debit": r.debit, "credit": r.credit, "amount_paise": r.amount, "kind": r.kind,
             "payment_id": r.payment_id, "at": r.at}
            for r in rows
        ]  # fmt: skip
        return {"transfers": page, "cursor": str(rows[-1].id) if len(rows) == limit else None}

    @routes.get("/check", response_model=schemas.Check, summary="Whether the books hold")
    async def check_ledger() -> object:
        """Adds up the ledger, compares it with the gateway's books, and lists what is parked. Operators only."""
        rows, parked = await payments.balances(), await payments.open_cases(limit=50)
        try:
            both = await payments.compare_books()
        except Unreachable:
            both = {}
        return {
            "balanced": sum(debits - given for _, debits, given in rows) == 0,
            "agrees": all(ours == theirs for ours, theirs in both.values()) if both else None,
            "comparisons": [
                {"kind": k, "ours_paise": ours, "gateway_paise": theirs} for k, (ours, theirs) in both.items()
            ],
            "cases": [{"id": row.id, "kind": row.kind, "about": row.about, "opened": row.opened} for row in parked],
        }

    return routes


def _callbacks(payments: PaymentsService) -> APIRouter:
    routes = APIRouter()

    @routes.post("/callbacks/gateway", response_model=schemas.Taken, summary="The gateway's word")
    async def take_gateway_callback(
        request: Request, response: Response,
        x_gateway_signature: Annotated[str, Header(max_length=128, description="Hex HMAC-SHA256 of the body", examples=["8308ed25"])],
        x_gateway_event_id: Annotated[
            str, Header(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_-]+$", description="Once per event", examples=["evt_01KAR4"])
        ],
    ) -> object:  # fmt: skip
        """For the gateway: unauthenticated, but signed. 200 when taken, 202 when parked for a person, 401 for a wrong signature."""
        body = await request.body()
        outcome = await payments.take_callback(body=body, given=x_gateway_signature, event_id=x_gateway_event_id)
        response.status_code = 202 if outcome is Outcome.PARKED else 200
        return {"outcome": outcome}

    return routes
