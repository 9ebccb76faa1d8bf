"""What happens reaches those whom it concerns, signed, at least once, and nobody waits for somebody else's endpoint."""

import asyncio
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import Connection, text

from mela.contracts.orders import OrderSold
from mela.contracts.payments import MerchantPaymentMoved, PaymentCaptured, PaymentState
from mela.contracts.settlement import SellerPaid
from mela.contracts.webhooks import EndpointDisabled
from mela.kernel.clock import india_date
from mela.kernel.money import Paise
from mela.services.webhooks.store import sending
from tests.service.webhooks.receiver import is_genuine, receiving, signatures
from tests.service.webhooks.world import BEFORE, OTHER, SELLER, World, line, world


async def test_seller_is_told_the_own_lines_only_and_the_operator_all(hooks: World) -> None:
    seller, _ = await hooks.listen(SELLER)
    operator, _ = await hooks.listen(None)
    sold = await hooks.sell(SELLER, OTHER)
    (to_seller,), (to_operator,) = seller.events(), operator.events()
    assert to_seller["type"] == to_operator["type"] == "orders.sold"
    assert to_seller["data"]["order_id"] == sold.order_id
    assert [row["seller_id"] for row in to_seller["data"]["lines"]] == [SELLER]
    assert (to_seller["data"]["gross_paise"], to_operator["data"]["gross_paise"]) == (85_800, 171_600)
    assert {row["seller_id"] for row in to_operator["data"]["lines"]} == {SELLER, OTHER}
    assert to_seller["timestamp"].endswith("Z")


async def test_payments_are_told_to_the_operator_only_and_payouts_to_their_seller(hooks: World) -> None:
    seller, _ = await hooks.listen(SELLER)
    other, _ = await hooks.listen(OTHER)
    operator, _ = await hooks.listen(None)
    now = hooks.clock.now()
    await hooks.hear(PaymentCaptured("pay_1", "ord_1", Paise(100), "upi", "632715000007", now), "ord_1")
    await hooks.hear(SellerPaid("po_1", SELLER, india_date(now), Paise(81_255), "UTR1", now), SELLER)
    assert [event["type"] for event in operator.events()] == ["payments.captured", "settlement.paid"]
    assert [event["type"] for event in seller.events()] == ["settlement.paid"]
    assert other.heard == []


@pytest.mark.parametrize("test", [True, False])
async def test_a_merchant_hears_of_the_own_payments_and_the_operator_of_no_test(hooks: World, test: bool) -> None:
    seller, _ = await hooks.listen(SELLER)
    other, _ = await hooks.listen(OTHER)
    operator, _ = await hooks.listen(None)
    moved = MerchantPaymentMoved(
        "pay_1", SELLER, "order-1042", test, "upi", "captured", None, Paise(100), PaymentState.CAPTURED, None, "R1",
        hooks.clock.now(),
    )  # fmt: skip
    await hooks.hear(moved, "pay_1")
    [told] = seller.events()
    assert (told["type"], told["data"]["mode"]) == ("payment.captured", "test" if test else "live")
    assert (len(operator.events()), other.heard) == (0 if test else 1, [])


async def test_deliveries_are_found_by_the_payment_that_they_tell_of(hooks: World) -> None:
    await hooks.listen(None)
    now = hooks.clock.now()
    for payment_id in ("pay_1", "pay_2"):
        await hooks.hear(PaymentCaptured(payment_id, "ord_1", Paise(100), "upi", "632715000007", now), "ord_1")
    found = (await hooks.call("GET", "/deliveries?payment_id=pay_2", None))["items"]
    assert len(found) == 1
    assert '"payment_id":"pay_2"' in (await hooks.call("GET", f"/deliveries/{found[0]['id']}", None))["body"]


async def test_only_the_types_that_an_endpoint_wants_are_sent(hooks: World) -> None:
    wants, _ = await hooks.listen(SELLER, "settlement.paid")
    await hooks.sell()
    assert wants.heard == []
    assert await hooks.deliveries() == []


async def test_signature_covers_the_exact_bytes_and_their_time(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    await hooks.sell()
    (heard,) = receiver.heard
    assert is_genuine(receiver.secret, heard)
    for name, value in (
        ("webhook-id", "msg_other"),
        ("webhook-timestamp", str(int(heard.headers["webhook-timestamp"]) + 1)),
    ):
        assert not is_genuine(receiver.secret, type(heard)(heard.headers | {name: value}, heard.body))
    assert not is_genuine(receiver.secret, type(heard)(heard.headers, heard.body.replace(b"85800", b"85801")))


async def test_request_of_ten_minutes_ago_is_refused_by_who_verifies(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    hooks.clock.set(hooks.clock.now() - timedelta(minutes=10))
    await hooks.sell()
    (replayed,) = receiver.heard
    assert not is_genuine(receiver.secret, replayed)


async def test_same_event_twice_is_one_message(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    now = hooks.clock.now()
    event = OrderSold("ord_1", "pay_1", [line(SELLER)], now)
    await hooks.hear(event, "ord_1", "evt_1")
    await hooks.hear(event, "ord_1", "evt_1")
    assert len(receiver.heard) == 1


async def test_refused_delivery_comes_again_on_schedule_with_its_id_and_a_new_time(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    receiver.answers = [503, 302]
    receiver.head = "location: http://127.0.0.1:1/elsewhere\r\n"
    await hooks.sell()
    await hooks.later(4)
    assert len(receiver.heard) == 1
    await hooks.later(1)
    assert len(receiver.heard) == 2
    assert (await hooks.call("GET", f"/endpoints/{endpoint_id}"))["failing_since"]
    await hooks.later(300)
    (delivery,) = await hooks.deliveries()
    assert (delivery["state"], delivery["tries"], delivery["last_error"]) == ("delivered", 3, None)
    assert len({each.id for each in receiver.heard}) == 1
    assert len({each.headers["webhook-timestamp"] for each in receiver.heard}) == 3
    assert [each["status"] for each in await hooks.attempts(delivery["id"])] == [503, 302, 200]
    assert (await hooks.call("GET", f"/endpoints/{endpoint_id}"))["failing_since"] is None


async def test_endpoint_may_put_a_retry_off(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.answers, receiver.head = [429], "retry-after: 120\r\n"
    await hooks.sell()
    await hooks.later(119)
    assert len(receiver.heard) == 1
    await hooks.later(1)
    assert len(receiver.heard) == 2


async def test_after_a_day_of_retries_it_is_a_dead_letter_and_replayed_it_arrives_as_the_same_message(
    hooks: World,
) -> None:
    receiver, _ = await hooks.listen()
    receiver.always, receiver.body = 500, b"no \x00 database"
    began = hooks.clock.now()
    await hooks.sell()
    while (delivery := (await hooks.deliveries())[0])["state"] == "waiting":
        await hooks.later(3_600)
    assert (hooks.clock.now() - began).total_seconds() >= 24 * 3_600
    assert (delivery["state"], delivery["tries"], delivery["next_try"]) == ("dead", 8, None)
    assert (await hooks.deliveries(state="dead")) == [delivery]
    assert "database" in (await hooks.attempts(delivery["id"]))[-1]["answer"]
    receiver.always = 200
    await hooks.call("POST", f"/deliveries/{delivery['id']}/replay")
    await hooks.sender.run()
    (again,) = await hooks.deliveries()
    assert (again["state"], again["tries"]) == ("delivered", 9)
    assert len({each.id for each in receiver.heard}) == 1


async def test_replayed_delivery_has_its_whole_schedule_again(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.answers = [500] * 8 + [500]
    await hooks.sell()
    while (await hooks.deliveries())[0]["state"] == "waiting":
        await hooks.later(36_000)
    (dead,) = await hooks.deliveries()
    await hooks.call("POST", f"/deliveries/{dead['id']}/replay")
    await hooks.sender.run()
    assert (await hooks.deliveries())[0]["state"] == "waiting"
    await hooks.later(5)
    assert (await hooks.deliveries())[0]["state"] == "delivered"


async def test_endpoint_that_is_gone_is_disabled_and_others_of_its_owner_are_told(hooks: World) -> None:
    gone, gone_id = await hooks.listen()
    stays, _ = await hooks.listen(SELLER, "webhooks.endpoint_disabled")
    operator, _ = await hooks.listen(None, "webhooks.endpoint_disabled")
    gone.answers = [410]
    await hooks.sell()
    endpoint = await hooks.call("GET", f"/endpoints/{gone_id}")
    assert (endpoint["enabled"], endpoint["disabled_reason"]) == (False, "gone")
    (told,) = await hooks.process.sent(EndpointDisabled)
    assert (told.endpoint_id, told.seller_id, told.reason) == (gone_id, SELLER, "gone")
    await hooks.hear(told, gone_id)
    assert [event["data"]["endpoint_id"] for event in stays.events() + operator.events()] == [gone_id, gone_id]
    await hooks.sell()
    assert len(gone.heard) == 1
    assert [each["state"] for each in await hooks.deliveries(endpoint_id=gone_id)] == ["dead", "dead", "dead"]


async def test_endpoint_that_fails_for_five_days_is_disabled_and_all_it_missed_is_replayed(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    receiver.always = 500
    began = hooks.clock.now()
    for _ in range(6):
        await hooks.sell()
        for _ in range(4):
            await hooks.later(6 * 3_600)
    endpoint = await hooks.call("GET", f"/endpoints/{endpoint_id}")
    assert (endpoint["enabled"], endpoint["disabled_reason"]) == (False, "failing")
    assert {each["state"] for each in await hooks.deliveries()} == {"dead"}
    since = {"since": began.isoformat()}
    refused = await hooks.ask("POST", f"/endpoints/{endpoint_id}/replay", body=since)
    assert (refused.status_code, refused.json()["code"]) == (409, "webhooks.endpoint_is_disabled")
    receiver.always = 200
    await hooks.call("PATCH", f"/endpoints/{endpoint_id}", body={"enabled": True})
    assert await hooks.call("POST", f"/endpoints/{endpoint_id}/replay", body=since) == {"replayed": 6}
    await hooks.sender.run()
    assert {each["state"] for each in await hooks.deliveries()} == {"delivered"}


async def test_rotated_secrets_sign_together_until_the_stated_moment(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    new = await hooks.call("POST", f"/endpoints/{endpoint_id}/keys", body={"overlap_s": 60})
    assert [key["expires"] is None for key in new["keys"]] == [True, False]
    await hooks.sell()
    both = receiver.heard[-1]
    assert len(signatures(both)) == 2
    assert is_genuine(receiver.secret, both)
    assert is_genuine(new["secret"], both)
    hooks.clock.advance(60)
    await hooks.sell()
    alone = receiver.heard[-1]
    assert len(signatures(alone)) == 1
    assert is_genuine(new["secret"], alone)
    assert not is_genuine(receiver.secret, alone)


async def test_secrets_lie_sealed_and_those_of_before_the_keyring_sign_on(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    before = Fernet(BEFORE.encode()).encrypt(receiver.secret.encode()).decode()

    def kept(conn: Connection) -> str:
        return str(conn.execute(text("select sealed from signing_keys")).scalar_one())

    def as_before(conn: Connection) -> None:
        conn.execute(text("update signing_keys set sealed = :kept"), {"kept": before})

    assert (await hooks.process.db.read(kept)).startswith("sealed:1:")
    await hooks.process.db.run(as_before)
    for _ in range(2):  # as it was, and sealed once more by the job
        await hooks.sell()
        assert is_genuine(receiver.secret, receiver.heard[-1])
        await hooks.process.seal()
    assert (await hooks.process.db.read(kept)).startswith("sealed:1:")
    await hooks.call("GET", f"/endpoints/{endpoint_id}", None)
    assert not await hooks.process.db.read(lambda conn: conn.execute(text("select * from personal_reads")).all())


async def test_slow_endpoint_holds_up_nobody_and_gets_no_more_than_its_share(hooks: World) -> None:
    slow, _ = await hooks.listen(SELLER)
    quick, _ = await hooks.listen(OTHER)
    slow.hold = asyncio.Event()
    events = [hooks.sell(SELLER, OTHER) for _ in range(12)]
    selling = asyncio.gather(*events)
    await quick.wait(12)
    await slow.wait(8)
    assert (slow.at_once, slow.most_at_once) == (8, 8)
    slow.hold.set()
    await selling
    assert (len(slow.heard), slow.most_at_once) == (12, 8)


async def test_endpoint_that_failed_last_is_tried_one_at_a_time(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.answers = [500]
    await hooks.sell()
    receiver.hold = asyncio.Event()
    for event in [hooks.sold() for _ in range(4)]:
        await hooks.tell(event, event.order_id)
    await receiver.wait(2)
    more = await hooks.process.db.run(sending.claim, hooks.clock.now(), slots=9, per_endpoint=8, lease_s=1)
    assert (more, receiver.at_once) == ([], 1)
    receiver.hold.set()
    await hooks.later(600)
    assert {each["state"] for each in await hooks.deliveries()} == {"delivered"}


async def test_answer_that_never_ends_is_given_up_in_time(hooks: World) -> None:
    async with world(hooks.folder, url=hooks.url, clock=hooks.clock, timeout_s="0.2") as hurried:
        receiver, _ = await hurried.listen()
        receiver.hold = asyncio.Event()
        await hurried.sell()
        (delivery,) = await hurried.deliveries()
        assert (delivery["state"], delivery["last_error"]) == ("waiting", "timed_out")
        receiver.hold.set()


async def test_of_a_long_answer_only_the_first_bytes_are_kept(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.body = "नमस्ते".encode() + b"x" * 2_000_000
    await hooks.sell()
    (delivery,) = await hooks.deliveries()
    (attempt,) = await hooks.attempts(delivery["id"])
    assert attempt["answer"].startswith("नमस्ते")
    assert len(attempt["answer"]) <= 500


async def test_refused_connection_and_unknown_name_say_so(hooks: World) -> None:
    async with receiving() as closed:
        url = closed.url
    for address, error in ((url, "no_connection"), ("https://nowhere.invalid/", "unknown_name")):
        made = await hooks.call("POST", "/endpoints", body={"url": address})
        await hooks.call("POST", f"/endpoints/{made['endpoint']['id']}/ping")
        await hooks.sender.run()
        (delivery,) = await hooks.deliveries(endpoint_id=made["endpoint"]["id"])
        assert delivery["last_error"].startswith(error)


async def test_address_that_was_public_when_registered_is_judged_again_when_connected_to(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    async with world(hooks.folder, url=hooks.url, clock=hooks.clock, allow_loopback="false") as strict:
        await strict.sell()
        (delivery,) = await strict.deliveries()
    assert delivery["last_error"] == "address_refused: 127.0.0.1"
    assert receiver.heard == []


async def test_old_deliveries_are_forgotten_with_their_bodies_and_attempts(hooks: World) -> None:
    await hooks.listen()
    await hooks.sell()
    hooks.clock.advance(31 * 86_400)
    await hooks.sell()
    await hooks.process.run_job("forget")
    assert [each["state"] for each in await hooks.deliveries()] == ["delivered"]
