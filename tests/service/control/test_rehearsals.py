"""A big day rehearsed from the control room: asked for, played by a child process, followed, stopped, shown."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2

from mela.runtime.control.stage import MOST_KEPT
from mela.runtime.platform import Platform
from tests.service.control.test_room import HERE, ask
from tests.whole import URL, running

SLOW = {"manifests": "example", "quick": False, "faults": ["registry=x10@+5m/20m"]}


async def rehearse(client: httpx2.AsyncClient, wish: dict[str, Any], key: str = "rehearse-01") -> Any:
    return await ask(client, "/rehearsals", "POST", wish, **{"idempotency-key": key})


async def listed(client: httpx2.AsyncClient) -> list[Any]:
    found: list[Any] = (await ask(client, "/rehearsals"))["items"]
    return found


async def played(platform: Platform) -> None:
    await platform._room._stage.ended()


async def test_a_rehearsal_runs_and_its_page_is_shown_in_a_sandbox(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        asked = await rehearse(client, {"scale": 0.1, "seed": 3, "language": "hi"})
        again = await rehearse(client, {"scale": 0.1, "seed": 3, "language": "hi"})
        assert asked["id"] == again["id"]
        other = await client.post(
            f"{URL}/api/control/rehearsals", json={"scale": 9}, headers=HERE | {"idempotency-key": "rehearse-01"}
        )
        assert other.json()["code"] == "kernel.idempotency_key_reused"
        early = await client.get(f"{URL}/api/control/rehearsals/{asked['id']}/report", headers=HERE)
        assert (early.status_code, early.json()["code"]) == (404, "control.no_such_rehearsal")
        await played(platform)
        (found,) = await listed(client)
        assert found["state"] == "held", found["problem"]
        assert (found["sums"]["budget_used"] <= 1, found["sums"]["mends"], found["progress"]) == (True, [], None)
        whole = await ask(client, f"/rehearsals/{asked['id']}")
        assert whole["verdict"]["plan"]["seed"] == 3
        page = await client.get(f"{URL}/api/control/rehearsals/{asked['id']}/report", headers=HERE)
        assert page.text.startswith('<!doctype html>\n<html lang="hi"') or '<html lang="hi"' in page.text
        policy = page.headers["content-security-policy"]
        assert policy.startswith("sandbox allow-scripts")
        assert "allow-same-origin" not in policy


async def test_what_breaks_is_told_with_its_field_and_the_change_that_mends_it(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        await rehearse(client, {})
        await played(platform)
        (found,) = await listed(client)
        assert found["state"] == "broke"
        sums = found["sums"]
        assert sums["broke"][0]["field"] == "manifests.yaml:28 spec.maxReplicas"
        assert (sums["mended"], sums["mends"][0]["before"]) == (True, "12")
        assert sums["lost"] > 1_000_000
        assert sums["budget_used"] > 1


async def test_those_that_wait_know_their_place_and_can_be_stopped(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        for number in range(3):
            await rehearse(client, SLOW, f"rehearse-{number:02d}")
        assert [each["before"] for each in await listed(client)] == [2, 1, 0]
        last, middle, first = await listed(client)
        for each in (middle, first):
            assert (await ask(client, f"/rehearsals/{each['id']}", "DELETE"))["state"] == "stopped"
        again = (await listed(client))[0]
        assert (again["id"], again["before"]) == (last["id"], 0)
        await ask(client, f"/rehearsals/{last['id']}", "DELETE")
        assert {each["state"] for each in await listed(client)} == {"stopped"}
        assert platform._room._stage._tasks == {}


async def test_only_the_last_ones_are_kept_and_the_oldest_is_stopped(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        first = await rehearse(client, SLOW, "rehearse-00")
        task = platform._room._stage._tasks[first["id"]]
        others = [await rehearse(client, SLOW, f"rehearse-{number:02d}") for number in range(1, MOST_KEPT + 1)]
        assert [each["id"] for each in await listed(client)] == [each["id"] for each in reversed(others)]
        answer = await client.get(f"{URL}/api/control/rehearsals/{first['id']}", headers=HERE)
        assert answer.json()["code"] == "control.no_such_rehearsal"
        await asyncio.wait([task], timeout=20)
        assert task.cancelled()


async def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        refused: list[tuple[dict[str, Any], str]] = [
            ({"manifests": "nothing.yaml", "event": "match-2019"}, "nothing.yaml"),
            ({"faults": ["earthquake:delhi@+5m"]}, "is no fault"),
            ({"strategy": "hope"}, "There is no strategy hope"),
        ]
        for number, (wish, why) in enumerate(refused):
            asked = await rehearse(client, wish, f"rehearse-{number:02d}")
            await played(platform)
            found = await ask(client, f"/rehearsals/{asked['id']}")
            assert (found["state"], found["sums"]) == ("not_run", None)
            assert why in found["problem"]


async def test_choices_are_the_library_and_what_lies_here_and_no_paths(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        choices = await ask(client, "/rehearsal-choices")
        events = {event["name"]: event for event in choices["events"]}
        semi_final = events["match-2019"]
        assert (semi_final["peak"], semi_final["what"], semi_final["per_s"]) == (25_300_000, "viewers", 0)
        assert max(semi_final["curve"]) == 1
        assert semi_final["marks"]["published"] > 3
        assert all(source["url"].startswith("https://") for source in semi_final["sources"])
        assert {"example", "03-ipl-streaming-hpa.yaml"} <= set(semi_final["fits"])
        assert (events["example"]["fits"][0], events["tatkal"]["fits"]) == ("example", ["example"])
        assert "example" not in events["sale-7x"]["fits"]
        assert choices["manifests"][0] == "example"
        assert "predictive" in choices["strategies"]
        assert "zone" in [fault["name"] for fault in choices["faults"]]
        for wish in (
            {"manifests": "../secrets"}, {"event": "/etc/passwd"}, {"strategy": "--help"}, {"scale": 0},
            {"faults": ["--fix=x"]}, {"faults": ["zone:a b@+1m"]}, {"faults": ["a@+1m"] * 6},
        ):  # fmt: skip
            answer = await client.post(
                f"{URL}/api/control/rehearsals", json=wish, headers=HERE | {"idempotency-key": "rehearse-03"}
            )
            assert answer.status_code == 422
