"""A callback that is answered without the framework is answered as with it, to the letter."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from mela.kernel.clock import FakeClock
from mela.services.payments.app import SERVICE
from mela.simulators.gateway import signature
from tests import kit
from tests.service.payments.test_callbacks import captured
from tests.service.payments.world import PAYMENTS_ENVIRON, START

UNKNOWN = captured("pay_01KAR4T0GQ8V6M2Z3XJY5N7P9B")


@pytest.fixture
async def ways(tmp_path: Path) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """The same service with direct routes, and without."""
    plain = replace(SERVICE, build=lambda ctx: replace(SERVICE.build(ctx), direct={}))
    async with (
        httpx2.AsyncClient() as nobody,
        kit.running(SERVICE, tmp_path / "a", clock=FakeClock(START), environ=PAYMENTS_ENVIRON, http=nobody) as one,
        kit.running(plain, tmp_path / "b", clock=FakeClock(START), environ=PAYMENTS_ENVIRON, http=nobody) as other,
    ):
        yield [one.client, other.client]


@pytest.mark.parametrize(("body", "signed", "status"), [
    (UNKNOWN, None, 202), (UNKNOWN, "0" * 64, 401), (b'{"event": "order.paid", "payload": {}}', None, 200),
    (b"{}", None, 422), (b"[", None, 422), (b"\xff", None, 422), (b"", None, 422), (b" " * 300_000, None, 413),
    (b'{"event": ' + b"[" * 100_000, None, 422), (captured("p", amount=4), None, 202), (captured("p", status="lost"), None, 422),
])  # fmt: skip
async def test_both_ways_have_one_answer(
    ways: list[httpx2.AsyncClient], body: bytes, signed: str | None, status: int
) -> None:  # fmt: skip
    headers = {
        "content-type": "application/json", "x-request-id": "req_01KAR4T0GQ8V6M2Z3XJY5N7P9B", "accept-language": "hi",
        signature.HEADER: signed or signature.hex_hmac("hook", body), signature.EVENT_ID: "evt_1",
    }  # fmt: skip
    direct, slow = [await way.post("/api/payments/callbacks/gateway", content=body, headers=headers) for way in ways]
    assert (direct.status_code, direct.content, dict(direct.headers)) == (
        slow.status_code,
        slow.content,
        dict(slow.headers),
    )
    assert direct.status_code == status


async def test_another_method_or_provider_is_left_to_the_framework(ways: list[httpx2.AsyncClient]) -> None:
    for way in ways:
        assert (await way.get("/api/payments/callbacks/gateway")).status_code == 405
        assert (await way.post("/api/payments/callbacks/nobody", content=b"{}")).status_code == 404
