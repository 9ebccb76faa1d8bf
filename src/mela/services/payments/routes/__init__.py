"""Payments over HTTP: the providers' callbacks, and the books for the person on duty."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.routing import Route

from mela.contracts.payments import Capture
from mela.kernel import messages
from mela.kernel.errors import Unreachable
from mela.kernel.money import Paise
from mela.kernel.web import bodies, inputs, pages
from mela.kernel.web.answers import Answers
from mela.kernel.web.callers import Operator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.payments import schemas
from mela.services.payments.model import Outcome
from mela.services.payments.routes import cash as cash_routes
from mela.services.payments.routes import holds, reviews
from mela.services.payments.routes.reviews import PaymentId as Id
from mela.services.payments.rules import arrivals
from mela.services.payments.rules.cases import Decision
from mela.services.payments.rules.reconciliation import HARMLESS
from mela.services.payments.schemas.cases import Case, CasePage, CloseIn
from mela.services.payments.schemas.ledger import BalancePage, Check, SealCheckPage, SealPage, TransferPage
from mela.services.payments.schemas.reconciliation import ReconciliationIn, ReconciliationPage, ReconciliationView
from mela.services.payments.schemas.routing import CandidatePage, RouteView
from mela.services.payments.service import PaymentsService
from mela.services.payments.service.books import BlockCheck, Books
from mela.services.payments.service.cases import Cases, Seen
from mela.services.payments.service.cash import Cash
from mela.services.payments.service.offers import Offers
from mela.services.payments.service.reconciliation import Reconciliation
from mela.services.payments.service.risk import Risk

_CALLBACK = "/api/payments/callbacks/{provider}"
CaseId = Annotated[
    str,
    Path(max_length=40, pattern=r"^case_[0-9A-HJKMNP-TV-Z]{26}$", description="The case", examples=[schemas.CASE]),
]


def router(
    payments: PaymentsService,
    books: Books,
    reconciliation: Reconciliation,
    cases: Cases,
    risk: Risk,
    offers: Offers,
    cash: Cash,
    *,
    answers: Answers,
) -> APIRouter:
    """All routes of payments. What comes with a key is answered once."""
    api = bodies.router(prefix="/api/payments", route_class=answers.route())
    _offers(api, offers)
    _payments(api, payments)
    _captures(api, payments)
    _ledger(api, payments, books, cases)
    _cases(api, cases)
    reviews.add(api, payments, risk)
    cash_routes.add(api, cash)
    holds.add(api, books)
    _seals(api, books)
    _reconciliations(api, reconciliation)
    _callbacks(api, payments)
    return api


def _offers(api: APIRouter, offers: Offers) -> None:
    @api.get(
        "/methods", response_model=schemas.MethodsView, tags=["payments"], summary="Banks and wallets to choose from"
    )
    async def list_payment_methods() -> object:
        """For net banking and wallets; those that nobody reaches at present are marked. No sign-in needed."""
        return {method: [vars(choice) for choice in choices] for method, choices in offers.choices().items()}


def _captures(api: APIRouter, payments: PaymentsService) -> None:
    @api.post(
        "/payments/{id}/captures", response_model=schemas.CaptureView, tags=["on duty"], status_code=201,
        summary="Take authorised money",
        responses=refused({
            404: "payments.unknown_payment", 409: "payments.not_authorized payments.capture_pending",
            422: "payments.capture_too_large",
        }),
    )  # fmt: skip
    async def create_payment_capture(_caller: Operator, id: Id, body: schemas.CaptureIn, key: Key) -> object:  # noqa: A002
        """In full or in parts; after the final one what is left is let go. The same key again: the same capture."""
        made = await payments.capture(key=key, payment_id=id, amount=Paise(body.amount_paise), final=body.final)
        return _capture(made)

    @api.post(
        "/payments/{id}/cancel", response_model=schemas.StateView, tags=["on duty"], summary="Let a payment go",
        responses=refused({404: "payments.unknown_payment", 409: "payments.capture_pending"}),
    )  # fmt: skip
    async def cancel_payment(caller: Operator, id: Id) -> object:  # noqa: A002
        """What is only authorised is let go (void), what is open is no longer wanted; what is closed stays as it is."""
        payment = await payments.cancel(payment_id=id, reason=f"cancelled by {caller.id}")
        return {"id": payment.id, "state": payment.state, "amount_paise": payment.amount}


def _capture(made: Capture) -> dict[str, object]:
    return {
        "id": made.id, "payment_id": made.payment_id, "amount_paise": made.amount, "final": made.final, "state": made.state,
    }  # fmt: skip


def _payments(api: APIRouter, payments: PaymentsService) -> None:
    @api.get(
        "/payments/{id}", response_model=schemas.PaymentView, tags=["on duty"], summary="Look at a payment",
        responses=refused({404: "payments.unknown_payment"}),
    )  # fmt: skip
    async def get_payment(_caller: Operator, id: Id) -> object:  # noqa: A002
        """A payment with its history, captures and refunds."""
        payment, history, captures, refunds = await payments.look(id)
        return {
            "id": payment.id, "order_id": payment.order_id, "amount_paise": payment.amount, "captured_paise": payment.captured,
            "refunded_paise": payment.refunded, "method": payment.method, "paid_with": payment.paid_with, "state": payment.state, "intent_url": payment.intent_url, "rrn": payment.rrn,
            "reason": payment.reason, "created": payment.created, "expires": payment.expires,
            "history": [{**step, "before": step["from"], "after": step["to"]} for step in history],
            "captures": [_capture(each) for each in captures],
            "refunds": [{"id": r.id, "amount_paise": r.amount, "state": r.state, "reason": r.reason} for r in refunds],
        }  # fmt: skip

    @api.get(
        "/payments/{id}/route", response_model=RouteView, tags=["on duty"], summary="Why a provider got a payment",
        responses=refused({404: "payments.unknown_payment"}),
    )  # fmt: skip
    async def get_payment_route(_caller: Operator, id: Id) -> object:  # noqa: A002
        """How the providers were weighed when the payment began; its history says whether it moved on."""
        provider, weighed = await payments.route(id)
        return {"provider": provider, "weighed": weighed}

    @api.get("/providers", response_model=CandidatePage, tags=["on duty"], summary="How providers are doing")
    async def list_providers(
        _caller: Operator,
        amount_paise: Annotated[
            int, Query(ge=100, le=10**12, description="Of the payment", examples=[129900])
        ] = 100_000,
        method: Annotated[
            Literal["upi", "card", "netbanking", "wallet"], Query(description="By which method", examples=["upi"])
        ] = "upi",
        bank: Annotated[
            str | None, Query(max_length=20, pattern="^[A-Z0-9]+$", description="Of which bank", examples=["SBI"])
        ] = None,
    ) -> object:
        """As a payment of now would find them, in this process."""
        found = payments.weigh(Paise(amount_paise), method=method, bank=bank)
        return {"items": [asdict(each) for each in found]}

    @api.post(
        "/payments/{id}/cash", response_model=schemas.StateView, tags=["on duty"],
        summary="Say that the cash was handed over",
        responses=refused({
            404: "payments.unknown_payment", 409: "payments.not_captured", 422: "payments.not_cash",
        }),
    )  # fmt: skip
    async def collect_payment_cash(_caller: Operator, id: Id, key: Key) -> object:  # noqa: A002
        """The courier has the cash of a cash-on-delivery payment. Repeating it changes nothing."""
        payment = await payments.collect_cash(key=key, payment_id=id)
        return {"id": payment.id, "state": payment.state, "amount_paise": payment.amount}


def _ledger(api: APIRouter, payments: PaymentsService, books: Books, cases: Cases) -> None:
    @api.get("/ledger/balances", response_model=BalancePage, tags=["on duty"], summary="Balances of all accounts")
    async def list_ledger_balances(
        _caller: Operator,
        at: Annotated[
            inputs.Moment | None,
            Query(
                description="As of the end of this moment, its zone included", examples=["2026-11-23T23:59:59+05:30"]
            ),
        ] = None,
        sealed: Annotated[bool, Query(description="Only what is in sealed blocks", examples=[False])] = False,
    ) -> object:
        """The trial balance: all accounts on one page, now or as of a moment."""
        found = await books.sealed() if sealed else await books.balances(at)
        return {
            "items": [_balance(*each) for each in found],
            "sum_paise": sum(debits - given for _, debits, given in found),
        }

    @api.get(
        "/ledger/transfers", response_model=TransferPage, tags=["on duty"],
        summary="Entries of the ledger, oldest first",
    )  # fmt: skip
    async def list_ledger_transfers(
        _caller: Operator,
        account: Annotated[
            str | None,
            Query(
                max_length=162,
                pattern=r"^[a-z][a-z_]*(:[A-Za-z0-9_-]+){0,2}$",
                description="Of one account",
                examples=["escrow"],
            ),
        ] = None,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page", examples=[100])] = 100,
    ) -> object:
        """Each moves an amount from one account to another, for a reason."""
        found = await books.transfers(account=account, after=pages.position(cursor) or 0, limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.id))
        page = [
            {"position": r.id, "debit": r.debit, "credit": r.credit, "amount_paise": r.amount, "kind": r.kind,
             "payment_id": r.payment_id, "at": r.at}
            for r in rows
        ]  # fmt: skip
        return {"items": page, "next_cursor": after}

    @api.get("/ledger/check", response_model=Check, tags=["on duty"], summary="Whether the books hold")
    async def check_ledger(_caller: Operator) -> object:
        """Adds up the ledger, compares it with the gateway's books, and lists open cases."""
        rows, parked = await books.balances(), await cases.page(is_open=True, before=None, limit=50)
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
            "cases": list(map(_case, parked)),
        }


def _balance(account: str, debits: int, given: int) -> dict[str, object]:
    """An account's sums as they are told."""
    return {"account": account, "debits_paise": debits, "credits_paise": given, "balance_paise": debits - given}


def _cases(api: APIRouter, cases: Cases) -> None:
    @api.get("/cases", response_model=CasePage, tags=["on duty"], summary="Cases for a person, the newest first")
    async def list_cases(
        _caller: Operator,
        state: Annotated[Literal["open", "closed"], Query(description="Which", examples=["open"])] = "open",
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=200, description="Cases on a page", examples=[50])] = 50,
    ) -> object:
        """Refused refunds, words that do not fit, and what the books of a day do not agree on."""
        found = await cases.page(is_open=state == "open", before=_case_of(cursor), limit=limit + 1)
        seen, after = pages.cut(found, limit, lambda each: str(each.row.id))
        return {"items": list(map(_case, seen)), "next_cursor": after}

    @api.get(
        "/cases/{id}", response_model=Case, tags=["on duty"], summary="Look at a case",
        responses=refused({404: "payments.unknown_case"}),
    )  # fmt: skip
    async def get_case(_caller: Operator, id: CaseId) -> object:  # noqa: A002
        """A case, and how it ended."""
        return _case(await cases.get(id))

    @api.post(
        "/cases/{id}/close", response_model=Case, tags=["on duty"], summary="Close a case",
        responses=refused({
            404: "payments.unknown_case", 409: "payments.case_is_closed payments.account_overdrawn",
            422: "payments.cannot_end_so payments.note_missing payments.refund_too_large",
        }),
    )  # fmt: skip
    async def close_case(caller: Operator, id: CaseId, body: CloseIn, key: Key) -> object:  # noqa: A002
        """Say what was done, once; `refund_again` also makes a second refund, `posted` enters what the case proposes. What was closed stays closed."""
        return _case(await cases.close(id, Decision(body.resolution, body.note or ""), key=key, actor=caller.id))


def _case(seen: Seen) -> dict[str, object]:
    """A case as it is told."""
    row, detail = seen.row, seen.row.detail
    amounts = (detail.get(name) for name in ("amount", "theirs", "ours"))
    names = ("resolution", "note", "actor", "refund_id")
    return {
        "id": row.id, "kind": row.kind, "about": row.about, "owner": seen.owner, "opened": row.opened, "detail": detail,
        "amount_paise": next((each for each in amounts if each is not None), None),
        "put_right_by": detail.get("put_right_by"), "owed_paise": seen.owed, "ends": list(seen.ends),
        "closing": {name: getattr(row, name) for name in names} | {"at": row.closed} if row.closed else None,
    }  # fmt: skip


def _case_of(cursor: str | None) -> str | None:
    """The case that a cursor names. Raises: Rejected for a cursor that names none."""
    if cursor is not None and not re.fullmatch("case_[0-9A-HJKMNP-TV-Z]{26}", cursor):
        raise pages.bad_cursor()
    return cursor


def _seals(api: APIRouter, books: Books) -> None:
    @api.get("/ledger/seals", response_model=SealPage, tags=["on duty"], summary="Sealed blocks, the newest first")
    async def list_ledger_seals(
        _caller: Operator,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=500, description="Blocks on a page", examples=[100])] = 100,
    ) -> object:
        """Each digest covers the transfers of its block and the digest before. Keep the newest somewhere else."""
        found = await books.seals(before=pages.position(cursor), limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.number))
        more = {"unsealed": await books.unsealed(), "stray": await books.stray()}
        return {"items": [_seal(row) for row in rows], "next_cursor": after, **more}

    @api.get(
        "/ledger/seals/checks", response_model=SealCheckPage, tags=["on duty"],
        summary="Whether the seals hold, the oldest first",
    )  # fmt: skip
    async def list_ledger_seal_checks(
        _caller: Operator,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=50, description="Blocks on a page", examples=[20])] = 20,
    ) -> object:
        """Computes each seal anew from the transfers as they stand, and adds them up by account."""
        first = (pages.position(cursor) or 0) + 1
        found = await books.check(first, limit + 1)
        checks, after = pages.cut(found, limit, lambda check: str(check.seal.number))
        return {"items": [_seal_check(check) for check in checks], "next_cursor": after}


def _seal(row: Any) -> dict[str, object]:
    """A sealed block as it is told."""
    return {
        "number": row.number, "last_position": row.last_id, "transfers": row.size, "amount_paise": row.amount,
        "digest": row.digest,
    }  # fmt: skip


def _seal_check(check: BlockCheck) -> dict[str, object]:
    """A block's check as it is told."""
    moved = [_balance(account, *sums) for account, sums in sorted(check.moved.items())]
    return {**_seal(check.seal), "holds": check.fault is None, "fault": check.fault, "moved": moved}


def _reconciliations(api: APIRouter, reconciliation: Reconciliation) -> None:
    @api.post(
        "/reconciliations", response_model=ReconciliationView, tags=["on duty"],
        summary="Hold a day against the provider's file",
        responses=refused({409: "payments.day_not_over", 422: "payments.bad_file payments.day_too_early", 503: "kernel.unreachable"}),
    )  # fmt: skip
    async def reconcile_payments(_caller: Operator, body: ReconciliationIn) -> object:
        """Fetches the file and the day's settlements, matches both movement by movement, opens a case for each break, and enters
        what arrived. A day may be held again.
        """
        return _day(await reconciliation.run(body.day))

    @api.get(
        "/reconciliations", response_model=ReconciliationPage, tags=["on duty"],
        summary="Days held against the provider's files, the latest first",
    )  # fmt: skip
    async def list_reconciliations(
        _caller: Operator,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=100, description="Days on a page", examples=[31])] = 31,
    ) -> object:
        """Each day as it came out last; a job holds yesterday against its file every morning."""
        found = await reconciliation.days(before=_before(cursor), limit=limit + 1)
        rows, after = pages.cut(found, limit, lambda row: str(row.day))
        return {"items": [_day(row) for row in rows], "next_cursor": after}


def _day(row: Any) -> dict[str, object]:
    """A day that was held against its file, as it is told."""
    settled = row.settled or {"outcomes": {}, "arrived": []}
    arrived = [
        {"provider": each["provider"], "utr": each["utr"], "movements": each["items"], "net_paise": each["net"],
         "fee_paise": each["fee"], "tax_paise": each["tax"]}
        for each in settled["arrived"]
    ]  # fmt: skip
    agrees = set(row.outcomes) <= HARMLESS and set(settled["outcomes"]) <= arrivals.HARMLESS
    return {"day": row.day, "agrees": agrees, "outcomes": _outcomes(row.outcomes), "settlements": _outcomes(settled["outcomes"]),
            "arrived": arrived, "at": row.at}  # fmt: skip


def _outcomes(found: Mapping[str, tuple[int, int]]) -> list[dict[str, object]]:
    """Counts and sums by outcome, as they are told."""
    return [{"outcome": outcome, "count": count, "amount_paise": amount} for outcome, (count, amount) in found.items()]


def _before(cursor: str | None) -> date | None:
    """The day that a cursor names. Raises: Rejected for a cursor that names none."""
    try:
        return None if cursor is None else date.fromisoformat(cursor)
    except ValueError:
        raise pages.bad_cursor() from None


def direct_callbacks(payments: PaymentsService, providers: Iterable[str]) -> dict[str, Route]:
    """The same callbacks by their whole paths, as most of them come: without the framework."""

    def route(provider: str) -> Route:
        async def take(request: Request) -> Response:
            outcome = await payments.take_callback(provider, headers=request.headers, body=await request.body())
            status = 202 if outcome is Outcome.PARKED else 200
            return Response(messages.to_json({"outcome": outcome}), status, media_type="application/json")

        return Route(_CALLBACK, take, methods=["POST"])

    return {_CALLBACK.format(provider=name): route(name) for name in providers}


def _callbacks(api: APIRouter, payments: PaymentsService) -> None:
    @api.post(
        "/callbacks/{provider}", response_model=schemas.Taken, tags=["callbacks"], summary="A provider's word",
        responses={202: {"model": schemas.Taken, "description": "Parked for a person"}, **refused({401: "payments.bad_signature", 404: "payments.unknown_provider", 413: "kernel.body_too_large", 422: "kernel.invalid"})},
    )  # fmt: skip
    async def take_provider_callback(
        request: Request, response: Response,
        provider: Annotated[str, Path(max_length=16, pattern="^[a-z]+$", description="Who speaks", examples=["razorpay"])],
    ) -> object:  # fmt: skip
        """Unauthenticated, but signed in the provider's own manner, in its own headers or fields."""
        body = await request.body()
        outcome = await payments.take_callback(provider, headers=request.headers, body=body)
        response.status_code = 202 if outcome is Outcome.PARKED else 200
        return {"outcome": outcome}
