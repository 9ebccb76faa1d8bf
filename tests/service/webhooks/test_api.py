"""The API: who may see and do what, pages, keys that repeat nothing, errors with reason and fix."""

from typing import Any

import pytest

from tests.service.webhooks.world import OTHER, SELLER, World, world

URL = "https://shop.example.in/hooks"


async def register(hooks: World, seller: str | None = SELLER, **body: Any) -> Any:
    """A new endpoint's answer."""
    return await hooks.call("POST", "/endpoints", seller, {"url": URL, **body})


async def test_secret_is_shown_once_and_kept_sealed(hooks: World) -> None:
    first = await hooks.call("POST", "/endpoints", body={"url": URL}, key="my-own-key")
    again = await hooks.call("POST", "/endpoints", body={"url": URL}, key="my-own-key")
    assert first["secret"].startswith("whsec_")
    assert (again["secret"], again["endpoint"]) == (None, first["endpoint"])
    assert len((await hooks.call("GET", "/endpoints"))["items"]) == 1
    other = await hooks.ask("POST", "/endpoints", body={"url": URL + "/2"}, key="my-own-key")
    assert (other.status_code, other.json()["code"]) == (409, "kernel.idempotency_key_reused")
    (row,) = await hooks.process.db.read(lambda conn: conn.exec_driver_sql("select * from signing_keys").all())
    assert first["secret"] not in str(row)
    assert first["secret"].removeprefix("whsec_") not in str(row)


async def test_same_key_of_another_seller_is_another_key(hooks: World) -> None:
    mine = await hooks.call("POST", "/endpoints", SELLER, {"url": URL}, key="the-same-key")
    theirs = await hooks.call("POST", "/endpoints", OTHER, {"url": URL}, key="the-same-key")
    platforms = await hooks.call("POST", "/endpoints", None, {"url": URL}, key="the-same-key")
    assert len({each["endpoint"]["id"] for each in (mine, theirs, platforms)}) == 3
    assert platforms["endpoint"]["seller_id"] is None


@pytest.mark.parametrize("path", ["", "/keys", "/ping", "/replay"])
async def test_what_is_anothers_is_not_there(hooks: World, path: str) -> None:
    endpoint_id = (await register(hooks))["endpoint"]["id"]
    method = "POST" if path else "GET"
    bodies: dict[str, Any] = {"/keys": {}, "/replay": {"since": "2026-11-01T00:00:00Z"}}
    answer = await hooks.ask(method, f"/endpoints/{endpoint_id}{path}", OTHER, bodies.get(path))
    assert (answer.status_code, answer.json()["code"]) == (404, "webhooks.unknown_endpoint")
    assert answer.json()["title"]
    assert answer.json()["detail"]


async def test_deliveries_of_another_are_not_there_and_the_operator_sees_all(hooks: World) -> None:
    await hooks.listen()
    await hooks.sell()
    (delivery,) = await hooks.deliveries(SELLER)
    assert await hooks.deliveries(OTHER) == []
    assert await hooks.deliveries(None) == [delivery]
    refused = await hooks.ask("GET", f"/deliveries/{delivery['id']}", OTHER)
    assert (refused.status_code, refused.json()["code"]) == (404, "webhooks.unknown_delivery")
    assert (await hooks.ask("POST", f"/deliveries/{delivery['id']}/replay", OTHER)).status_code == 404
    seen = await hooks.call("GET", f"/deliveries/{delivery['id']}", None)
    assert '"type":"orders.sold"' in seen["body"]


async def test_scopes_are_needed_and_customers_are_refused(hooks: World) -> None:
    tokens, client = hooks.process.tokens, hooks.process.client
    reader = tokens.give("merchant", SELLER, "webhooks:read")
    refused = await client.post(
        "/api/webhooks/endpoints", json={"url": URL}, headers=reader | {"idempotency-key": "some-key-1"}
    )
    assert (refused.status_code, refused.json()["params"]["need"]) == (403, "webhooks:write")
    assert (await client.get("/api/webhooks/endpoints", headers=reader)).status_code == 200
    customer = tokens.give("customer", "cus_1")
    assert (await client.get("/api/webhooks/endpoints", headers=customer)).status_code == 403
    assert (await client.get("/api/webhooks/endpoints")).status_code == 401


async def test_types_that_only_the_operator_hears_are_refused_to_sellers(hooks: World) -> None:
    refused = await hooks.ask("POST", "/endpoints", body={"url": URL, "types": ["payments.captured"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "webhooks.type_not_for_sellers")
    assert (await register(hooks, None, types=["payments.captured"]))["secret"]
    endpoint_id = (await register(hooks))["endpoint"]["id"]
    changed = await hooks.ask("PATCH", f"/endpoints/{endpoint_id}", body={"types": ["payments.failed"]})
    assert changed.status_code == 422


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://shop.example.in/hooks", "url_not_https"), ("https://10.0.0.1/", "url_private"),
        ("https://169.254.169.254/latest", "url_private"), ("https://u:p@shop.example.in/", "url_malformed"),
        ("ftp://shop.example.in/", "url_malformed"), ("https://2130706433/", "url_malformed"),
    ],
)  # fmt: skip
async def test_addresses_that_may_not_be_sent_to_are_refused_when_registered(hooks: World, url: str, code: str) -> None:
    refused = await hooks.ask("POST", "/endpoints", body={"url": url})
    assert (refused.status_code, refused.json()["code"]) == (422, f"webhooks.{code}")
    endpoint_id = (await register(hooks))["endpoint"]["id"]
    assert (await hooks.ask("PATCH", f"/endpoints/{endpoint_id}", body={"url": url})).status_code == 422


async def test_own_machine_is_an_endpoint_only_where_settings_say_so(hooks: World) -> None:
    assert (await hooks.ask("POST", "/endpoints", body={"url": "http://localhost:4600/"})).status_code == 201
    async with world(hooks.folder, url=hooks.url, allow_loopback="false") as strict:
        for url in ("http://localhost:4600/", "https://localhost/", "https://127.0.0.1/", "https://[::1]/"):
            refused = await strict.ask("POST", "/endpoints", body={"url": url})
            assert refused.json()["code"] == "webhooks.url_private", url


async def test_no_more_endpoints_and_secrets_than_allowed(hooks: World) -> None:
    async with world(hooks.folder, url=hooks.url, most_endpoints="2") as few:
        endpoint_id = (await register(few))["endpoint"]["id"]
        await register(few)
        refused = await few.ask("POST", "/endpoints", body={"url": URL})
        assert (refused.status_code, refused.json()["params"]) == (409, {"most": 2})
        for _ in range(4):
            await few.call("POST", f"/endpoints/{endpoint_id}/keys", body={})
        refused = await few.ask("POST", f"/endpoints/{endpoint_id}/keys", body={})
        assert (refused.status_code, refused.json()["code"]) == (409, "webhooks.too_many_keys")


async def test_rotation_repeated_with_its_key_makes_no_second_secret(hooks: World) -> None:
    endpoint_id = (await register(hooks))["endpoint"]["id"]
    first = await hooks.call("POST", f"/endpoints/{endpoint_id}/keys", body={"overlap_s": 0}, key="rotate-once")
    again = await hooks.call("POST", f"/endpoints/{endpoint_id}/keys", body={"overlap_s": 0}, key="rotate-once")
    assert (again["key"]["id"], again["secret"]) == (first["key"]["id"], None)
    keys = (await hooks.call("GET", f"/endpoints/{endpoint_id}"))["keys"]
    assert [key["id"] for key in keys] == [first["key"]["id"]], "with no overlap the old one is out at once"


async def test_lists_come_in_pages(hooks: World) -> None:
    _, endpoint_id = await hooks.listen()
    for _ in range(5):
        await hooks.sell()
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=2&endpoint_id={endpoint_id}" + (f"&cursor={cursor}" if cursor else "")
        page = await hooks.call("GET", f"/deliveries{query}")
        seen += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    for path in ("/deliveries", "/endpoints"):
        refused = await hooks.ask("GET", f"{path}?cursor=nonsense")
        assert (refused.status_code, refused.json()["code"]) == (422, "kernel.bad_cursor")


async def test_ping_is_sent_once_whatever_the_endpoint_wants_and_shows_what_it_answered(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen(SELLER, "settlement.paid")
    first = await hooks.call("POST", f"/endpoints/{endpoint_id}/ping", key="ping-once")
    again = await hooks.call("POST", f"/endpoints/{endpoint_id}/ping", key="ping-once")
    await hooks.sender.run()
    assert first["id"] == again["id"]
    assert [event["type"] for event in receiver.events()] == ["ping"]
    (attempt,) = await hooks.attempts(first["id"])
    assert (attempt["status"], attempt["answer"]) == (200, "ok")


async def test_operator_may_ping_and_replay_a_sellers_endpoint_but_not_take_its_secret(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    await hooks.call("POST", f"/endpoints/{endpoint_id}/ping", None)
    await hooks.sender.run()
    assert len(receiver.heard) == 1
    assert (await hooks.ask("POST", f"/endpoints/{endpoint_id}/keys", None, {})).status_code == 404


async def test_paused_endpoint_gets_nothing_and_keeps_dead_letters(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    paused = await hooks.call("PATCH", f"/endpoints/{endpoint_id}", body={"enabled": False})
    assert (paused["enabled"], paused["disabled_reason"]) == (False, "owner")
    await hooks.sell()
    (delivery,) = await hooks.deliveries()
    assert (delivery["state"], delivery["last_error"], receiver.heard) == ("dead", "endpoint_disabled", [])
    for path in (f"/deliveries/{delivery['id']}/replay", f"/endpoints/{endpoint_id}/ping"):
        refused = await hooks.ask("POST", path)
        assert (refused.status_code, refused.json()["code"]) == (409, "webhooks.endpoint_is_disabled")
    await hooks.call("PATCH", f"/endpoints/{endpoint_id}", body={"enabled": True, "description": "back"})
    await hooks.call("POST", f"/deliveries/{delivery['id']}/replay")
    await hooks.sender.run()
    assert len(receiver.heard) == 1


async def test_waiting_delivery_is_not_replayed(hooks: World) -> None:
    receiver, _ = await hooks.listen()
    receiver.answers = [500]
    await hooks.sell()
    (delivery,) = await hooks.deliveries()
    refused = await hooks.ask("POST", f"/deliveries/{delivery['id']}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhooks.still_waiting")


async def test_removed_endpoint_gets_nothing_and_its_deliveries_can_still_be_seen(hooks: World) -> None:
    receiver, endpoint_id = await hooks.listen()
    receiver.answers = [500]
    await hooks.sell()
    await hooks.call("DELETE", f"/endpoints/{endpoint_id}")
    await hooks.later(36_000)
    assert len(receiver.heard) == 1
    assert [each["state"] for each in await hooks.deliveries()] == ["dead"]
    assert (await hooks.ask("GET", f"/endpoints/{endpoint_id}")).status_code == 404
    assert (await hooks.ask("DELETE", f"/endpoints/{endpoint_id}")).status_code == 404


async def test_every_published_type_is_documented_with_its_shape(hooks: World) -> None:
    types = (await hooks.call("GET", "/event-types"))["items"]
    assert {each["type"] for each in types} >= {"orders.sold", "payments.refund_failed", "ping"}
    for each in types:
        fields = each["data"]["properties"].values()
        assert each["data"]["description"]
        assert all("description" in field and ("examples" in field or "items" in field) for field in fields), each[
            "type"
        ]
