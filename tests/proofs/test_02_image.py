"""The image takes a payment as nobody it knows: a foreign user, a root that cannot be written, no capability, no new privilege."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.proofs import components
from tests.proofs.payers import CALLERS, TOKEN

IMAGE, FOREIGN = "mela:dev", 23_456
LOCKED = (
    "--read-only", "--user", f"{FOREIGN}:{FOREIGN}", "--tmpfs", "/tmp", "--cap-drop", "ALL",  # noqa: S108 - in the container
    "--security-opt", "no-new-privileges", "--memory", "400m", "--pids-limit", "100",
)  # fmt: skip
ENVIRON = {
    "MELA_CALLERS": CALLERS, "MELA_TOKEN": TOKEN,
    "MELA_PEERS": "accounts=http://127.0.0.1:9,orders=http://127.0.0.1:9,settlement=http://127.0.0.1:9",
    "MELA_PAYMENTS_GATEWAY_URL": "http://127.0.0.1:3000/sim/gateway", "MELA_PAYMENTS_GATEWAY_KEY_ID": "mela",
    "MELA_PAYMENTS_GATEWAY_KEY_SECRET": "k" * 40, "MELA_PAYMENTS_WEBHOOK_SECRET": "w" * 40,
    "MELA_PAYMENTS_CALLBACK_BASE": "http://127.0.0.1:3000", "MELA_GATEWAY_KEY_ID": "mela", "MELA_GATEWAY_KEY_SECRET": "k" * 40,
    "MELA_GATEWAY_WEBHOOK_SECRET": "w" * 40,
}  # fmt: skip


def test_a_payment_goes_through_in_the_image_as_a_foreign_user_with_a_root_that_cannot_be_written(
    tmp_path: Path,
) -> None:
    need_image()
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o777)
    with container(data) as (name, url):
        payment_id = captured(url)
        assert changed(name) == []
        status = dict(
            line.split(":\t", 1) for line in inside(name, "cat", "/proc/1/status").splitlines() if ":\t" in line
        )
        assert status["Uid"].split() == [str(FOREIGN)] * 4
        assert (int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]) == (0, 0, "1")
        for place in ("/", "/app", "/usr/local/bin", "/var"):
            assert "Read-only file system" in inside(name, "touch", f"{place}/x", fails=True)
        docker("kill", name)
    written = sorted(data.iterdir())
    assert {"payments.db", "gateway.db", "keys.json"} <= {file.name for file in written}
    assert {file.stat().st_uid for file in written} == {FOREIGN}
    with container(data) as (name, url), httpx2.Client(timeout=20) as http:
        assert state(http, url, payment_id) == "captured", "after a kill -9"
        assert changed(name) == []


def need_image() -> None:
    """Mela's image, built where there is none."""
    components.need("docker")
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        pytest.skip("not run: no Docker daemon answers")
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        root = Path(__file__).parents[2]
        subprocess.run(["make", "image"], cwd=root, check=True, timeout=1_800)


@contextmanager
def container(data: Path) -> Iterator[tuple[str, str]]:
    """A container with payments and a gateway on this volume, ready; its name and address."""
    environ = [word for name, value in ENVIRON.items() for word in ("--env", f"{name}={value}")]
    place = ["--publish", "127.0.0.1::3000", "--volume", f"{data}:/data"]
    name = docker("run", "--detach", *LOCKED, *place, *environ, IMAGE, "serve", "payments", "gateway").strip()
    try:
        url = f"http://{docker('port', name, '3000').splitlines()[0]}"
        limit = time.monotonic() + 90
        while not ready(url):
            assert time.monotonic() < limit, docker("logs", name)
            time.sleep(0.1)
        yield name, url
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)


def ready(url: str) -> bool:
    """Whether it answers."""
    try:
        return httpx2.get(f"{url}/readyz", timeout=2).is_success
    except httpx2.HTTPError:
        return False


def captured(url: str) -> str:
    """A payment, from its beginning to its end."""
    with httpx2.Client(timeout=20) as http:
        asked = {
            "key": "one",
            "order_id": "order-1",
            "amount": 12_950,
            "method": "upi",
            "description": "Order",
            "seconds": 600,
        }
        begun = call(http, url, "start", asked)
        link = httpx2.URL(begun["intent_url"])
        http.post(f"{url}/sim/gateway/upi/{link.params['tr']}/approve", json={}).raise_for_status()
        limit = time.monotonic() + 120
        while (now := state(http, url, begun["id"])) != "captured":
            assert time.monotonic() < limit, now
            time.sleep(0.1)
        return str(begun["id"])


def state(http: httpx2.Client, url: str, payment_id: str) -> str:
    """How a payment is."""
    return str(call(http, url, "get", {"payment_id": payment_id})["state"])


def call(http: httpx2.Client, url: str, method: str, arguments: Any) -> Any:
    """As orders calls."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = http.post(f"{url}/rpc/payments/{method}", json=arguments, headers=headers)
    return answer.raise_for_status().json()["result"]


def changed(name: str) -> list[str]:
    """What was written outside of volumes and tmpfs."""
    mounts = {each["Destination"] for each in json.loads(docker("inspect", "--format", "{{json .Mounts}}", name))}
    lines = [line.split(" ", 1)[1] for line in docker("diff", name).splitlines()]
    return [line for line in lines if line not in mounts and line != "/tmp"]  # noqa: S108 - in the container


def inside(name: str, *command: str, fails: bool = False) -> str:
    """What a command in the container says."""
    done = subprocess.run(["docker", "exec", name, *command], capture_output=True, text=True, check=False)
    assert bool(done.returncode) == fails, done
    return done.stdout + done.stderr


def docker(*words: str) -> str:
    """What Docker says. Raises: CalledProcessError."""
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=True).stdout
