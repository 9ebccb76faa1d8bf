"""After PhonePe v2: a token of OAuth, whole paise, and callbacks that only say that something is new: nothing of them is signed.

Source: phonepe-pg-sdk-python @73d460e, developer.phonepe.com (2026-11-23).
Assumed: a `merchantOrderId` that came before with the same amount is the same order; what a refused request answers.
Disputes: the names of their events and that a dispute can be fetched are published (developer.phonepe.com/chargeback, 2026-11-27); assumed: the
address and every field of it.
Not published, so not here: capture, void and a file of transactions; cards, whose fields are encrypted with a key of theirs.
"""

import hmac
from typing import Any, Literal
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy import Row

from mela.kernel import ids
from mela.kernel.errors import Unauthenticated
from mela.simulators.gateway import routes, signature
from mela.simulators.gateway.app import Face, service
from mela.simulators.gateway.faces import shape
from mela.simulators.gateway.service import Gateway
from mela.simulators.gateway.settings import Settings

_TOKEN_S = 3_600
_STATE = {"created": "PENDING", "deemed": "PENDING", "captured": "COMPLETED", "failed": "FAILED", "expired": "FAILED"}
_REFUND = {"pending": "PENDING", "processed": "COMPLETED"}


class _Mode(BaseModel):
    type: Literal["UPI_INTENT"]


class _Flow(BaseModel):
    type: Literal["PG"]
    paymentMode: _Mode  # noqa: N815 (published so)


class _Pay(BaseModel):
    merchantOrderId: str = Field(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9_-]+$")  # noqa: N815 (published so)
    amount: int = Field(strict=True)
    expireAfter: int = Field(ge=1, le=86_400, strict=True)  # noqa: N815 (published so)
    paymentFlow: _Flow  # noqa: N815 (published so)


class _Refund(BaseModel):
    merchantRefundId: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_-]+$")  # noqa: N815 (published so)
    originalMerchantOrderId: str = Field(min_length=1, max_length=63)  # noqa: N815 (published so)
    amount: int = Field(strict=True, ge=1)


def _refusal(status: int, code: str) -> tuple[int, object]:
    word = {401: "UNAUTHORIZED", 404: "ORDER_NOT_FOUND", 409: "CONFLICT"}.get(status, "BAD_REQUEST")
    return status if status in (401, 404, 409) else 400, {"success": False, "code": word, "message": code, "data": {}}


class PhonePe(Face):
    """The face."""

    def router(self, gateway: Gateway, settings: Settings) -> APIRouter:
        door, api = (shape.router("/sim/phonepe", _refusal) for _ in range(2))
        tokens: set[str] = set()
        _door(door, settings, tokens)
        api.dependencies.append(Depends(_bearer(tokens)))
        _orders(api, gateway, settings)
        behind = routes.behind(self.name, gateway, settings), routes.disputes(self.name, gateway, settings)
        return routes.together(door, api, *behind)

    def callback(self, settings: Settings, row: Row[Any]) -> tuple[dict[str, str], bytes] | None:
        event, payment, refund = shape.told(row)
        if event.startswith("dispute."):
            told = shape.kept(row)["dispute"]["entity"]
            name = f"payment.dispute.{'created' if told['status'] == 'opened' else told['status']}"
            payload = _dispute(told)
        elif refund is not None:
            name, payload = "pg.refund.completed", _refund(refund) | {"originalMerchantOrderId": payment["reference"]}
        else:
            name = "pg.order.completed" if event == "payment.captured" else "pg.order.failed"
            payload = _order(payment)
        body = shape.json_bytes({"event": name, "payload": payload})
        return {
            "content-type": "application/json",
            "authorization": signature.account_digest(settings.webhook_secret),
        }, body


def _door(api: APIRouter, settings: Settings, tokens: set[str]) -> None:
    @api.post("/v1/oauth/token")
    async def token(request: Request) -> object:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        given = f"{form.get('client_id')}\n{form.get('client_secret')}".encode()
        if not hmac.compare_digest(given, f"{settings.key_id}\n{settings.key_secret}".encode()):
            raise Unauthenticated("kernel.unauthenticated")
        shape.must_be("client_credentials", form.get("grant_type"), "grant_type")
        fresh = ids.new_secret()
        tokens.add(fresh)
        return {"access_token": fresh, "token_type": "O-Bearer", "expires_in": _TOKEN_S}


def _bearer(tokens: set[str]) -> Any:
    async def check(request: Request) -> None:
        if request.headers.get("authorization", "").removeprefix("O-Bearer ") not in tokens:
            raise Unauthenticated("kernel.unauthenticated")

    return check


def _orders(api: APIRouter, gateway: Gateway, settings: Settings) -> None:
    @api.post("/payments/v2/pay")
    async def pay(request: Request) -> object:
        asked = await shape.body(request, _Pay)
        row = await gateway.create_payment(
            reference=asked.merchantOrderId, amount=shape.payable(asked.amount), description="Order", seconds=asked.expireAfter,
            method="upi", callback_url=settings.callback_url,
        )  # fmt: skip
        expires = int(row["expires"].timestamp() * 1000)
        return {
            "orderId": row["id"],
            "state": _STATE[row["status"]],
            "expireAt": expires,
            "intentUrl": row["intent_url"],
        }

    @api.get("/payments/v2/order/{id}/status")
    async def status(id: str) -> object:  # noqa: A002
        return _order(await gateway.payment_of(id[:63]))

    @api.post("/payments/v2/refund")
    async def refund(request: Request) -> object:
        asked = await shape.body(request, _Refund)
        row = await gateway.payment_of(asked.originalMerchantOrderId)
        return _refund(await gateway.refund(row["id"], reference=asked.merchantRefundId, amount=asked.amount))

    @api.get("/disputes/v2/{id}")
    async def dispute(id: str) -> object:  # noqa: A002
        return _dispute(await gateway.dispute(id[:60]))

    @api.get("/payments/v2/refund/{id}/status")
    async def refund_status(id: str) -> object:  # noqa: A002
        return _refund(await gateway.refund_of(id[:63]))


def _order(row: Any) -> dict[str, object]:
    state = _STATE[row["status"]]
    failed = shape.reason("phonepe", row["error_code"]) if state == "FAILED" else None
    instrument = {"instrument": {"type": "ACCOUNT"}, "rail": {"type": "UPI", "utr": row["rrn"], "vpa": row["vpa"]}}
    detail = {"transactionId": row["id"], "paymentMode": "UPI_INTENT", "amount": row["amount"], "state": state,
              "errorCode": failed, "splitInstruments": [instrument]}  # fmt: skip
    return {"orderId": row["id"], "merchantOrderId": row["reference"], "state": state, "amount": row["amount"],
            "errorCode": failed, "detailedErrorCode": row["error_code"], "paymentDetails": [detail]}  # fmt: skip


def _dispute(row: Any) -> dict[str, object]:
    state = {"opened": "CREATED", "won": "WON", "lost": "LOST"}[row["status"]]
    return {"disputeId": row["id"], "merchantOrderId": row["reference"], "amount": row["amount"], "status": state,
            "reason": row["reason"].replace("_", " ").upper(), "respondBy": row["respond_by"] * 1000}  # fmt: skip


def _refund(row: Any) -> dict[str, object]:
    return {
        "refundId": row["id"],
        "merchantRefundId": row["reference"],
        "amount": row["amount"],
        "state": _REFUND[row["status"]],
    }


SERVICE = service(PhonePe("phonepe"))
