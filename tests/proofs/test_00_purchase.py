"""A purchase through everything: in one process on SQLite, and as separate processes on PostgreSQL and Kafka over HTTP."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from mela.kernel import auth
from mela.kernel.sealed.files import make_file
from mela.runtime import registry
from tests import postgres
from tests.proofs import audit, components, kafka
from tests.proofs.crowd import Crowd
from tests.proofs.stage import MELA, Actor, outside_world, running
from tests.proofs.test_00_kills import HURRY, _wait_for_quiet

SERVICES = [entry.name for entry in registry.ENTRIES.values() if not entry.simulator]


def _mela(*arguments: str) -> list[dict[str, Any]]:
    done = subprocess.run([MELA, *arguments, "--json"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "method", "language"), [("atta", "upi", "en"), ("घी", "upi", "hi"), ("cricket bat", "cod", "ta")]
)
def test_a_purchase_runs_in_one_process(words: str, method: str, language: str, tmp_path: Path) -> None:
    actor = Actor(tmp_path / "mela")
    with running(actor):
        steps = _mela("buy", words, "--method", method, "--language", language, "--url", actor.url)
        told = {step["step"]: step for step in steps}
        assert told["confirmed"]["state"] == "confirmed"
        assert told["invoice"]["total_paise"] == told["cart"]["total_paise"]
        if method == "upi":
            [run] = _mela("settle", "--url", actor.url, "--data", str(actor.folder), "--next")
            assert [payout["state"] for payout in run["payouts"]] == ["paid"]
            [again] = _mela("settle", "--url", actor.url, "--data", str(actor.folder), "--date", run["date"])
            assert again["payouts"] == run["payouts"]


@pytest.mark.xdist_group("kafka")
def test_a_hundred_purchases_survive_the_death_of_a_service_on_postgresql_and_kafka(tmp_path: Path) -> None:
    components.need("postgres", "java", "mvn")
    with postgres.server() as server, kafka.broker() as servers:
        databases = server.replace("/postgres", "/{service}")
        _create_databases(server)
        outside, environ = outside_world(tmp_path / "outside")
        actors = _processes(tmp_path, databases, servers, environ)
        with running(outside, *actors.values()):
            query = audit.postgres_server(databases, outside.folder)
            stock = {row["sku"]: row["on_hand"] for row in query("catalog", "select sku, on_hand from stock")}
            urls = {name: actor.url for name, actor in actors.items()}
            crowd = Crowd(urls["orders"], outside.url, sorted(stock), size=6, most=100, urls=urls)
            asyncio.run(_buy_while_one_dies(crowd, actors["payments"]))
            left = asyncio.run(crowd.settle(300))
            _wait_for_quiet(query)
            verdict = audit.check(query, stock)
    print(f"\n{len(SERVICES)} processes: {len(crowd.orders)} orders, {verdict.counts}, refused {crowd.refusals}")
    assert not left
    assert verdict.disagreements == []
    assert len(crowd.orders) >= 100


async def _buy_while_one_dies(crowd: Crowd, victim: Actor) -> None:
    buying = asyncio.create_task(crowd.run())
    while len(crowd.orders) < 40:
        await asyncio.sleep(0.05)
    victim.kill()
    await asyncio.sleep(1)
    await asyncio.to_thread(victim.start)
    await buying


def _create_databases(server: str) -> None:
    engine = create_engine(server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        for service in SERVICES:
            conn.execute(text(f"create database {service}"))
    engine.dispose()


def _processes(folder: Path, databases: str, servers: str, environ: dict[str, str]) -> dict[str, Actor]:
    """Each service on its own: tokens of its own, the others by URL."""
    tokens = {name: auth.new_token("service")[0] for name in SERVICES}
    common = {
        **{k: v for k, v in HURRY.items() if k != "MELA_HOOKS"},
        "MELA_DATABASE": databases, "MELA_EVENTS": f"kafka://{servers}", "MELA_POOL_SIZE": "6",
        "MELA_KEYS": make_file(folder / "keys.json"),
        "MELA_CALLERS": ",".join(f"{name}={auth.digest(token)}" for name, token in tokens.items()),
    }  # fmt: skip
    actors: dict[str, Actor] = {}
    for name in SERVICES:
        own = {k: v for k, v in (environ | common).items() if _is_for(name, k)}
        peers = ",".join(f"{other}={actor.url}" for other, actor in actors.items())
        actors[name] = Actor(folder / name, name, "--samples", **own, MELA_TOKEN=tokens[name], MELA_PEERS=peers)
    return actors


def _is_for(service: str, variable: str) -> bool:
    """A variable of another service is not set in this one's environment."""
    other = next((name for name in SERVICES if variable.startswith(f"MELA_{name.upper()}_")), None)
    return other in (None, service)
