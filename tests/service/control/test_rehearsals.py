"""A big day rehearsed from the control room: asked for, played by a child process, shown."""

import asyncio
from pathlib import Path

from tests.service.control.test_room import HERE, ask
from tests.whole import URL, running


async def test_a_rehearsal_runs_and_its_page_is_shown(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        asked = await ask(
            client, "/rehearsals", "POST", {"scale": 0.1, "seed": 3}, **{"idempotency-key": "rehearse-01"}
        )
        again = await ask(
            client, "/rehearsals", "POST", {"scale": 0.1, "seed": 3}, **{"idempotency-key": "rehearse-01"}
        )
        assert asked["id"] == again["id"]
        early = await client.get(f"{URL}/api/control/rehearsals/{asked['id']}/report", headers=HERE)
        assert (early.status_code, early.json()["code"]) == (404, "control.no_such_rehearsal")
        await asyncio.gather(*platform._room._stage._tasks)
        (found,) = (await ask(client, "/rehearsals"))["items"]
        assert found["state"] == "held", found["problem"]
        assert found["verdict"]["plan"]["seed"] == 3
        page = await client.get(f"{URL}/api/control/rehearsals/{asked['id']}/report", headers=HERE)
        assert page.text.startswith("<!doctype html>")
        assert "script-src 'unsafe-inline'" in page.headers["content-security-policy"]


async def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as (platform, client):
        wish = {"manifests": "nothing.yaml", "event": "match-2019"}
        asked = await ask(client, "/rehearsals", "POST", wish, **{"idempotency-key": "rehearse-02"})
        await asyncio.gather(*platform._room._stage._tasks)
        found = await ask(client, f"/rehearsals/{asked['id']}")
        assert found["state"] == "not_run"
        assert "nothing.yaml" in found["problem"]


async def test_choices_are_the_library_and_what_lies_here_and_no_paths(tmp_path: Path) -> None:
    async with running(tmp_path) as (_, client):
        choices = await ask(client, "/rehearsals/choices")
        assert "match-2019" in [event["name"] for event in choices["events"]]
        assert choices["manifests"][0] == "example"
        assert "predictive" in choices["strategies"]
        for wish in ({"manifests": "../secrets"}, {"event": "/etc/passwd"}, {"strategy": "--help"}, {"scale": 0}):
            answer = await client.post(
                f"{URL}/api/control/rehearsals", json=wish, headers=HERE | {"idempotency-key": "rehearse-03"}
            )
            assert answer.status_code == 422
