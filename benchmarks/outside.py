"""The world around payments as fast as Python goes: a gateway that answers at once and calls back, and who hears events.

It speaks the protocol of `simulators/gateway`, signature included, but keeps only what it needs, so that the server is measured
and not its surroundings.
"""

import asyncio
import itertools
import json
from typing import Any

from benchmarks.client import Connection
from mela.services.payments.rules import signature

SECRET = "w" * 40


class Http(asyncio.Protocol):
    """A kept-alive connection, a request at a time. A subclass answers."""

    def connection_made(self, transport: Any) -> None:
        """See `asyncio.Protocol`."""
        self._transport, self._begun = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer once head and body are whole."""
        self._begun += data
        head, found, body = self._begun.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if not found or len(body) < length:
            return
        self._begun = b""
        answer = self.answer(head.split(b" ", 2)[1].decode(), body)
        status = b"200 OK" if answer is not None else b"404 Not Found"
        content = json.dumps(answer or {}).encode()
        kind = b"content-type: application/json\r\n"
        self._transport.write(b"HTTP/1.1 %s\r\n%scontent-length: %d\r\n\r\n%s" % (status, kind, len(content), content))

    def answer(self, path: str, body: bytes) -> dict[str, Any] | None:
        """What is answered as JSON; None where there is no such thing."""
        raise NotImplementedError


class Hearer(Http):
    """Takes events, and counts the payments that are told as captured."""

    heard = 0

    def answer(self, path: str, body: bytes) -> dict[str, Any] | None:
        """See `Http`."""
        Hearer.heard += body.count(b'"payments.captured"')
        return {"result": None}


class Gateway:
    """Payments by their reference, and a line back to the one whose gateway it is."""

    def __init__(self) -> None:
        self._paid: dict[str, dict[str, Any]] = {}
        self._numbers = itertools.count()

    def door(self) -> Http:
        """A connection to it."""
        return _Asked(self)

    def create(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A payment with its link."""
        reference = asked["reference"]
        made = {"id": f"gp_{next(self._numbers)}", "reference": reference, "status": "created", "amount": asked["amount"],
                "intent_url": f"upi://pay?pa=mela@sim&tr={reference}&am=1"}  # fmt: skip
        self._paid[reference] = made
        return made

    def status(self, wanted: str) -> dict[str, Any] | None:
        """A payment by its reference, or by its id."""
        return self._paid.get(wanted) or next((each for each in self._paid.values() if each["id"] == wanted), None)

    async def approve(self, reference: str, line: Connection) -> None:
        """The payer has paid: tell it, signed. Raises: RuntimeError when the word is refused."""
        made = self._paid[reference]
        made |= {"status": "captured", "rrn": f"{next(self._numbers):012d}"}
        body = json.dumps({"event": "payment.captured", "payload": {"payment": {"entity": made}}}).encode()
        event_id, signed = f"evt_{made['id']}", signature.hex_hmac(SECRET, body)
        told = {"x_gateway_event_id": event_id, "x_gateway_signature": signed}
        status, answer = await line.call("POST", "/api/payments/callbacks/gateway", body, **told)
        if status != 200:
            raise RuntimeError(str(answer))


class _Asked(Http):
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def answer(self, path: str, body: bytes) -> dict[str, Any] | None:
        if body:
            return self._gateway.create(json.loads(body))
        return self._gateway.status(path.rsplit("=" if "=" in path else "/", 1)[1])
