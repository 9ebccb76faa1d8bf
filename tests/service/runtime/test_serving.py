"""On a port and off again: one clear sentence when it cannot start, no request lost when it stops."""

import http.client
import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from mela.kernel.clock import SystemClock
from mela.kernel.db.migrate import migrate
from mela.kernel.settings import SettingsError, read
from mela.runtime import registry, serving
from mela.runtime.settings import CannotStart, PlatformSettings, laptop_defaults, operator_token
from mela.runtime.wiring import Wiring

APP = Path(__file__).with_name("slow_app.py")


@contextmanager
def slow_app(*how: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, str(APP), str(port), *how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process, f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_readiness_falls_first_and_requests_in_flight_finish(number: signal.Signals) -> None:
    with slow_app("0.4", "0.1") as (process, url), ThreadPoolExecutor(1) as pool, httpx2.Client() as client:
        assert line(process) == "started"
        assert client.get(f"{url}/readyz").status_code == 200
        answer = pool.submit(httpx2.get, f"{url}/slow", timeout=20)
        assert line(process) == "begun"
        process.send_signal(number)
        while (ready := client.get(f"{url}/readyz")).status_code == 200:
            pass
        assert ready.status_code == 503
        assert client.get(f"{url}/livez").status_code == 200
        assert answer.result().json() == {"finished": "yes"}
        rest, _ = process.communicate(timeout=20)
        assert rest.splitlines()[-1] == "closed"
        assert process.returncode == 0
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"{url}/livez")


def test_an_open_connection_is_answered_once_more_and_told_to_go_after_the_door_has_closed() -> None:
    with slow_app("0", "10") as (process, url):
        assert line(process) == "started"
        inside, idle = (http.client.HTTPConnection(url.removeprefix("http://")) for _ in range(2))
        for connection in (inside, idle):
            connection.request("GET", "/livez")
            assert connection.getresponse().read()
        process.send_signal(signal.SIGTERM)
        while is_open(url):
            pass
        for connection in (inside, idle):
            connection.request("GET", "/livez")
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("connection")) == (200, "close")
            answer.read()
        process.communicate(timeout=5)  # nobody is left: it does not wait out the ten seconds
        assert process.returncode == 0


def test_an_idle_connection_is_closed_when_its_time_is_up() -> None:
    with slow_app("0", "0.1") as (process, url):
        assert line(process) == "started"
        with socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))) as idle:
            process.send_signal(signal.SIGTERM)
            assert idle.recv(1) == b""
            process.communicate(timeout=5)
            assert process.returncode == 0


def is_open(url: str) -> bool:
    try:
        httpx2.get(f"{url}/livez")
    except httpx2.ConnectError:
        return False
    return True


def test_services_that_cannot_start_end_the_process_with_a_sentence() -> None:
    with slow_app("0", "0", "broken") as (process, _):
        _, told = process.communicate(timeout=30)
        assert process.returncode == 1
        assert told.splitlines()[-1] == "The services did not start. The log says why."


def test_a_taken_port_is_named_with_another_to_choose() -> None:
    taken = serving.bind("127.0.0.1", 0)
    port = taken.getsockname()[1]
    with taken, pytest.raises(CannotStart) as refusal:
        serving.bind("127.0.0.1", port)
    assert refusal.value.reason == f"Port {port} is taken by another program."
    assert f"--port {port + 100}" in refusal.value.fix


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotStart, match=r"Cannot listen on 203\.0\.113\.7:0"):
        serving.bind("203.0.113.7", 0)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()
    for folder in (file, file / "below"):
        with pytest.raises(CannotStart, match="cannot be written"), serving.own_folder(folder):
            pass


def test_two_platforms_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        serving.own_folder(tmp_path),
        pytest.raises(CannotStart, match="Another platform runs in"),
        serving.own_folder(tmp_path),
    ):
        pass
    with serving.own_folder(tmp_path):
        pass


def test_a_laptops_secrets_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    settings = PlatformSettings(data=tmp_path)
    assert operator_token(tmp_path) is None
    first, second = laptop_defaults(settings), laptop_defaults(settings)
    file = tmp_path / "secrets.json"
    assert first == second
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert operator_token(tmp_path) == json.loads(file.read_text())["operator_token"]
    assert operator_token(tmp_path) not in first.values()


def test_a_folder_of_an_earlier_version_gets_the_secrets_it_lacks_and_keeps_its_own(tmp_path: Path) -> None:
    kept = {"operator_token": "mela_op_kept", "gateway_key": "kept", "webhook": "kept"}
    (tmp_path / "secrets.json").write_text(json.dumps(kept))
    first = laptop_defaults(PlatformSettings(data=tmp_path))
    assert first["MELA_PAYMENTS_WEBHOOK_SECRET"] == "kept"
    assert operator_token(tmp_path) == "mela_op_kept"
    assert first["MELA_WEBHOOKS_KEYS"] == "", "of a version that had such a key it is kept"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DATABASE", "postgresql://host/mela", "each service has its own"),
        ("EVENTS", "rabbit://host", "kafka://host:port"),
        ("PEERS", "orders", "SERVICE=VALUE"),
        ("CALLERS", "nobody=abc", "SERVICE=VALUE"),
        ("PORT", "many", "MELA_PORT is 'many'; it takes a whole number"),
    ],
)
def test_a_wrong_setting_says_what_it_takes(variable: str, value: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read(PlatformSettings, "MELA", {f"MELA_{variable}": value})


def test_settings_say_where_things_are() -> None:
    settings = PlatformSettings(
        host="::",
        port=80,
        database="postgresql://mela@db/{service}",
        peers=("orders=http://orders",),
        callers=("orders=ab",),
    )
    assert settings.own_url == "http://127.0.0.1:80"
    assert settings.database_url("orders") == "postgresql://mela@db/orders"
    assert settings.peer_urls == {"orders": "http://orders"}
    assert settings.caller_hashes == {"orders": "ab"}
    assert PlatformSettings(url="https://mela.example").own_url == "https://mela.example"


async def test_a_peer_of_this_process_is_the_object_and_one_elsewhere_a_proxy(tmp_path: Path) -> None:
    settings = PlatformSettings(data=tmp_path, peers=("catalog=http://catalog:3000",))
    environ = laptop_defaults(settings)
    wiring = Wiring(["accounts"], settings, environ, SystemClock())
    accounts = registry.load("accounts")
    migrate(settings.database_url("accounts"), service="accounts", package=str(accounts.migrations))
    catalog = registry.load("catalog")
    built = wiring.build(accounts, read(accounts.settings, "MELA_ACCOUNTS", environ))
    assert accounts.contract
    assert catalog.contract
    assert wiring.peer(accounts.contract, caller="orders") is built.parts.implementation
    assert type(wiring.peer(catalog.contract, caller="orders")).__name__ == "CatalogProxy"
    await built.db.close()
    await wiring.http.aclose()


def test_a_service_that_may_be_missing_is_told_only_where_it_is(tmp_path: Path) -> None:
    peers = ("orders=http://orders:3000", "settlement=http://settlement:3000")
    told = []
    for named in ((), ("webhooks=http://webhooks:3000",)):
        wiring = Wiring(["payments"], PlatformSettings(data=tmp_path, peers=peers + named), {}, SystemClock())
        wiring.find_doors()
        told.append(len(wiring._doors["payments.captured"]))
    without, given = told
    assert 1 <= without == given - 1


def test_database_and_token_are_those_of_the_mounted_secret_of_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = PlatformSettings(database="postgresql://at-start@db/{service}", token="at start", secrets=tmp_path)
    assert settings.database_url("orders") == "postgresql://at-start@db/orders"
    assert settings.current_token() == "at start"
    (tmp_path / "MELA_DATABASE").write_text("postgresql://orders:new@db/{service}\n")
    (tmp_path / "MELA_TOKEN").write_text("new\n")
    monkeypatch.setattr("time.monotonic", lambda: float("inf"))  # a second later
    assert settings.database_url("orders") == "postgresql://orders:new@db/orders"
    assert settings.current_token() == "new"
