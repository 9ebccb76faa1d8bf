"""Endpoints, messages and replays, as their owners use them. `owner` None: the operator, who sees all."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from mela.kernel import events, idempotency, ids
from mela.kernel.clock import Clock
from mela.kernel.db import Database
from mela.kernel.errors import Rejected
from mela.services.webhooks.model import PLATFORM, Attempt, Delivery, Endpoint, Publication, SigningKey
from mela.services.webhooks.rules import urls
from mela.services.webhooks.rules.addresses import Guard
from mela.services.webhooks.service.vault import new_secret
from mela.services.webhooks.settings import WebhooksSettings
from mela.services.webhooks.store import deliveries, endpoints

Filter = deliveries.Filter
"""Which deliveries to list."""


class TypeNotForSellers(Rejected):
    """Only the operator's endpoints hear of it. Params: type."""

    code = "webhooks.type_not_for_sellers"


class Webhooks:
    """Keeps endpoints and messages; `wake` has what is due sent now."""

    def __init__(
        self, db: Database, clock: Clock, guard: Guard, settings: WebhooksSettings, *,
        for_sellers: frozenset[str], wake: Callable[[], None],
    ) -> None:  # fmt: skip
        self._db, self._clock, self._guard, self._settings = db, clock, guard, settings
        self._for_sellers, self._wake = for_sellers, wake

    # Endpoints.

    async def register(
        self, owner: str, url: str, types: Sequence[str], description: str, *, key: str
    ) -> tuple[Endpoint, str | None]:
        """A new endpoint and its secret: None where this idempotency key made it before.

        Raises: UrlMalformed, UrlNotHttps, UrlPrivate, TypeNotForSellers, TooManyEndpoints, KeyReused, UnknownEndpoint.
        """
        wanted = self._types(owner, types)
        now, secret, signing = self._new_key(ids.new_id("we"))
        fresh = Endpoint(signing.endpoint_id, owner, urls.check(url, self._guard), description, wanted, now)
        made = await self._db.run(
            endpoints.create, fresh, signing, secret, key=key, request=["endpoint", url, wanted, description],
            most=self._settings.most_endpoints,
        )  # fmt: skip
        return made, secret if made.id == fresh.id else None

    async def find(self, endpoint_id: str, owner: str | None) -> tuple[Endpoint, list[SigningKey]]:
        """An endpoint and its secrets in force, without the secrets themselves. Raises: UnknownEndpoint."""
        endpoint = await self._db.read(endpoints.get, endpoint_id, owner)
        return endpoint, await self._db.read(endpoints.keys, endpoint_id, self._clock.now())

    async def endpoints(self, owner: str | None, after: str | None, limit: int) -> list[Endpoint]:
        """Endpoints, oldest first."""
        return await self._db.read(endpoints.page, owner, after, limit)

    async def change(
        self, endpoint_id: str, owner: str | None, changes: dict[str, Any], enabled: bool | None
    ) -> Endpoint:
        """Set `url`, `types`, `description` as far as given; enable or disable. Raises: as `register`, UnknownEndpoint."""
        if "url" in changes:
            urls.check(changes["url"], self._guard)
        if "types" in changes:
            known = await self._db.read(endpoints.get, endpoint_id, owner)
            changes = changes | {"types": list(self._types(known.owner, changes["types"]))}
        return await self._db.run(
            endpoints.change, endpoint_id, owner, changes, enabled=enabled, now=self._clock.now()
        )  # fmt: skip

    async def remove(self, endpoint_id: str, owner: str | None) -> None:
        """Forget an endpoint. Raises: UnknownEndpoint."""
        await self._db.run(endpoints.remove, endpoint_id, owner, self._clock.now())

    async def rotate(
        self, endpoint_id: str, owner: str, overlap_s: int, *, key: str
    ) -> tuple[SigningKey, str | None, list[SigningKey]]:
        """A new secret; those before it sign for `overlap_s` seconds more. The secret is None where the key made it before.

        Raises: UnknownEndpoint, TooManyKeys, KeyReused.
        """
        now, secret, fresh = self._new_key(endpoint_id)
        made, is_new = await self._db.run(
            endpoints.rotate, owner, fresh, secret, ends=now + timedelta(seconds=overlap_s), key=key,
            request=["rotate", endpoint_id, overlap_s],
        )  # fmt: skip
        return made, secret if is_new else None, await self._db.read(endpoints.keys, endpoint_id, now)

    # Messages.

    async def publish(self, source: events.Delivery, publications: Sequence[Publication]) -> None:
        """Keep what an event tells, once, and begin to send it."""
        if await self._db.run(deliveries.publish, source, publications, self._clock.now()):
            self._wake()

    async def ping(self, endpoint_id: str, owner: str | None, type_: str, version: int, *, key: str) -> Delivery:
        """Send a test message. Raises: UnknownEndpoint, EndpointIsDisabled, KeyReused, UnknownDelivery."""
        now = self._clock.now()
        message = Publication(owner or PLATFORM, type_, version, now, {"endpoint_id": endpoint_id})
        made = await self._db.run(deliveries.ping, endpoint_id, owner, message, key=key, now=now)
        self._wake()
        return made

    async def deliveries(self, wanted: Filter, before: str | None, limit: int) -> list[Delivery]:
        """Deliveries, newest first."""
        return await self._db.read(deliveries.page, wanted, before, limit)

    async def delivery(self, delivery_id: str, owner: str | None) -> tuple[Delivery, str, list[Attempt]]:
        """A delivery with its body and attempts. Raises: UnknownDelivery."""
        return await self._db.read(deliveries.whole, delivery_id, owner)

    async def replay(self, delivery_id: str, owner: str | None) -> Delivery:
        """Let it go again. Raises: UnknownDelivery, UnknownEndpoint, StillWaiting, EndpointIsDisabled."""
        found = await self._db.run(deliveries.replay, delivery_id, owner, self._clock.now())
        self._wake()
        return found

    async def replay_dead(self, endpoint_id: str, owner: str | None, since: datetime) -> int:
        """Let dead letters of since a moment go again; how many. Raises: UnknownEndpoint, EndpointIsDisabled."""
        count = await self._db.run(deliveries.replay_dead, endpoint_id, owner, since, self._clock.now())
        self._wake()
        return count

    async def forget(self) -> None:
        """Drop what is older than we keep things."""
        now = self._clock.now()
        before = now - timedelta(days=self._settings.keep_days)
        while await self._db.run(deliveries.forget, before):
            pass
        await self._db.run(endpoints.forget_keys, now)
        await self._db.run(idempotency.forget, before)

    def _types(self, owner: str, types: Sequence[str]) -> tuple[str, ...]:
        if owner != PLATFORM and (wrong := sorted(set(types) - self._for_sellers)):
            raise TypeNotForSellers(type=wrong[0])
        return tuple(sorted(set(types)))

    def _new_key(self, endpoint_id: str) -> tuple[datetime, str, SigningKey]:
        now = self._clock.now()
        return now, new_secret(), SigningKey(ids.new_id("whk"), endpoint_id, now, None)
