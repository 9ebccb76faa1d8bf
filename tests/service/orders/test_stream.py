"""An order followed live: told at once, resumed where the line was lost, ended when nothing more can happen."""

import asyncio
from pathlib import Path

import pytest

from mela.contracts.accounts import Accounts
from mela.contracts.catalog import Catalog
from mela.contracts.payments import Payments
from mela.kernel.errors import Busy
from mela.kernel.web import WebSettings, streams
from mela.services.orders.app import SERVICE
from mela.services.orders.service import changes
from tests import kit
from tests.service.orders.conftest import Shop
from tests.streaming import following


async def waiting(shop: Shop) -> tuple[str, str]:
    """The path of an order's stream, and the id of its payment."""
    await shop.put()
    order = await shop.check_out()
    return f"/api/orders/orders/{order['id']}/stream", order["payment_id"]


async def test_the_stream_tells_the_order_as_reading_it_does_and_then_each_change(shop: Shop) -> None:
    path, payment_id = await waiting(shop)
    async with following(shop.app.client, path, shop.meena) as stream:
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        number, order = await stream.event()
        assert order == await shop.call("GET", f"/orders/{order['id']}")
        assert (number, order["state"]) == (str(order["version"]), "awaiting_payment")
        await shop.hear(shop.payments.pay(payment_id))
        later, paid = await stream.event()
        assert (int(later) > int(number), paid["state"]) == (True, "confirmed")


async def test_who_comes_again_is_not_told_what_was_seen(shop: Shop) -> None:
    path, payment_id = await waiting(shop)
    async with following(shop.app.client, path, shop.meena) as stream:
        number, _ = await stream.event()
    async with following(shop.app.client, path, {**shop.meena, "last-event-id": number}) as stream:
        await shop.hear(shop.payments.pay(payment_id))
        assert (await stream.event())[1]["state"] == "confirmed"


async def test_what_happened_while_the_line_was_lost_is_told_at_once(shop: Shop) -> None:
    path, payment_id = await waiting(shop)
    async with following(shop.app.client, path, shop.meena) as stream:
        number, _ = await stream.event()
    await shop.hear(shop.payments.pay(payment_id))
    async with following(shop.app.client, path, {**shop.meena, "last-event-id": number}) as stream:
        assert (await stream.event())[1]["state"] == "confirmed"


async def test_the_stream_ends_with_the_refund_and_then_says_that_nothing_comes(shop: Shop) -> None:
    path, payment_id = await waiting(shop)
    await shop.hear(shop.payments.pay(payment_id))
    order_id = path.split("/")[4]
    async with following(shop.app.client, path, shop.meena) as stream:
        await stream.event()
        await shop.call("POST", f"/orders/{order_id}/cancel", {"reason": "too slow"})
        while (told := (await stream.event())[1])["state"] != "cancelled":
            pass
        assert [refund["state"] for refund in told["refunds"]] == ["pending"]
        assert not stream.ended.is_set()
        [refund] = shop.payments.refunds.values()
        await shop.hear(shop.payments.process_refund(refund.id), "evt_refund")
        number, told = await stream.event()
        assert ([r["state"] for r in told["refunds"]], told["refunded_paise"]) == (["processed"], told["total_paise"])
        async with asyncio.timeout(30):
            await stream.ended.wait()
    again = await shop.app.client.get(path, headers={**shop.meena, "last-event-id": number})
    assert (again.status_code, again.content) == (204, b"")


async def test_the_stream_tells_that_the_bank_refused_the_refund_and_goes_on_to_the_second_try(shop: Shop) -> None:
    path, payment_id = await waiting(shop)
    await shop.hear(shop.payments.pay(payment_id))
    await shop.call("POST", f"/orders/{path.split('/')[4]}/cancel", {"reason": "too slow"})
    async with following(shop.app.client, path, shop.meena) as stream:
        assert [refund["state"] for refund in (await stream.event())[1]["refunds"]] == ["pending"]
        [refund] = shop.payments.refunds.values()
        await shop.hear(shop.payments.refuse_refund(refund.id), "evt_refused")
        told = (await stream.event())[1]
        assert ([r["state"] for r in told["refunds"]], told["refunded_paise"]) == (["failed"], 0)
        retried = shop.payments.retry_refund(refund.id)
        await shop.hear(retried, "evt_retried")
        assert [r["state"] for r in (await stream.event())[1]["refunds"]] == ["failed", "pending"]
        await shop.hear(shop.payments.process_refund(retried.refund_id), "evt_refunded")
        assert [r["state"] for r in (await stream.event())[1]["refunds"]] == ["failed", "processed"]
        async with asyncio.timeout(30):
            await stream.ended.wait()


async def test_another_customer_and_a_stranger_follow_nothing(shop: Shop) -> None:
    path, _ = await waiting(shop)
    ravi = shop.app.tokens.give("customer", "cus_ravi")
    assert (await shop.app.client.get(path, headers=ravi)).json()["code"] == "orders.unknown_order"
    assert (await shop.app.client.get(path)).status_code == 401


async def test_a_change_of_another_process_is_told(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LOOK_AGAIN_S", 0.02)
    path, payment_id = await waiting(shop)
    peers: dict[type, object] = {Catalog: shop.catalog, Payments: shop.payments, Accounts: shop.gone}
    url = str(shop.app.db._engine.url.render_as_string(hide_password=False))  # type: ignore[attr-defined]
    async with kit.running(SERVICE, tmp_path, url=url, clock=shop.clock, peers=peers) as other:
        meena = other.tokens.give("customer", "cus_meena")
        async with following(other.client, path, meena) as stream:
            assert (await stream.event())[1]["state"] == "awaiting_payment"
            await shop.hear(shop.payments.pay(payment_id))
            assert (await stream.event())[1]["state"] == "confirmed"


async def test_a_stream_outlives_the_time_of_a_request_and_beats(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT_S", 1.1)
    path, _ = await waiting(shop)
    peers: dict[type, object] = {Catalog: shop.catalog, Payments: shop.payments, Accounts: shop.gone}
    url = str(shop.app.db._engine.url.render_as_string(hide_password=False))  # type: ignore[attr-defined]
    short = WebSettings(rate="off", timeout_s=1.0)
    async with (
        kit.running(SERVICE, tmp_path, url=url, clock=shop.clock, peers=peers, web=short) as app,
        following(app.client, path, app.tokens.give("customer", "cus_meena")) as stream,
    ):
        await stream.event()
        assert await stream.block() == {"": ""}
        assert not stream.ended.is_set()


async def test_a_process_that_leaves_ends_its_streams_and_who_goes_is_forgotten(shop: Shop) -> None:
    path, _ = await waiting(shop)
    opened: streams.OpenStreams = shop.app.client._transport.app.state.streams  # type: ignore[attr-defined]
    async with following(shop.app.client, path, shop.meena) as stream:
        await stream.event()
        assert len(opened._wakes) == 1
        opened.close()
        async with asyncio.timeout(30):
            await stream.ended.wait()
    assert len(opened._wakes) == 0
    async with following(shop.app.client, path, shop.meena) as stream:
        async with asyncio.timeout(30):
            await stream.ended.wait()


def test_more_streams_than_a_process_carries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST", 1)
    opened = streams.OpenStreams()
    opened.add(asyncio.Event())
    with pytest.raises(Busy):
        opened.add(asyncio.Event())
