"""After PayU India: forms in, JSON out, a SHA-512 over named fields in either direction, one address for all commands.

Source: payu web-sdk-nodejs @5997b8a, docs.payu.in, juspay/connector-service @79cfb69 (2026-11-23).
Assumed: a txnid that came before with the same amount is the same payment; `expiry_seconds`; `txnid` for orders in the settlement,
`token` for refunds, and that what moved on the day and is not settled yet stands in it without a UTR; that a cancel of an authorised payment lets it go; the fields of a card's token; that mihpayid is no number here.
Chargebacks: docs.payu.in, webhooks for chargebacks and their signature V2 (2026-11-27); its `txn_id` may be the merchant's or PayU's: assumed ours.
"""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode

from fastapi import APIRouter, Request
from sqlalchemy import Row

from mela.kernel.errors import MelaError, NotFound, Retryable, Unauthenticated
from mela.simulators.gateway import routes, signature
from mela.simulators.gateway.app import Face, service
from mela.simulators.gateway.faces import shape
from mela.simulators.gateway.service import Gateway
from mela.simulators.gateway.settings import Settings
from mela.simulators.gateway.settling import Item

Form = Mapping[str, str]
_STATUS = {"created": ("pending", "pending"), "deemed": ("pending", "pending"),
           "authorized": ("success", "auth"), "captured": ("success", "captured"),
           "voided": ("failure", "userCancelled"), "failed": ("failure", "failed"), "expired": ("failure", "dropped")}  # fmt: skip
_REFUND = {"pending": "queued", "processed": "success"}
_CHARGEBACK = {"opened": "New", "won": "Closed in Merchant Favour", "lost": "Closed Customer Favour"}
_REASONS = {"goods_not_received": "Non Receipt of Goods or Services", "fraud": "Fraud - Card Not Present Environment",
            "goods_not_as_described": "Product or Services not as described", "duplicate": "Customer charged more than once"}  # fmt: skip
_REFUSED = {"gateway.over_captured": 105, "gateway.reference_reused": 106, "kernel.not_found": 116}


def _refusal(status: int, code: str) -> tuple[int, object]:
    return 401 if status == 401 else 200, {"status": "failed", "error": "EX158", "message": code}


class PayU(Face):
    """The face. The key's secret is the salt."""

    def router(self, gateway: Gateway, settings: Settings) -> APIRouter:
        api = shape.router("/sim/payu", _refusal)
        _payment(api, gateway, settings)
        _commands(api, gateway, settings)
        return routes.together(
            api, routes.behind(self.name, gateway, settings), routes.disputes(self.name, gateway, settings)
        )

    def callback(self, settings: Settings, row: Row[Any]) -> tuple[dict[str, str], bytes] | None:
        event, payment, refund = shape.told(row)
        if event == "payment.voided":
            return None
        if event.startswith("dispute."):
            return _disputed(settings, shape.kept(row)["dispute"]["entity"], payment)
        if refund is not None:
            told = {"action": "refund", "status": _REFUND[refund["status"]], "amt": shape.rupees(refund["amount"]),
                    "token": refund["reference"], "mihpayid": refund["payment_id"], "request_id": refund["id"]}  # fmt: skip
            return {"content-type": "application/json"}, shape.json_bytes(told)
        fields = _told(payment) | {
            "key": settings.key_id,
            "productinfo": "Order",
            "firstname": "payer",
            "email": "payer@mela.example",
        }
        fields["hash"] = signature.payu_answer(settings.key_id, settings.key_secret, fields)
        return {"content-type": "application/x-www-form-urlencoded"}, urlencode(fields).encode()


def _disputed(settings: Settings, row: Any, payment: Any) -> tuple[dict[str, str], bytes]:
    due = datetime.fromtimestamp(row["respond_by"], UTC).date().isoformat()
    told = {"type": "payments", "event": "dispute", "reason_code": _REASONS.get(row["reason"], row["reason"]), "mid": "2",
            "cb_id": int(sha256(row["id"].encode()).hexdigest()[:12], 16), "txn_id": payment["reference"], "cb_type": "Chargeback",
            "due_date": due, "cb_amount": shape.rupees(row["amount"]), "cb_status": _CHARGEBACK[row["status"]]}  # fmt: skip
    signed = (told[name] for name in ("txn_id", "cb_amount", "cb_id", "cb_type"))
    text = "|".join(map(str, (settings.key_id, *signed, str(told["cb_status"]).replace(" ", ""), settings.key_secret)))
    header = {"x-payu-dispute-webhook-signature-v2": signature.payu(text)}
    return header | {"content-type": "application/json"}, shape.json_bytes(told)


async def _form(request: Request) -> dict[str, str]:
    """Raises: ValueError for a body that is no form in UTF-8."""
    found = parse_qs((await request.body()).decode(), keep_blank_values=True, max_num_fields=100)
    return {name: values[0] for name, values in found.items()}


def _check(wanted: str, form: Form) -> None:
    if not hmac.compare_digest(wanted.encode(), form.get("hash", "").encode()):
        raise Unauthenticated("kernel.unauthenticated")


def _payment(api: APIRouter, gateway: Gateway, settings: Settings) -> None:
    @api.post("/_payment")
    async def pay(request: Request) -> object:
        form = await _form(request)
        _check(signature.payu_request(settings.key_id, settings.key_secret, form), form)
        method = {"CC": "card", "DC": "card", "NB": "netbanking", "CASH": "wallet"}.get(form["pg"], "upi")
        if method == "upi":
            flow = (form["pg"], form.get("bankcode"), form.get("txn_s2s_flow"))
            shape.must_be(("UPI", "INTENT", "2"), flow, "flow")
        card = method == "card"
        row = await gateway.create_payment(
            reference=form["txnid"][:60], amount=shape.payable(shape.paise(form["amount"])), description=form["productinfo"][:80],
            seconds=int(form.get("expiry_seconds", "900")), method=method, callback_url=settings.callback_url,
            bank=form["bankcode"][:12] if method in ("netbanking", "wallet") else None,
            card=f"{form['network'][:12]} {form['last4'][:4]}" if card else None, manual=form.get("capture") == "manual",
        )  # fmt: skip
        link = row["intent_url"]
        where = (
            {"redirectUrl": link}
            if method != "upi"
            else {"intentURIData": link.partition("?")[2], "merchantVpa": settings.payee_vpa}
        )
        return {
            "status": _STATUS[row["status"]][0],
            "referenceId": row["id"],
            "amount": shape.rupees(row["amount"]),
            **where,
        }


def _commands(api: APIRouter, gateway: Gateway, settings: Settings) -> None:
    known: dict[str, Callable[[Gateway, Form], Awaitable[object]]] = {
        "verify_payment": _verify, "capture_transaction": _capture, "cancel_refund_transaction": _give_back,
        "check_action_status": _actions, "get_settlement_details": _settled,
    }  # fmt: skip

    @api.post("/merchant/postservice.php")
    async def command(request: Request) -> object:
        form = await _form(request)
        name, var1 = form.get("command", ""), form.get("var1", "")
        _check(signature.payu(f"{settings.key_id}|{name}|{var1}|{settings.key_secret}"), form)
        if name not in known:
            return {"status": 0, "msg": "unknown command"}
        try:
            return await known[name](gateway, form)
        except Retryable:
            raise
        except MelaError as error:
            return {"status": 0, "msg": error.of, "error_code": _REFUSED.get(error.of, 999)}


async def _verify(gateway: Gateway, form: Form) -> object:
    try:
        row = await gateway.payment_of(form["var1"][:60])
    except NotFound:
        return {"status": 0, "msg": "0 out of 1 Transactions Fetched Successfully",
                "transaction_details": {form["var1"]: {"mihpayid": "Not Found", "status": "Not Found"}}}  # fmt: skip
    return {
        "status": 1,
        "msg": "1 out of 1 Transactions Fetched Successfully",
        "transaction_details": {row["reference"]: _told(row)},
    }


async def _capture(gateway: Gateway, form: Form) -> object:
    row = await gateway.capture(shape.core(form["var1"]), shape.paise(form["var2"]))
    return {"status": 1, "msg": "Capture Request Queued", "mihpayid": row["id"]}


async def _give_back(gateway: Gateway, form: Form) -> object:
    row = await gateway.payment(shape.core(form["var1"]))
    if row["status"] in ("authorized", "voided"):
        await gateway.void(row["id"])
        return {
            "status": 1,
            "msg": "Cancel Request Queued",
            "request_id": row["id"],
            "mihpayid": row["id"],
            "error_code": 102,
        }
    found = await gateway.refund(row["id"], reference=form["var2"][:60], amount=shape.paise(form["var3"]))
    return {
        "status": 1,
        "msg": "Refund Request Queued",
        "request_id": found["id"],
        "mihpayid": row["id"],
        "error_code": 102,
    }


async def _actions(gateway: Gateway, form: Form) -> object:
    of = shape.core(form["var1"])
    actions = {
        row["id"]: {
            "action": "refund",
            "amt": shape.rupees(row["amount"]),
            "status": _REFUND[row["status"]],
            "token": row["reference"],
        }
        for row in await gateway.refunds_of(of)
    }
    return {"status": 1, "msg": "Transaction Fetched Successfully", "transaction_details": {of: actions}}


async def _settled(gateway: Gateway, form: Form) -> object:
    found: dict[str, object] = {}
    async for row, amount in gateway.books.movements(date.fromisoformat(form["var1"])):
        came = row.kind == "collected"
        found[str(len(found) + 1)] = {
            "payuid": str(row.position), "txnid": row.reference if came else "", "token": "" if came else row.reference,
            "requestaction": "capture" if came else "refund", "amount": shape.rupees(amount), "mer_service_fee": "0.00",
            "mer_service_tax": "0.00", "mer_net_amount": shape.rupees(amount), "addedon": f"{row.at:%Y-%m-%dT%H:%M:%SZ}",
            "mer_utr": "", "settlement_id": "",
        }  # fmt: skip
    for item in await gateway.books.settled(date.fromisoformat(form["var1"])):
        found[str(len(found) + 1)] = _paid(item)
    return {"status": 1, "msg": f"{len(found)} transactions settled", "Txn_details": found}


def _paid(item: Item) -> dict[str, object]:
    came = item.kind == "collected"
    return {"payuid": str(item.position), "txnid": item.reference if came else "", "token": "" if came else item.reference,
            "requestaction": "capture" if came else "refund", "amount": shape.rupees(item.gross),
            "mer_service_fee": shape.rupees(item.fee), "mer_service_tax": shape.rupees(item.tax),
            "mer_net_amount": shape.rupees(item.net) if item.net >= 0 else f"-{shape.rupees(-item.net)}", "mer_utr": item.utr,
            "settlement_id": item.settlement, "addedon": f"{item.at:%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip


def _told(row: Any) -> dict[str, str]:
    status, unmapped = _STATUS[row["status"]]
    return {"mihpayid": row["id"], "txnid": row["reference"], "amount": shape.rupees(row["amount"]), "status": status,
            "unmappedstatus": unmapped, "bank_ref_num": row["rrn"] or "", "error_code": shape.reason("payu", row["error_code"]) or "E000",
            "net_amount_debit": shape.rupees(row["amount"]) if status == "success" else "0.00"}  # fmt: skip


SERVICE = service(PayU("payu"))
