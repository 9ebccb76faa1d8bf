"""After Razorpay: an order, a payment on it, Basic authentication, callbacks signed by HMAC over the body.

Source: razorpay-node @9737ef1, razorpay/markdown-docs @ab3bda5, juspay/connector-service @79cfb69 (2026-11-23).
Assumed: the whole of `/payments/downtimes`; orders by receipt (`GET /orders?receipt=`); a receipt that came before is refused; a payment on an order that has one is
that one; `upi.expiry_time` for links; `payment_capture` on orders; `order_receipt` and `receipt` in the reconciliation;
that it lists what moved on the day, not settled yet, beside what was settled on it; fee and tax of a refund.
"""

import hmac
from base64 import b64encode
from datetime import date
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

_DAY_S = 86_400
_PAGE = 1_000


class _Order(BaseModel):
    amount: int = Field(strict=True)
    currency: Literal["INR"]
    receipt: str = Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.:-]+$")
    payment_capture: bool = True


class _Upi(BaseModel):
    flow: Literal["intent"]
    expiry_time: int = Field(ge=1, le=10_080)


class _Card(BaseModel):
    number: str = Field(pattern=r"^[0-9]{12,19}$")
    cryptogram_value: str = Field(min_length=1, max_length=80)
    tokenised: Literal[True]
    token_provider: str = Field(max_length=12, pattern=r"^[a-z]+$")
    last4: str = Field(pattern=r"^[0-9]{4}$")


class _Pay(BaseModel):
    order_id: str
    amount: int = Field(strict=True)
    description: str = Field(default="", max_length=80)
    upi: _Upi | None = None
    card: _Card | None = None
    bank: str | None = Field(default=None, pattern=r"^[A-Z]{4}$")
    wallet: str | None = Field(default=None, pattern=r"^[a-z]{3,12}$")


class _Amount(BaseModel):
    amount: int = Field(strict=True, ge=1)
    receipt: str = Field(default="", max_length=60)


def _refusal(status: int, code: str) -> tuple[int, object]:
    description = {404: "The id provided does not exist", 401: "Authentication failed"}.get(status, code)
    error = {"code": "BAD_REQUEST_ERROR", "description": description, "source": "business", "step": "payment_initiation",
             "reason": "input_validation_failed", "metadata": {}}  # fmt: skip
    return 401 if status == 401 else 400, {"error": error}


class Razorpay(Face):
    """The face."""

    def router(self, gateway: Gateway, settings: Settings) -> APIRouter:
        api = shape.router("/sim/razorpay/v1", _refusal)
        api.dependencies.append(Depends(_merchant(settings)))
        _orders(api, gateway, settings)
        _payments(api, gateway)
        return routes.together(
            api, routes.behind(self.name, gateway, settings), routes.disputes(self.name, gateway, settings)
        )

    def callback(self, settings: Settings, row: Row[Any]) -> tuple[dict[str, str], bytes] | None:
        event, payment, refund = shape.told(row)
        if event == "payment.voided":
            return None
        if event.startswith("dispute."):
            return self._disputed(settings, row)
        payload = {"payment": {"entity": _payment(payment)}} | (
            {"refund": {"entity": _refund(refund)}} if refund else {}
        )
        return self._signed(settings, row, event, payload)

    def _disputed(self, settings: Settings, row: Row[Any]) -> tuple[dict[str, str], bytes]:
        kept = shape.kept(row)
        told = {"opened": "created"}.get(kept["dispute"]["entity"]["status"], kept["dispute"]["entity"]["status"])
        payload = {
            "payment": {"entity": _payment(kept["payment"]["entity"])},
            "dispute": {"entity": _dispute(kept["dispute"]["entity"])},
        }
        return self._signed(settings, row, f"payment.dispute.{told}", payload)

    def _signed(self, settings: Settings, row: Row[Any], event: str, payload: Any) -> tuple[dict[str, str], bytes]:
        body = {"entity": "event", "account_id": "acc_sim", "event": event, "contains": list(payload), "payload": payload,
                "created_at": int(row.created.timestamp())}  # fmt: skip
        content = shape.json_bytes(body)
        return {
            "content-type": "application/json", "x-razorpay-event-id": row.id,
            "x-razorpay-signature": signature.hex_hmac(settings.webhook_secret, content),
        }, content  # fmt: skip


def _dispute(row: Any) -> dict[str, object]:
    status = {"opened": "open", "won": "won", "lost": "lost"}[row["status"]]
    return {"id": f"disp_{row['id']}", "entity": "dispute", "payment_id": f"pay_{row['payment_id']}", "amount": row["amount"],
            "currency": "INR", "amount_deducted": row["amount"], "reason_code": row["reason"], "respond_by": row["respond_by"],
            "status": status, "phase": "chargeback", "created_at": row["created_at"]}  # fmt: skip


def _merchant(settings: Settings) -> Any:
    wanted = "Basic " + b64encode(f"{settings.key_id}:{settings.key_secret}".encode()).decode()

    async def check(request: Request) -> None:
        if not hmac.compare_digest(request.headers.get("authorization", "").encode(), wanted.encode()):
            raise Unauthenticated("kernel.unauthenticated")

    return check


def _orders(api: APIRouter, gateway: Gateway, settings: Settings) -> None:
    @api.post("/orders")
    async def create_order(request: Request) -> object:
        asked = await shape.body(request, _Order)
        if await gateway.find(asked.receipt) is not None:
            raise ValueError("receipt is not unique")
        row = await gateway.create_payment(
            reference=asked.receipt, amount=shape.payable(asked.amount), description="Order", seconds=_DAY_S, method=None,
            manual=not asked.payment_capture, callback_url=settings.callback_url,
        )  # fmt: skip
        return _order(row)

    @api.get("/orders")
    async def list_orders(receipt: str) -> object:
        row = await gateway.find(receipt[:60])
        return {"entity": "collection", "count": int(row is not None), "items": [_order(row)] if row else []}

    @api.get("/orders/{id}/payments")
    async def list_order_payments(id: str) -> object:  # noqa: A002
        row = await gateway.payment(shape.core(id, "order_"))
        found = [_payment(row)] if row["method"] else []
        return {"entity": "collection", "count": len(found), "items": found}

    @api.post("/payments/create/{how}")
    async def create_payment(request: Request, how: Literal["upi", "json"]) -> object:
        asked = await shape.body(request, _Pay)
        order = await gateway.payment(shape.core(asked.order_id, "order_"))
        shape.must_be(order["amount"], asked.amount, "amount")
        if how == "upi" and asked.upi is not None:
            row = await gateway.begin(
                order["id"], "upi", seconds=asked.upi.expiry_time * 60, description=asked.description
            )
            return {"razorpay_payment_id": f"pay_{row['id']}", "link": row["intent_url"]}
        if asked.card is not None:
            shown = f"{asked.card.token_provider} {asked.card.last4}"
            row = await gateway.begin(order["id"], "card", card=shown, description=asked.description)
        elif asked.bank or asked.wallet:
            method = "netbanking" if asked.bank else "wallet"
            row = await gateway.begin(
                order["id"], method, bank=asked.bank or asked.wallet, description=asked.description
            )
        else:
            raise ValueError("card, bank, wallet or upi")
        return {"razorpay_payment_id": f"pay_{row['id']}", "next": [{"action": "redirect", "url": row["intent_url"]}]}

    @api.get("/settlements/recon/combined")
    async def reconcile(year: int, month: int, day: int, count: int = _PAGE, skip: int = 0) -> object:
        on = date(year, month, day)
        found = [_moved(row, amount) async for row, amount in gateway.books.movements(on)]
        found += map(_settled, await gateway.books.settled(on))
        items = found[max(skip, 0) :][: min(max(count, 1), _PAGE)]
        return {"entity": "collection", "count": len(items), "items": items}


def _payments(api: APIRouter, gateway: Gateway) -> None:
    @api.get("/payments/downtimes")
    async def list_downtimes() -> object:
        return {"entity": "collection", "items": [_downtime(each) for each in await gateway.downtimes()]}

    @api.get("/payments/{id}")
    async def get_payment(id: str) -> object:  # noqa: A002
        row = await gateway.payment(shape.core(id, "pay_"))
        if not row["method"]:
            raise NotFound("kernel.not_found")
        return _payment(row)

    @api.post("/payments/{id}/capture")
    async def capture_payment(request: Request, id: str) -> object:  # noqa: A002
        asked = await shape.body(request, _Amount)
        return _payment(await gateway.capture(shape.core(id, "pay_"), asked.amount))

    @api.post("/payments/{id}/refund")
    async def refund_payment(request: Request, id: str) -> object:  # noqa: A002
        asked = await shape.body(request, _Amount)
        shape.must_be(asked.receipt, request.headers.get("x-refund-idempotency", asked.receipt), "idempotency key")
        return _refund(await gateway.refund(shape.core(id, "pay_"), reference=asked.receipt, amount=asked.amount))

    @api.get("/payments/{id}/refunds")
    async def list_refunds(id: str) -> object:  # noqa: A002
        found = [_refund(row) for row in await gateway.refunds_of(shape.core(id, "pay_"))]
        return {"entity": "collection", "count": len(found), "items": found}


def _order(row: Any) -> dict[str, object]:
    paid = row["amount"] if row["status"] == "captured" else 0
    status = "paid" if paid else ("attempted" if row["method"] else "created")
    return {"id": f"order_{row['id']}", "entity": "order", "amount": row["amount"], "amount_paid": paid,
            "amount_due": row["amount"] - paid, "currency": "INR", "receipt": row["reference"], "status": status,
            "attempts": int(row["method"] is not None), "notes": {}, "created_at": row["created_at"]}  # fmt: skip


def _payment(row: Any) -> dict[str, object]:
    status = {"expired": "failed", "voided": "failed", "deemed": "created"}.get(row["status"], row["status"])
    failed = shape.reason("razorpay", row["error_code"]) if status == "failed" else None
    return {"id": f"pay_{row['id']}", "entity": "payment", "amount": row["amount"], "currency": "INR",
            "status": "refunded" if row["refunded"] == row["amount"] else status, "order_id": f"order_{row['id']}",
            "method": row["method"], "captured": status == "captured", "amount_refunded": row["refunded"], "vpa": row["vpa"],
            "notes": {"reference": row["reference"]}, "error_code": "BAD_REQUEST_ERROR" if failed else None,
            "error_description": failed, "error_source": "customer" if failed else None, "error_step": None,
            "error_reason": failed, "acquirer_data": {"rrn": row["rrn"]}, "created_at": row["created_at"]}  # fmt: skip


def _downtime(each: Any) -> dict[str, object]:
    instrument = {"bank" if each["method"] == "netbanking" else "wallet": each["bank"]}
    return {"entity": "payment.downtime", "method": each["method"], "begin": each["begin"], "end": each["end"],
            "status": "started", "scheduled": False, "severity": "high", "instrument": instrument}  # fmt: skip


def _refund(row: Any) -> dict[str, object]:
    return {"id": f"rfnd_{row['id']}", "entity": "refund", "amount": row["amount"], "currency": "INR",
            "payment_id": f"pay_{row['payment_id']}", "receipt": row["reference"], "status": row["status"],
            "speed_processed": "normal", "created_at": row["created_at"]}  # fmt: skip


def _moved(row: Any, amount: int) -> dict[str, object]:
    came = row.kind == "collected"
    return {"entity_id": str(row.position), "type": "payment" if came else "refund", "debit": 0 if came else amount,
            "credit": amount if came else 0, "amount": amount, "currency": "INR", "fee": 0, "tax": 0, "settled": False,
            "settlement_id": None, "settlement_utr": None, "created_at": int(row.at.timestamp()), "order_receipt": row.reference if came else None,
            "receipt": None if came else row.reference}  # fmt: skip


def _settled(item: Item) -> dict[str, object]:
    came, kept = item.kind == "collected", item.fee + item.tax
    return {"entity_id": str(item.position), "type": "payment" if came else "refund", "debit": 0 if came else item.gross + kept,
            "credit": item.gross - kept if came else 0, "amount": item.gross, "currency": "INR", "fee": kept, "tax": item.tax,
            "settled": True, "settlement_id": item.settlement, "settlement_utr": item.utr, "created_at": int(item.at.timestamp()),
            "order_receipt": item.reference if came else None, "receipt": None if came else item.reference}  # fmt: skip


SERVICE = service(Razorpay("razorpay"))
