"""The transport of a cluster: one topic per publishing service, one consumer group per subscriber.

The producer is idempotent and waits for all replicas, so a partition never holds an event before an earlier one of its key.
An offset is committed after the inbox has the event durably: a crash repeats, the inbox knows what it has seen.

Source: https://docs.confluent.io/platform/current/clients/librdkafka/html/md_CONFIGURATION.html (2026-11-23).
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, Message, Producer

from mela.kernel import ids, messages
from mela.kernel.errors import Unreachable
from mela.kernel.events import schema
from mela.kernel.events.outbox import UNREADABLE, Envelope

log = structlog.get_logger()


def topic(name: str) -> str:
    """The topic of an event name: `mela.payments` for `payments.captured`."""
    return "mela." + name.split(".", 1)[0]


class KafkaTransport:
    """Publishes for one service and consumes for it, in the group of its name."""

    def __init__(self, servers: str, *, service: str, timeout_s: float = 10.0) -> None:
        self._servers, self._service, self._timeout_s = servers, service, timeout_s
        self._producer: Producer | None = None
        self._consumers: list[asyncio.Task[None]] = []
        self._closing = False

    async def publish(self, envelopes: list[Envelope]) -> None:
        """See `Transport.publish`."""
        await asyncio.to_thread(self._publish, envelopes)

    async def subscribe(self, names: list[str], receive: Callable[[list[Envelope]], Awaitable[None]]) -> None:
        """See `Transport.subscribe`."""
        topics = sorted({topic(name) for name in names})
        self._consumers.append(asyncio.create_task(self._consume(topics, receive)))

    async def close(self) -> None:
        """See `Transport.close`."""
        self._closing = True
        await asyncio.gather(*self._consumers, return_exceptions=True)
        self._producer = None  # its threads end with it; what was published is with the broker

    def _publish(self, envelopes: list[Envelope]) -> None:
        producer = self._producer = self._producer or Producer(
            {"bootstrap.servers": self._servers, "enable.idempotence": True, "acks": "all", "linger.ms": 1,
             "message.timeout.ms": 0, "client.id": self._service, "log.connection.close": False, "log_level": 3}
        )  # fmt: skip
        failures: list[str] = []
        for envelope in envelopes:
            producer.produce(topic(envelope.name), key=envelope.key, value=messages.to_json(envelope),
                             on_delivery=lambda error, _: failures.append(str(error)) if error else None)  # fmt: skip
        left = producer.flush(self._timeout_s)
        if left or failures:
            producer.purge()
            self._producer = None  # a new one begins a new sequence; what the old still delivers, the inbox forgives
            raise Unreachable(service="kafka", reason=failures[0] if failures else "time-out", seconds=1)

    async def _consume(self, topics: list[str], receive: Callable[[list[Envelope]], Awaitable[None]]) -> None:
        """A consumer until closing; a new one after a broker's refusal, such as a lost membership of the group."""
        while not self._closing:
            try:
                await self._consume_once(topics, receive)
            except KafkaException as error:
                log.warning("consumer starts again", service=self._service, reason=repr(error))
                await asyncio.sleep(ids.jitter(1.0))

    async def _consume_once(self, topics: list[str], receive: Callable[[list[Envelope]], Awaitable[None]]) -> None:
        consumer = Consumer(
            {"bootstrap.servers": self._servers, "group.id": f"mela.{self._service}", "auto.offset.reset": "earliest",
             "enable.auto.commit": False, "allow.auto.create.topics": True, "topic.metadata.refresh.interval.ms": 2_000,
             "session.timeout.ms": 10_000, "client.id": self._service, "log_level": 3}
        )  # fmt: skip
        consumer.subscribe(topics)
        try:
            while not self._closing:
                found = [m for m in await asyncio.to_thread(consumer.consume, 200, 0.1) if not m.error()]
                if found:
                    await self._hand_over([_read(m) for m in found], receive)
                    await self._commit(consumer)
        finally:
            await asyncio.to_thread(consumer.close)

    async def _commit(self, consumer: Consumer) -> None:
        """Offsets refused, as in a rebalance, are no loss: whoever has the partition next gets the events again."""
        try:
            await asyncio.to_thread(consumer.commit, asynchronous=False)
        except KafkaException as error:
            log.warning("offsets refused", service=self._service, reason=repr(error))

    async def _hand_over(self, envelopes: list[Envelope], receive: Callable[[list[Envelope]], Awaitable[None]]) -> None:
        """Until it is durable: going on without would commit an offset past it."""
        while not self._closing:
            try:
                return await receive(envelopes)
            except Exception as error:  # noqa: BLE001 - the database is away: wait for it
                log.warning("events not taken in", service=self._service, reason=repr(error))
                await asyncio.sleep(ids.jitter(1.0))
        raise KafkaException("closing before the events were taken in")


def _read(message: Message) -> Envelope:
    """The envelope in a message. One that is none becomes an event of its own name, which the worker parks, bytes and all."""
    value: Any = message.value() or b""
    try:
        envelope = messages.from_json(Envelope, value)
        schema.check(vars(envelope))
        return envelope
    except ValueError:  # pydantic's ValidationError is one
        place = f"{message.topic()}.{message.partition()}.{message.offset()}"
        body = messages.to_json({"unreadable": base64.b64encode(value).decode()}).decode()
        happened = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        return Envelope(place[-40:], UNREADABLE, place, body, happened, None)
