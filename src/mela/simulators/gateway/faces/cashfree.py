"""After Cashfree: amounts in decimal rupees, an order with a payment session, callbacks signed over moment and body.

Source: cashfree-pg @a600a39, cashfree.com/docs, juspay/connector-service @79cfb69 (2026-11-23).
Assumed: an `order_id` that came before is refused unless the idempotency key is the same; what an order that has a payment session
in use answers; `order_id`, `refund_id`, `event_time` and `cf_settlement_id` in the reconciliations, and that one day is asked for by its date; an expired link is USER_DROPPED.
Disputes: cashfree.com/docs, dispute webhooks (2026-11-27). Assumed: that each is signed and named as the others are; that one which ends
is told as DISPUTE_CLOSED; `reason_description` in words.
"""

import hmac
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy import Row

from mela.kernel.errors import NotFound, Unauthenticated
from mela.simulators.gateway import routes, signature
from mela.simulators.gateway.app import Face, service
from mela.simulators.gateway.faces import shape
from mela.simulators.gateway.service import Gateway
from mela.simulators.gateway.settings import Settings
from mela.simulators.gateway.settling import Item
from mela.simulators.gateway.store.rows import ReferenceReused

_PAGE = 1_000
_STATUS = {"created": "PENDING", "deemed": "PENDING", "authorized": "SUCCESS", "captured": "SUCCESS", "voided": "VOID", "failed": "FAILED",
           "expired": "USER_DROPPED"}  # fmt: skip
_ORDER = {"captured": "PAID", "authorized": "PAID", "expired": "EXPIRED"}
_REFUND = {"pending": "PENDING", "processed": "SUCCESS"}


class _Customer(BaseModel):
    customer_id: str = Field(min_length=1, max_length=50)
    customer_phone: str = Field(min_length=10, max_length=15)


class _Meta(BaseModel):
    notify_url: str = Field(max_length=500, pattern=r"^https?://[^\s]+$")


class _Order(BaseModel):
    order_id: str = Field(min_length=3, max_length=45, pattern=r"^[A-Za-z0-9_-]+$")
    order_amount: Decimal
    order_currency: Literal["INR"]
    order_note: str = Field(default="", max_length=80)
    order_expiry_time: datetime
    customer_details: _Customer
    order_meta: _Meta


class _Upi(BaseModel):
    channel: Literal["link"]


class _Card(BaseModel):
    channel: Literal["link"]
    card_number: str = Field(pattern=r"^[0-9]{12,19}$")
    cryptogram: str = Field(min_length=1, max_length=80)
    token_requestor_id: str = Field(max_length=20)
    card_network: str = Field(max_length=12, pattern=r"^[a-z]+$")
    card_last4: str = Field(pattern=r"^[0-9]{4}$")
    capture: bool = True


class _Netbanking(BaseModel):
    channel: Literal["link"]
    netbanking_bank_code: str = Field(pattern=r"^[A-Z]{4}$")


class _App(BaseModel):
    channel: Literal["link"]
    provider: str = Field(pattern=r"^[a-z]{3,12}$")
    phone: str


class _Method(BaseModel):
    upi: _Upi | None = None
    card: _Card | None = None
    netbanking: _Netbanking | None = None
    app: _App | None = None


class _Session(BaseModel):
    payment_session_id: str
    payment_method: _Method


class _Authorization(BaseModel):
    action: Literal["CAPTURE", "VOID"]
    amount: Decimal | None = None


class _NewRefund(BaseModel):
    refund_id: str = Field(min_length=3, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")
    refund_amount: Decimal


class _Filters(BaseModel):
    start_date: date
    end_date: date


class _Pagination(BaseModel):
    limit: int = Field(ge=1, le=_PAGE)
    cursor: str | None = Field(default=None, pattern=r"^[0-9]{1,12}$")


class _Recon(BaseModel):
    pagination: _Pagination
    filters: _Filters


def _refusal(status: int, code: str) -> tuple[int, object]:
    kind = {401: "authentication_error", 409: "invalid_request_error"}.get(status, "invalid_request_error")
    return status if status in (401, 404, 409) else 400, {"message": code, "code": code, "type": kind, "help": ""}


class Cashfree(Face):
    """The face."""

    def router(self, gateway: Gateway, settings: Settings) -> APIRouter:
        api = shape.router("/sim/cashfree/pg", _refusal)
        api.dependencies.append(Depends(_merchant(settings)))
        _orders(api, gateway)
        _after(api, gateway)
        return routes.together(
            api, routes.behind(self.name, gateway, settings), routes.disputes(self.name, gateway, settings)
        )

    def callback(self, settings: Settings, row: Row[Any]) -> tuple[dict[str, str], bytes] | None:
        event, payment, refund = shape.told(row)
        if event == "payment.voided":
            return None
        if event.startswith("dispute."):
            data, name = _disputed(shape.kept(row)["dispute"]["entity"], payment)
        elif refund is not None:
            data, name = {"refund": _refund(refund, payment["reference"])}, "REFUND_STATUS_WEBHOOK"
        else:
            word = {"SUCCESS": "SUCCESS", "FAILED": "FAILED"}.get(_STATUS[payment["status"]], "USER_DROPPED")
            data, name = (
                {"order": {"order_id": payment["reference"]}, "payment": _payment(payment)},
                f"PAYMENT_{word}_WEBHOOK",
            )
        body = shape.json_bytes({"data": data, "event_time": row.created.isoformat(), "type": name})
        moment = str(int(row.created.timestamp() * 1000))
        return {
            "content-type": "application/json", "x-webhook-timestamp": moment, "x-webhook-attempt": str(row.attempts),
            "x-idempotency-key": row.id, "x-webhook-signature": signature.base64_hmac(settings.key_secret, moment, body),
        }, body  # fmt: skip


def _merchant(settings: Settings) -> Any:
    wanted = f"{settings.key_id}\n{settings.key_secret}".encode()

    async def check(request: Request) -> None:
        given = f"{request.headers.get('x-client-id')}\n{request.headers.get('x-client-secret')}".encode()
        if not hmac.compare_digest(given, wanted):
            raise Unauthenticated("kernel.unauthenticated")
        if not request.headers.get("x-api-version"):
            raise ValueError("x-api-version is missing")

    return check


def _orders(api: APIRouter, gateway: Gateway) -> None:
    @api.post("/orders")
    async def create_order(request: Request) -> object:
        asked = await shape.body(request, _Order)
        if request.headers.get("x-idempotency-key") != asked.order_id and await gateway.find(asked.order_id):
            raise ReferenceReused(reference=asked.order_id)
        return _order(await gateway.create_payment(
            reference=asked.order_id, amount=shape.payable(shape.paise(str(asked.order_amount))), description=asked.order_note,
            seconds=max(1, gateway.seconds_until(asked.order_expiry_time)), method=None, callback_url=asked.order_meta.notify_url,
        ))  # fmt: skip

    @api.get("/orders/{id}")
    async def get_order(id: str) -> object:  # noqa: A002
        return _order(await gateway.payment_of(id[:60]))

    @api.post("/orders/sessions")
    async def pay(request: Request) -> object:
        asked = await shape.body(request, _Session)
        of, how = shape.core(asked.payment_session_id, "session_"), asked.payment_method
        if how.upi is not None:
            row = await gateway.begin(of, "upi")
            data: dict[str, object] = {"url": None, "payload": {"default": row["intent_url"]}}
        elif how.card is not None:
            shown = f"{how.card.card_network} {how.card.card_last4}"
            row = await gateway.begin(of, "card", card=shown, manual=not how.card.capture)
            data = {"url": row["intent_url"], "payload": None}
        elif how.netbanking is not None:
            row = await gateway.begin(of, "netbanking", bank=how.netbanking.netbanking_bank_code)
            data = {"url": row["intent_url"], "payload": None}
        elif how.app is not None:
            row = await gateway.begin(of, "wallet", bank=how.app.provider)
            data = {"url": row["intent_url"], "payload": None}
        else:
            raise ValueError("payment_method")
        return {"cf_payment_id": row["id"], "payment_amount": row["amount"] / 100, "payment_method": row["method"],
                "channel": "link", "action": "link", "data": data}  # fmt: skip

    @api.get("/orders/{id}/payments")
    async def list_payments(id: str) -> object:  # noqa: A002
        row = await gateway.payment_of(id[:60])
        return [_payment(row)] if row["method"] else []


def _after(api: APIRouter, gateway: Gateway) -> None:
    @api.post("/orders/{id}/authorization")
    async def authorize(request: Request, id: str) -> object:  # noqa: A002
        asked = await shape.body(request, _Authorization)
        row = await gateway.payment_of(id[:60])
        if asked.action == "VOID":
            return _payment(await gateway.void(row["id"]))
        return _payment(await gateway.capture(row["id"], shape.paise(str(asked.amount))))

    @api.post("/orders/{id}/refunds")
    async def create_refund(request: Request, id: str) -> object:  # noqa: A002
        asked = await shape.body(request, _NewRefund)
        row = await gateway.payment_of(id[:60])
        amount = shape.paise(str(asked.refund_amount))
        return _refund(await gateway.refund(row["id"], reference=asked.refund_id, amount=amount), id)

    @api.get("/orders/{id}/refunds/{refund_id}")
    async def get_refund(id: str, refund_id: str) -> object:  # noqa: A002
        return _refund(await gateway.refund_of(refund_id[:60]), id)

    @api.post("/settlement/recon")
    async def reconcile_settlements(request: Request) -> object:
        asked = await shape.body(request, _Recon)
        skip = int(asked.pagination.cursor or 0)
        found = await gateway.books.settled(asked.filters.start_date)
        items = found[skip : skip + asked.pagination.limit]
        after = skip + len(items)
        return {"data": list(map(_settled, items)), "limit": asked.pagination.limit,
                "cursor": str(after) if after < len(found) else None}  # fmt: skip

    @api.post("/recon")
    async def reconcile(request: Request) -> object:
        asked = await shape.body(request, _Recon)
        skip = int(asked.pagination.cursor or 0)
        moved = [each async for each in gateway.books.movements(asked.filters.start_date)]
        rows = moved[skip : skip + asked.pagination.limit]
        after = skip + len(rows)
        return {"data": [_moved(row, amount) for row, amount in rows], "limit": asked.pagination.limit,
                "cursor": str(after) if after < len(moved) else None}  # fmt: skip


def _settled(item: Item) -> dict[str, object]:
    came = item.kind == "collected"
    return {"event_id": str(item.position), "event_type": "PAYMENT" if came else "REFUND", "event_amount": item.gross / 100,
            "event_settlement_amount": abs(item.net) / 100, "sale_type": "CREDIT" if item.net >= 0 else "DEBIT",
            "event_time": item.at.isoformat(), "service_charge": item.fee / 100, "service_tax": item.tax / 100, "utr": item.utr,
            "cf_settlement_id": item.settlement, "order_id": item.reference if came else None,
            "refund_id": None if came else item.reference}  # fmt: skip


def _order(row: Any) -> dict[str, object]:
    return {"cf_order_id": row["id"], "order_id": row["reference"], "entity": "order", "order_amount": row["amount"] / 100,
            "order_currency": "INR", "order_status": _ORDER.get(row["status"], "ACTIVE"),
            "payment_session_id": f"session_{row['id']}", "order_expiry_time": row["expires"].isoformat()}  # fmt: skip


def _payment(row: Any) -> dict[str, object]:
    failed = shape.reason("cashfree", row["error_code"]) if row["status"] != "deemed" else None
    if row["status"] not in _STATUS:
        raise NotFound("kernel.not_found")
    return {"cf_payment_id": row["id"], "order_id": row["reference"], "payment_status": _STATUS[row["status"]],
            "payment_amount": row["amount"] / 100, "payment_currency": "INR", "bank_reference": row["rrn"],
            "is_captured": row["status"] == "captured", "payment_group": row["method"],
            "error_details": {"error_code": failed, "error_reason": failed, "error_source": "customer"} if failed else None,
            }  # fmt: skip


def _disputed(row: Any, payment: Any) -> tuple[dict[str, object], str]:
    status = {"opened": "CREATED", "won": "MERCHANT_WON", "lost": "MERCHANT_LOST"}[row["status"]]
    until = datetime.fromtimestamp(row["respond_by"], UTC).isoformat()
    dispute = {"dispute_id": row["id"], "dispute_type": "CHARGEBACK", "reason_code": "1402", "dispute_amount": row["amount"] / 100,
               "reason_description": row["reason"].replace("_", " ").capitalize(), "respond_by": until,
               "dispute_status": f"CHARGEBACK_{status}", "dispute_action_on": "MERCHANT"}  # fmt: skip
    of = {"order_id": payment["reference"], "order_amount": payment["amount"] / 100, "order_currency": "INR",
          "cf_payment_id": row["payment_id"]}  # fmt: skip
    return {"dispute": dispute, "order_details": of}, "DISPUTE_CREATED" if status == "CREATED" else "DISPUTE_CLOSED"


def _refund(row: Any, order_id: str) -> dict[str, object]:
    return {"cf_refund_id": row["id"], "refund_id": row["reference"], "order_id": order_id, "refund_amount": row["amount"] / 100,
            "refund_currency": "INR", "refund_status": _REFUND[row["status"]], "refund_arn": None}  # fmt: skip


def _moved(row: Any, amount: int) -> dict[str, object]:
    came = row.kind == "collected"
    return {"event_id": str(row.position), "event_type": "PAYMENT" if came else "REFUND", "event_amount": amount / 100,
            "event_settlement_amount": amount / 100, "sale_type": "CREDIT" if came else "DEBIT", "event_time": row.at.isoformat(),
            "service_charge": 0, "service_tax": 0, "utr": None, "order_id": row.reference if came else None,
            "refund_id": None if came else row.reference}  # fmt: skip


SERVICE = service(Cashfree("cashfree"))
