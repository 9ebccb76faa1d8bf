import asyncio
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from mela.kernel import auth
from mela.kernel.auth import Principal
from mela.kernel.errors import NotFound, Unauthenticated
from tests.service.accounts import desk as desks
from tests.service.accounts.desk import OPERATOR_TOKEN, Desk

OPERATOR = {"authorization": f"Bearer {OPERATOR_TOKEN}"}
KEY = {"seller_id": "vaigai-stores", "scopes": ["settlement:read", "catalog:write"], "name": "stock sync"}
DAY_S = 86_400
HOSTILE = [
    "", " ", "x" * 10_000, "mela_cs_", "mela_cs_' or 1=1 --", "mela_cs_" + "\u0966" * 43, "\ud800", "\x00" * 43,
    "mela_op_" + "a" * 43, auth.digest(OPERATOR_TOKEN), OPERATOR_TOKEN + "x", OPERATOR_TOKEN.upper(), "नमस्ते" * 10,
]  # fmt: skip


def bearer(headers: dict[str, str]) -> str:
    """The token in these headers."""
    return headers["authorization"].split()[1]


async def make_key(desk: Desk, idempotency_key: str = "make-key-0001", **changes: object) -> dict[str, object]:
    """An API key as the operator gets it."""
    answer = await desk.call("POST", "/api-keys", OPERATOR | {"idempotency-key": idempotency_key}, json=KEY | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def refusal(desk: Desk, token: str) -> str:
    """Why this token is refused."""
    with pytest.raises(Unauthenticated) as caught:
        await desk.app.service.identify(token=token)
    return caught.value.of


async def test_the_operator_is_known_by_settings(desk: Desk) -> None:
    assert await desk.app.service.identify(token=OPERATOR_TOKEN) == Principal("operator", "operator")


async def test_without_an_operator_hash_nobody_is_the_operator(tmp_path: Path) -> None:
    async with desks.running(tmp_path, operator_token_hash="") as desk:
        assert await refusal(desk, OPERATOR_TOKEN) == "kernel.unauthenticated"
        assert await refusal(desk, "") == "kernel.unauthenticated"


async def test_a_hostile_token_is_unknown(desk: Desk) -> None:
    for token in HOSTILE:
        assert await refusal(desk, token) == "kernel.unauthenticated", token


@settings(max_examples=3)
@given(strategies.lists(strategies.binary(max_size=250), min_size=40, max_size=80))
def test_no_header_gets_in_or_breaks_anything(values: list[bytes]) -> None:
    async def knock(folder: str) -> set[int]:
        async with desks.running(Path(folder)) as desk:
            headers = [[(b"authorization", value)] for raw in values for value in (raw, b"Bearer " + raw)]
            answers = [await desk.app.client.get("/api/accounts/me", headers=one) for one in headers]
            return {answer.status_code for answer in answers}

    with tempfile.TemporaryDirectory() as folder:
        assert asyncio.run(knock(folder)) == {401}


async def test_a_session_that_is_used_lasts(desk: Desk) -> None:
    headers = await desk.signed_in()
    for _ in range(4):
        desk.clock.advance(20 * DAY_S)
        assert (await desk.call("GET", "/me", headers)).status_code == 200
        await desk.app.run_job("extend_sessions")
    desk.clock.advance(30 * DAY_S)
    answer = await desk.call("GET", "/me", headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "kernel.session_expired")


async def test_a_session_that_is_not_used_ends_after_thirty_days(desk: Desk) -> None:
    headers = await desk.signed_in()
    desk.clock.advance(30 * DAY_S - 1)
    assert (await desk.call("GET", "/me", headers)).status_code == 200
    desk.clock.advance(1)
    assert await refusal(desk, bearer(headers)) == "kernel.session_expired"


async def test_within_an_hour_use_writes_nothing(desk: Desk) -> None:
    headers = await desk.signed_in()
    desk.clock.advance(3599)
    await desk.call("GET", "/me", headers)
    await desk.app.run_job("extend_sessions")
    seen = (await desk.call("GET", "/sessions", headers)).json()["items"][0]["seen"]
    assert seen == "2026-11-23T12:30:00Z"


async def test_signing_out_ends_this_session_only(desk: Desk) -> None:
    here, there = await desk.signed_in(device="here"), {}
    desk.clock.advance(31)
    there = await desk.signed_in(device="there")
    assert (await desk.call("DELETE", "/sessions/current", here)).status_code == 204
    assert await refusal(desk, bearer(here)) == "accounts.token_revoked"
    assert (await desk.call("GET", "/me", there)).status_code == 200


async def test_my_devices_are_listed_and_can_be_signed_out(desk: Desk) -> None:
    old = await desk.signed_in(device="Mozilla/5.0 (Android)")
    desk.clock.advance(31)
    new = await desk.signed_in(device="laptop")
    listed = (await desk.call("GET", "/sessions", new)).json()["items"]
    assert [(one["device"], one["current"]) for one in listed] == [("laptop", True), ("Mozilla/5.0 (Android)", False)]
    for _ in range(2):
        assert (await desk.call("DELETE", f"/sessions/{listed[1]['id']}", new)).status_code == 204
    assert (await desk.call("GET", "/me", old)).status_code == 401
    assert len((await desk.call("GET", "/sessions", new)).json()["items"]) == 1


async def test_nobody_signs_out_somebody_else(desk: Desk) -> None:
    mine = await desk.signed_in()
    theirs = await desk.signed_in("+919876543211")
    session = (await desk.call("GET", "/sessions", theirs)).json()["items"][0]["id"]
    assert (await desk.call("DELETE", f"/sessions/{session}", mine)).status_code == 404
    assert (await desk.call("DELETE", "/sessions/ses_01KAR4T0GQ8V6M2Z3XJY5N7P9B", mine)).status_code == 404
    assert (await desk.call("GET", "/me", theirs)).status_code == 200


async def test_one_device_more_than_allowed_ends_the_oldest(tmp_path: Path) -> None:
    async with desks.running(tmp_path, sessions_per_customer="2") as desk:
        devices = []
        for _ in range(3):
            devices.append(await desk.signed_in())
            desk.clock.advance(60)
        assert [(await desk.call("GET", "/me", one)).status_code for one in devices] == [401, 200, 200]


async def test_signing_out_a_token_that_is_forgotten_changes_nothing(desk: Desk) -> None:
    headers = await desk.signed_in()
    await desk.app.service.sign_out("cus_1", "mela_cs_forgotten")
    assert (await desk.call("GET", "/me", headers)).status_code == 200


async def test_a_customer_who_is_not_there_is_not_found(desk: Desk) -> None:
    for asked in (desk.app.service.customer("cus_1"), desk.app.service.change_customer("cus_1", {"name": "Meena"})):
        with pytest.raises(NotFound):
            await asked


async def test_a_person_changes_name_and_language(desk: Desk) -> None:
    headers = await desk.signed_in()
    answer = await desk.call("PATCH", "/me", headers, json={"name": "  மீனா R ", "language": "ta"})
    assert (answer.json()["name"], answer.json()["language"]) == ("மீனா R", "ta")
    answer = await desk.call("PATCH", "/me", headers, json={"language": "hi"})
    assert (answer.json()["name"], answer.json()["language"]) == ("மீனா R", "hi")
    assert (await desk.call("PATCH", "/me", headers, json={"name": None})).json() == answer.json()


async def test_a_wrong_change_is_refused(desk: Desk) -> None:
    headers = await desk.signed_in() | {"content-type": "application/json"}
    wrong: list[object] = [
        {"name": ""},
        {"name": "a\x00b"},
        {"name": "a\nb"},
        {"name": "\ud800"},
        {"name": "x" * 81},
        {"language": "fr"},
        {"phone": "+919876543211"},
        [],
    ]
    for body in wrong:
        answer = await desk.call("PATCH", "/me", headers, content=json.dumps(body))
        assert answer.status_code == 422, body


async def test_an_api_key_stands_for_its_seller_with_its_scopes(desk: Desk) -> None:
    made = await make_key(desk)
    scopes = frozenset({"settlement:read", "catalog:write"})
    assert await desk.app.service.identify(token=made["token"]) == Principal("merchant", "vaigai-stores", scopes)
    desk.clock.advance(3650 * DAY_S)
    await desk.app.run_job("forget")
    assert (await desk.app.service.identify(token=made["token"])).id == "vaigai-stores"


async def test_the_same_key_makes_one_api_key_and_shows_its_token_once(desk: Desk) -> None:
    first, again = await make_key(desk), await make_key(desk)
    assert first["token"]
    assert again == first | {"token": None}
    assert len((await desk.call("GET", "/api-keys", OPERATOR)).json()["items"]) == 1
    other = await desk.call(
        "POST", "/api-keys", OPERATOR | {"idempotency-key": "make-key-0001"}, json=KEY | {"name": "another"}
    )
    assert (other.status_code, other.json()["code"]) == (409, "kernel.idempotency_key_reused")


async def test_a_revoked_api_key_is_refused_and_no_longer_listed(desk: Desk) -> None:
    made = await make_key(desk)
    key_id = made["api_key"]["id"]  # type: ignore[index]
    for _ in range(2):
        assert (await desk.call("DELETE", f"/api-keys/{key_id}", OPERATOR)).status_code == 204
    assert await refusal(desk, str(made["token"])) == "accounts.token_revoked"
    assert (await desk.call("GET", "/api-keys", OPERATOR)).json() == {"items": [], "next_cursor": None}
    assert (await desk.call("DELETE", "/api-keys/key_01KAR4T0GQ8V6M2Z3XJY5N7P9B", OPERATOR)).status_code == 404


async def test_api_keys_are_listed_in_pages_without_tokens(desk: Desk) -> None:
    for number in range(5):
        await make_key(desk, f"make-key-{number:04}", seller_id=f"seller-{number % 2}", name=f"key {number}")
    names, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        answer = await desk.call("GET", "/api-keys", OPERATOR, params=params)
        assert "mela_mk_" not in answer.text
        names += [one["name"] for one in answer.json()["items"]]
        if (cursor := answer.json()["next_cursor"]) is None:
            break
    assert names == ["key 4", "key 3", "key 2", "key 1", "key 0"]
    answer = await desk.call("GET", "/api-keys", OPERATOR, params={"seller_id": "seller-1"})
    assert [one["name"] for one in answer.json()["items"]] == ["key 3", "key 1"]


async def test_a_made_up_cursor_is_refused(desk: Desk) -> None:
    answer = await desk.call("GET", "/api-keys", OPERATOR, params={"cursor": "ses_x"})
    assert (answer.status_code, answer.json()["code"]) == (422, "kernel.bad_cursor")


async def test_a_wrong_api_key_is_refused(desk: Desk) -> None:
    headers = OPERATOR | {"idempotency-key": "make-key-0001"}
    wrong: list[dict[str, object]] = [
        {"scopes": []}, {"scopes": ["everything"]}, {"scopes": ["a:b"] * 21}, {"seller_id": "../x"}, {"name": " "}, {"name": "a\x00"}, {"x": 1},
    ]  # fmt: skip
    for changes in wrong:
        assert (await desk.call("POST", "/api-keys", headers, json=KEY | changes)).status_code == 422, changes


async def test_only_the_operator_handles_api_keys(desk: Desk) -> None:
    merchant = {"authorization": f"Bearer {(await make_key(desk))['token']}"}
    for headers in (await desk.signed_in(), merchant):
        extra = headers | {"idempotency-key": "make-key-0002"}
        assert (await desk.call("POST", "/api-keys", extra, json=KEY)).status_code == 403
        assert (await desk.call("GET", "/api-keys", headers)).status_code == 403
    assert (await desk.call("GET", "/me", merchant)).status_code == 403


async def test_an_api_key_is_not_a_session(desk: Desk) -> None:
    made = await make_key(desk)
    headers = await desk.signed_in()
    key_id = str(made["api_key"]["id"]).replace("key_", "ses_")  # type: ignore[index]
    assert (await desk.call("DELETE", f"/sessions/{key_id}", headers)).status_code == 404
    assert (await desk.call("GET", "/api-keys", OPERATOR)).json()["items"] != []
