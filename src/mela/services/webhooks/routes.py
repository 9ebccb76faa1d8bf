"""The HTTP API of webhooks: for sellers with an API key, and for the operator, who sees everybody's."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query

from mela.kernel import auth, ids
from mela.kernel.auth import Principal
from mela.kernel.web import bodies, pages
from mela.kernel.web.callers import MerchantOrOperator
from mela.kernel.web.keys import Key
from mela.kernel.web.refusals import refused
from mela.services.webhooks.model import PLATFORM, DeliveryState
from mela.services.webhooks.schemas import api as shapes
from mela.services.webhooks.schemas import payloads
from mela.services.webhooks.service.webhooks import Filter, Webhooks

READ, WRITE = "webhooks:read", "webhooks:write"
EndpointId = Annotated[str, Path(description="An endpoint", pattern=r"^[!-~]{1,80}$", examples=[payloads.ENDPOINT])]
DeliveryId = Annotated[str, Path(description="A delivery", pattern=r"^[!-~]{1,80}$", examples=[shapes.DELIVERY])]
Limit = Annotated[int, Query(ge=1, le=100, description="At most so many", examples=[50])]
_URL = "webhooks.url_malformed webhooks.url_not_https webhooks.url_private webhooks.type_not_for_sellers"


def router(webhooks: Webhooks) -> APIRouter:
    """All routes of webhooks."""
    api = bodies.router(prefix="/api/webhooks", tags=["webhooks"])
    _types(api)
    _endpoints(api, webhooks)
    _keys(api, webhooks)
    _deliveries(api, webhooks)
    return api


def _types(api: APIRouter) -> None:
    @api.get("/event-types", summary="What is published, and in which shape")
    async def list_webhook_types() -> shapes.TypePage:
        """A message is `{"type", "version", "timestamp", "data"}`. Open to everybody."""
        return shapes.TypePage(items=[shapes.TypeOut.of(each) for each in payloads.TYPES.values()])


def _endpoints(api: APIRouter, webhooks: Webhooks) -> None:
    @api.post(
        "/endpoints", status_code=201, summary="Register an endpoint",
        responses=refused({404: "webhooks.unknown_endpoint", 409: "webhooks.too_many_endpoints", 422: _URL}),
    )  # fmt: skip
    async def create_webhook_endpoint(
        caller: MerchantOrOperator, key: Key, body: shapes.EndpointIn
    ) -> shapes.NewEndpoint:
        """Needs `webhooks:write`. A seller hears what concerns the own lines and payouts; the operator's endpoints hear all."""
        made, secret = await webhooks.register(_own(caller, WRITE), body.url, body.types, body.description, key=key)
        return shapes.NewEndpoint(endpoint=shapes.EndpointOut.of(made), secret=secret)

    @api.get("/endpoints", summary="Endpoints, oldest first")
    async def list_webhook_endpoints(
        caller: MerchantOrOperator, cursor: pages.Cursor = None, limit: Limit = 50
    ) -> shapes.EndpointPage:
        """Needs `webhooks:read`. A seller's own; for the operator everybody's."""
        owner = _seen(caller, READ)
        found, after = pages.cut(
            await webhooks.endpoints(owner, _cursor("we", cursor), limit + 1), limit, lambda one: one.id
        )
        return shapes.EndpointPage(items=[shapes.EndpointOut.of(one) for one in found], next_cursor=after)

    @api.get("/endpoints/{endpoint_id}", summary="An endpoint", responses=refused({404: "webhooks.unknown_endpoint"}))
    async def get_webhook_endpoint(caller: MerchantOrOperator, endpoint_id: EndpointId) -> shapes.EndpointWithKeys:
        """Needs `webhooks:read`. With the secrets in force, without the secrets themselves."""
        return shapes.EndpointWithKeys.with_keys(*await webhooks.find(endpoint_id, _seen(caller, READ)))

    @api.patch(
        "/endpoints/{endpoint_id}", summary="Change, pause or enable an endpoint",
        responses=refused({404: "webhooks.unknown_endpoint", 422: _URL}),
    )  # fmt: skip
    async def change_webhook_endpoint(
        caller: MerchantOrOperator, endpoint_id: EndpointId, body: shapes.EndpointChange
    ) -> shapes.EndpointOut:
        """Needs `webhooks:write`. Enabled again, an endpoint gets what comes from now on; replay what was missed."""
        changes = body.model_dump(exclude_none=True)
        enabled = changes.pop("enabled", None)
        return shapes.EndpointOut.of(await webhooks.change(endpoint_id, _seen(caller, WRITE), changes, enabled))

    @api.delete(
        "/endpoints/{endpoint_id}", status_code=204, summary="Remove an endpoint",
        responses=refused({404: "webhooks.unknown_endpoint"}),
    )  # fmt: skip
    async def remove_webhook_endpoint(caller: MerchantOrOperator, endpoint_id: EndpointId) -> None:
        """Needs `webhooks:write`. With its secrets, at once. What it was sent can still be looked up."""
        await webhooks.remove(endpoint_id, _seen(caller, WRITE))


def _keys(api: APIRouter, webhooks: Webhooks) -> None:
    @api.post(
        "/endpoints/{endpoint_id}/keys", status_code=201, summary="Give an endpoint a new secret",
        responses=refused({404: "webhooks.unknown_endpoint", 409: "webhooks.too_many_keys"}),
    )  # fmt: skip
    async def rotate_webhook_key(
        caller: MerchantOrOperator, key: Key, endpoint_id: EndpointId, body: shapes.RotationIn
    ) -> shapes.NewKey:
        """Needs `webhooks:write`. Until the old ones expire, requests are signed with each, so either verifies."""
        made, secret, keys = await webhooks.rotate(endpoint_id, _own(caller, WRITE), body.overlap_s, key=key)
        return shapes.NewKey(key=shapes.KeyOut.of(made), secret=secret, keys=[shapes.KeyOut.of(each) for each in keys])

    @api.post(
        "/endpoints/{endpoint_id}/ping", status_code=202, summary="Send a test message",
        responses=refused({404: "webhooks.unknown_endpoint webhooks.unknown_delivery", 409: "webhooks.endpoint_is_disabled"}),
    )  # fmt: skip
    async def ping_webhook_endpoint(
        caller: MerchantOrOperator, key: Key, endpoint_id: EndpointId
    ) -> shapes.DeliveryOut:
        """Needs `webhooks:write`. Signed and tried like any other; look the delivery up to see what the endpoint answered."""
        version = payloads.TYPES[payloads.PING].version
        made = await webhooks.ping(endpoint_id, _seen(caller, WRITE), payloads.PING, version, key=key)
        return shapes.DeliveryOut.of(made)


def _deliveries(api: APIRouter, webhooks: Webhooks) -> None:
    @api.get("/deliveries", summary="Deliveries, newest first; `state=dead` are the dead letters")
    async def list_webhook_deliveries(
        caller: MerchantOrOperator,
        endpoint_id: Annotated[
            str | None, Query(pattern=r"^[!-~]{1,80}$", description="To this endpoint", examples=[payloads.ENDPOINT])
        ] = None,
        state: Annotated[
            Literal["waiting", "delivered", "dead"] | None, Query(description="In this state", examples=["dead"])
        ] = None,
        payment_id: Annotated[
            str | None,
            Query(pattern=r"^[!-~]{1,40}$", description="That tell of this payment", examples=[payloads.PAYMENT]),
        ] = None,
        cursor: pages.Cursor = None,
        limit: Limit = 50,
    ) -> shapes.DeliveryPage:
        """Needs `webhooks:read`. A seller's own; for the operator everybody's."""
        wanted = Filter(_seen(caller, READ), endpoint_id, DeliveryState(state) if state else None, payment_id)
        rows = await webhooks.deliveries(wanted, _cursor("dlv", cursor), limit + 1)
        found, after = pages.cut(rows, limit, lambda one: one.id)
        return shapes.DeliveryPage(items=[shapes.DeliveryOut.of(one) for one in found], next_cursor=after)

    @api.get(
        "/deliveries/{delivery_id}", summary="A delivery with its body and attempts",
        responses=refused({404: "webhooks.unknown_delivery"}),
    )  # fmt: skip
    async def get_webhook_delivery(caller: MerchantOrOperator, delivery_id: DeliveryId) -> shapes.WholeDelivery:
        """Needs `webhooks:read`. Status, latency and the first bytes of the answer of each attempt."""
        return shapes.WholeDelivery.whole(*await webhooks.delivery(delivery_id, _seen(caller, READ)))

    @api.post(
        "/deliveries/{delivery_id}/replay", status_code=202, summary="Send a delivery again",
        responses=refused({404: "webhooks.unknown_delivery webhooks.unknown_endpoint",
                           409: "webhooks.still_waiting webhooks.endpoint_is_disabled"}),
    )  # fmt: skip
    async def replay_webhook_delivery(caller: MerchantOrOperator, delivery_id: DeliveryId) -> shapes.DeliveryOut:
        """Needs `webhooks:write`. A dead letter, or one that was taken; with the same `webhook-id`, on the whole schedule."""
        return shapes.DeliveryOut.of(await webhooks.replay(delivery_id, _seen(caller, WRITE)))

    @api.post(
        "/endpoints/{endpoint_id}/replay", status_code=202, summary="Send an endpoint's dead letters again",
        responses=refused({404: "webhooks.unknown_endpoint", 409: "webhooks.endpoint_is_disabled"}),
    )  # fmt: skip
    async def replay_webhook_endpoint(
        caller: MerchantOrOperator, endpoint_id: EndpointId, body: shapes.ReplayIn
    ) -> shapes.ReplayOut:
        """Needs `webhooks:write`. Asked twice, the second finds those that failed again meanwhile."""
        count = await webhooks.replay_dead(endpoint_id, _seen(caller, WRITE), body.since)
        return shapes.ReplayOut(replayed=count)


def _own(caller: Principal, scope: str) -> str:
    """Whose endpoints the caller makes. Raises: Forbidden."""
    owner = _seen(caller, scope)
    return PLATFORM if owner is None else owner


def _seen(caller: Principal, scope: str) -> str | None:
    """Whose endpoints the caller sees, None for all. Raises: Forbidden."""
    if caller.kind == "operator":
        return None
    auth.need(caller, scope)
    return caller.id


def _cursor(prefix: str, cursor: str | None) -> str | None:
    """Raises: Rejected for a cursor that we did not give out."""
    if cursor is not None and not ids.is_id(prefix, cursor):
        raise pages.bad_cursor()
    return cursor
