"""What only a broker can do: bring bytes that are no event, and refuse an offset."""

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer

from mela.kernel import errors, messages
from mela.kernel.clock import SystemClock
from mela.kernel.events import inbox, kafka, parked
from mela.kernel.events.kafka import KafkaTransport
from mela.kernel.events.outbox import Envelope
from tests.contract.events import post
from tests.contract.events.post import Depot

NOW = SystemClock().now()
RUBBISH = b"\xff not JSON"
TOO_LONG = messages.to_json(Envelope("evt_" + "x" * 60, "shop.sold", "rice", "{}", NOW, None))
NUL = messages.to_json(Envelope("evt_nul", "shop.sold", "ri\0ce", "{}", NOW, None))


async def test_bytes_that_are_no_event_are_parked_and_what_follows_is_heard(tmp_path: Path) -> None:
    depot = Depot()
    async with post.running("kafka", "sqlite", tmp_path, depot.handle) as line:
        foreign = Producer({"bootstrap.servers": line.servers, "log_level": 0})
        for value in (RUBBISH, TOO_LONG, NUL, None):
            foreign.produce("mela.shop", key="rice", value=value)
        assert foreign.flush(10) == 0
        line.coming += 4
        await line.sell("rice", 1)
        await line.settled()
        del foreign
        assert depot.heard == [("rice", 1)]
        bodies = [event.body for event in await line.depot.read(parked)]
        assert [messages.adapter(dict).validate_json(body)["unreadable"] for body in bodies] == [
            base64.b64encode(value).decode() for value in (RUBBISH, TOO_LONG, NUL, b"")
        ]


async def test_a_refused_offset_repeats_the_events_and_the_inbox_forgives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals: list[KafkaError] = [KafkaError(KafkaError.ILLEGAL_GENERATION)]

    class Refusing(Consumer):
        """Confluent's consumer, out of its group when it commits for the first time."""

        def commit(self, *args: Any, **kwargs: Any) -> Any:
            if refusals:
                raise KafkaException(refusals.pop())
            return super().commit(*args, **kwargs)

    monkeypatch.setattr(kafka, "Consumer", Refusing)
    depot = Depot()
    with structlog.testing.capture_logs() as lines:
        async with post.running("kafka", "sqlite", tmp_path, depot.handle) as line:
            await line.sell("rice", 1)
            await line.settled()
            await line.sell("rice", 2)
            await line.settled()
            assert depot.heard == [("rice", 1), ("rice", 2)]
            assert await line.depot.read(inbox.depth) == {"waiting": 0, "parked": 0}
    assert [each["event"] for each in lines].count("offsets refused") == 1


async def test_a_database_that_is_away_loses_no_event(tmp_path: Path) -> None:
    async with post.mock_broker() as servers:
        sender, receiver = KafkaTransport(servers, service="shop"), KafkaTransport(servers, service="depot")
        away = [errors.DiskFull(seconds=1), errors.Busy(seconds=1)]
        taken: list[str] = []

        async def receive(envelopes: list[Envelope]) -> None:
            if away:
                raise away.pop()
            taken.extend(envelope.id for envelope in envelopes)

        await receiver.subscribe(["shop.sold"], receive)
        await sender.publish([Envelope(f"evt_{n}", "shop.sold", "rice", "{}", NOW, None) for n in range(3)])
        await post.until(lambda: _is(taken, ["evt_0", "evt_1", "evt_2"]))
        await receiver.close()
        await sender.close()


async def _is(left: object, right: object) -> bool:
    return left == right


async def test_a_broker_that_does_not_answer_leaves_the_relay_in_doubt() -> None:
    nowhere = KafkaTransport("127.0.0.1:1", service="shop", timeout_s=0.3)
    with pytest.raises(errors.Unreachable):
        await nowhere.publish([Envelope("evt_1", "shop.sold", "rice", "{}", NOW, None)])
    await asyncio.wait_for(nowhere.close(), 5)


@pytest.mark.parametrize(("name", "topic"), [("payments.captured", "mela.payments"), ("orders.sold", "mela.orders")])
def test_the_events_of_a_service_share_a_topic(name: str, topic: str) -> None:
    assert kafka.topic(name) == topic
