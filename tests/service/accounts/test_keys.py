"""API keys: what each may do, from where, until when; kept so that nothing at rest opens anything."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from mela.kernel import auth
from mela.kernel.auth import AddressNotAllowed, Principal
from mela.kernel.errors import Unauthenticated
from mela.services.accounts.tables import tokens
from tests.service.accounts.desk import OPERATOR_TOKEN, Desk

OPERATOR = {"authorization": f"Bearer {OPERATOR_TOKEN}"}
KEY = {"seller_id": "vaigai-stores", "scopes": ["payments:read"], "name": "web shop"}
DAY_S = 86_400


async def make(desk: Desk, idempotency_key: str = "make-key-0001", **changes: object) -> Any:
    """An API key as the operator gets it."""
    answer = await desk.call("POST", "/api-keys", OPERATOR | {"idempotency-key": idempotency_key}, json=KEY | changes)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def rotate(desk: Desk, key_id: str, overlap_s: int = DAY_S, key: str = "rotate-0001") -> Any:
    headers = OPERATOR | {"idempotency-key": key}
    answer = await desk.call("POST", f"/api-keys/{key_id}/rotate", headers, json={"overlap_s": overlap_s})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def who(desk: Desk, token: str) -> Principal | str:
    """Whose token it is, or why it is refused."""
    try:
        found: Principal = await desk.app.service.identify(token=token)
    except Unauthenticated as refused:
        return refused.of
    return found


@pytest.mark.parametrize("mode", ["test", "live"])
async def test_a_key_says_by_its_first_letters_whether_it_plays(desk: Desk, mode: str) -> None:
    made = await make(desk, mode=mode)
    assert made["token"].startswith(f"mk_{mode}_")
    found = await who(desk, made["token"])
    assert isinstance(found, Principal)
    assert (str(found.mode), found.id) == (mode, "vaigai-stores")
    assert found.scopes == {"payments:read"}


async def test_the_database_holds_neither_a_key_nor_its_plain_hash(desk: Desk) -> None:
    made = await make(desk)
    [kept] = await desk.app.db.read(lambda conn: list(conn.execute(select(tokens.c.hash)).scalars()))
    assert kept not in (made["token"], auth.digest(made["token"]))
    assert len(kept) == 64


async def test_a_stolen_database_alone_opens_nothing(desk: Desk) -> None:
    await make(desk)
    [kept] = await desk.app.db.read(lambda conn: list(conn.execute(select(tokens.c.hash)).scalars()))
    for shown in (kept, f"mk_live_{kept}"):
        assert await who(desk, shown) == "kernel.unauthenticated"


async def test_a_key_ends_with_its_days(desk: Desk) -> None:
    made = await make(desk, days=30)
    desk.clock.advance(30 * DAY_S - 1)
    assert isinstance(await who(desk, made["token"]), Principal)
    desk.clock.advance(1)
    assert await who(desk, made["token"]) == "accounts.key_expired"
    assert (await desk.call("GET", "/api-keys", OPERATOR)).json()["items"] == []


async def test_while_a_key_is_changed_both_work_and_then_only_the_new_one(desk: Desk) -> None:
    old = await make(desk, mode="test", networks=["203.0.113.0/24"])
    new = await rotate(desk, old["api_key"]["id"], 3600)
    assert new["api_key"] | {"id": "", "created": ""} == old["api_key"] | {"id": "", "created": ""}
    assert await who(desk, old["token"]) == await who(desk, new["token"])
    desk.clock.advance(3600)
    assert await who(desk, old["token"]) == "accounts.key_expired"
    assert isinstance(await who(desk, new["token"]), Principal)


async def test_a_rotation_repeated_with_its_key_makes_no_third_key(desk: Desk) -> None:
    old = await make(desk)
    first, again = await rotate(desk, old["api_key"]["id"]), await rotate(desk, old["api_key"]["id"])
    assert again == first | {"token": None}
    assert len((await desk.call("GET", "/api-keys", OPERATOR)).json()["items"]) == 2


async def test_eight_rotations_with_one_key_at_once_make_one_key(desk: Desk) -> None:
    old = await make(desk)
    made = await asyncio.gather(*(rotate(desk, old["api_key"]["id"]) for _ in range(8)))
    assert len({one["api_key"]["id"] for one in made}) == 1
    assert len([one for one in made if one["token"]]) == 1


async def test_a_rotation_never_lengthens_a_life(desk: Desk) -> None:
    old = await make(desk, days=1)
    await rotate(desk, old["api_key"]["id"], 30 * DAY_S)
    desk.clock.advance(DAY_S)
    assert await who(desk, old["token"]) == "accounts.key_expired"


async def test_a_key_that_is_over_is_not_rotated(desk: Desk) -> None:
    old = await make(desk)
    await desk.call("DELETE", f"/api-keys/{old['api_key']['id']}", OPERATOR)
    headers = OPERATOR | {"idempotency-key": "rotate-0001"}
    answer = await desk.call("POST", f"/api-keys/{old['api_key']['id']}/rotate", headers, json={})
    assert answer.status_code == 404


async def test_last_use_is_told_without_a_write_for_each_request(desk: Desk) -> None:
    made = await make(desk)
    listed = (await desk.call("GET", "/api-keys", OPERATOR)).json()["items"]
    assert listed[0]["last_used"] is None
    desk.clock.advance(60)
    for _ in range(3):
        await who(desk, made["token"])
    assert (await desk.call("GET", "/api-keys", OPERATOR)).json()["items"][0]["last_used"] is None
    await desk.app.run_job("extend_sessions")
    assert (await desk.call("GET", "/api-keys", OPERATOR)).json()["items"][0]["last_used"] == "2026-11-23T12:31:00Z"


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("203.0.113.7", True), ("203.0.114.7", False), ("2001:db8::1", True), ("2001:db9::1", False),
        ("::ffff:203.0.113.7", True), ("::ffff:203.0.114.7", False), ("", False), ("unix", False), ("203.0.113.7:80", False),
    ],
)  # fmt: skip
async def test_a_key_works_from_its_networks_only(desk: Desk, address: str, allowed: bool) -> None:
    made = await make(desk, networks=["203.0.113.0/24", "2001:db8::/32"])
    found = await who(desk, made["token"])
    assert isinstance(found, Principal)
    if allowed:
        auth.check_address(found, address)
    else:
        with pytest.raises(AddressNotAllowed):
            auth.check_address(found, address)


@pytest.mark.parametrize("network", ["203.0.113.1/24", "300.0.0.0/8", "10.0.0.0/33", "::/129", "a", "1.2"])
async def test_what_is_no_network_is_refused(desk: Desk, network: str) -> None:
    headers = OPERATOR | {"idempotency-key": "make-key-0001"}
    answer = await desk.call("POST", "/api-keys", headers, json=KEY | {"networks": [network]})
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.bad_network")
