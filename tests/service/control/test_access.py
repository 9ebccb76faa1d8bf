"""Who comes into the control room: the operator, and whoever sits at the laptop; no page of another site."""

from pathlib import Path

import pytest

from mela.runtime.settings import operator_token
from tests.whole import URL, running

HERE = {"host": "127.0.0.1:3000"}
FOREIGN = [
    {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:8000"},
    {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"sec-fetch-site": "none"},
]  # fmt: skip
CALLS = [("GET", "/crowd", None), ("PUT", "/crowd", {"shoppers": 5}), ("PUT", "/chaos", {"down": True}), ("DELETE", "/chaos", None),
         ("POST", "/settlement", None), ("POST", "/events/orders/evt_1/replay", None), ("GET", "/history", None)]  # fmt: skip


async def test_whoever_sits_at_the_machine_needs_no_token_and_others_do(tmp_path: Path) -> None:
    async with running(tmp_path, samples=False) as (_, client):
        ours = HERE | {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"}
        for headers in (HERE, ours, {"host": "localhost:3000"}, {"host": "[::1]:3000"}):
            assert (await client.get(f"{URL}/api/control/crowd", headers=headers)).status_code == 200
        rebound = {"host": "evil.example:3000"}
        for headers in (
            rebound,
            HERE | {"x-forwarded-for": "127.0.0.1"},
            HERE | {"via": "1.1 proxy"},
            {"host": "127.0.0.1.evil.example"},
        ):
            answer = await client.get(f"{URL}/api/control/crowd", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "kernel.unauthenticated"), headers
        token = {"authorization": f"Bearer {operator_token(tmp_path)}"}
        assert (await client.get(f"{URL}/api/control/crowd", headers=rebound | token)).status_code == 200
        wrong = {"authorization": "Bearer mela_op_" + "x" * 43}
        assert (await client.get(f"{URL}/api/control/crowd", headers=HERE | wrong)).status_code == 401


async def test_a_page_of_another_site_drives_nothing(tmp_path: Path) -> None:
    async with running(tmp_path, samples=False) as (_, client):
        for method, path, body in CALLS:
            for sender in FOREIGN:
                headers = HERE | sender | {"idempotency-key": "settle-0001"}
                answer = await client.request(method, f"{URL}/api/control{path}", json=body, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "kernel.forged"), (path, sender)
        state = (await client.get(f"{URL}/api/control/chaos", headers=HERE)).json()
        assert state["down"] is False


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7"])  # noqa: S104
async def test_where_others_can_reach_us_nobody_comes_in_without_a_token(tmp_path: Path, host: str) -> None:
    async with running(tmp_path, samples=False, host=host) as (_, client):
        assert (await client.get(f"{URL}/api/control/crowd", headers=HERE)).status_code == 401
