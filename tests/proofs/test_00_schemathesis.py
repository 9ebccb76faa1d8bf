"""Whatever a client sends, the platform answers as its own document says: Schemathesis over all of it, all checks on."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from mela.runtime import settings
from mela.simulators.shopper import Shopper, payment_of
from tests.proofs.stage import Actor, running

pytestmark = pytest.mark.xdist_group("schemathesis")  # one platform for all of it
ST = str(Path(sys.executable).parent / "st")
CHECKS = Path(__file__).with_name("problem_checks.py")
ENDINGS = (
    "sign_out",
    "end_session",
    "revoke_api_key",
    "rotate_api_key",
    "remove_webhook_endpoint",
    "follow_gateway_plan",
    "set_chaos",
)
"""Operations that take the ground from under the others: they sign the caller out, or tell the gateway to fail. Run by themselves."""
STREAMS = ("follow_order", "follow_figures", "set_crowd", "start_rehearsal")
"""They go on for as long as there is something to tell, or set other processes to work."""
FORWARDED = "Via: 1.1 proof"
"""The control room opens without a token to whoever sits at the machine; what came through somebody shows one."""
EXPECTED = """
seed = 20261123
[checks.positive_data_acceptance]
expected-statuses = ["2xx", 304, 401, 403, 404, 409, 422, 429, 503]
[checks.negative_data_rejection]
expected-statuses = [401, 403, 404, 405, 409, 413, 415, 422, 429]
"""
"""422 is for us also what a shop says of a wrong PIN or an empty cart; that it does not stand for a shape that follows the document
is what `problem_checks` asks. 409 comes before the body is looked at where a key was used already."""


@dataclass
class World:
    """A platform, callers of each kind, and things that exist."""

    platform: Actor
    tokens: dict[str, str]
    gateway_key: str
    things: dict[str, str] = field(default_factory=dict)

    def schemes(self) -> str:
        """Each operation's caller, by the security scheme that its document names."""
        bearers = [f'[auth.openapi.{kind}]\nbearer = "{token}"\n' for kind, token in self.tokens.items()]
        basic = f'[auth.openapi.HTTPBasic]\nusername = "mela"\npassword = "{self.gateway_key}"\n'
        return "".join([*bearers, basic])


async def _people(platform: Actor) -> World:
    """Sign a customer in, make a seller's key, buy something."""
    secrets = json.loads((platform.folder / "secrets.json").read_text())
    operator = settings.operator_token(platform.folder) or ""
    async with httpx2.AsyncClient(timeout=20) as http:
        shopper = Shopper(http, platform.url, "+919812345678")
        await shopper.sign_in()
        on_duty = Shopper(http, platform.url, "", token=operator)
        asked = {
            "seller_id": "kaveri-traders",
            "scopes": [
                "settlement:read",
                "webhooks:read",
                "webhooks:write",
                "payments:read",
                "payments:write",
                "refunds:write",
            ],
            "name": "proof",
        }
        made = await on_duty.call("POST", "/api/accounts/api-keys", asked, key="key-of-the-proof")
        seller = Shopper(http, platform.url, "", token=made["token"])
        hook = await seller.call(
            "POST", "/api/webhooks/endpoints", {"url": "https://shop.example.in/"}, key="hook-of-the-proof"
        )
        endpoint_id = hook["endpoint"]["id"]
        ping = await seller.call("POST", f"/api/webhooks/endpoints/{endpoint_id}/ping", key="ping-of-the-proof")
        wanted = {"amount_paise": 50_000, "method": "upi", "reference": "proof"}
        taken = await seller.call("POST", "/api/payments/v1/payments", wanted, key="payment-of-the-proof")
        product = await shopper.find("atta")
        await shopper.put_in_cart(product["variants"][0]["sku"])
        order = await shopper.check_out()
        await shopper.approve(order)
        await shopper.wait(order["id"], "confirmed")
        things = {"order_id": order["id"], "product_id": product["id"], "sku": product["variants"][0]["sku"],
                  "payment": order["payment_id"], "bill": payment_of(order),
                  "endpoint_id": endpoint_id, "delivery_id": ping["id"], "taken": taken["id"]}  # fmt: skip
    tokens = {"customer": shopper.token, "merchant": made["token"], "operator": operator}
    return World(platform, tokens, secrets["gateway_key"], things)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    platform = Actor(tmp_path_factory.mktemp("schemathesis") / "data", MELA_LOG_LEVEL="ERROR")
    with running(platform):
        yield asyncio.run(_people(platform))


def ask(world: World, config: str, *options: str) -> None:
    """Run Schemathesis with all checks. Fails with its own report."""
    file = world.platform.folder / "schemathesis.toml"
    file.write_text(EXPECTED + config)
    command = [ST, "--config-file", str(file), "run", f"{world.platform.url}/openapi.json", "--checks", "all",
               "--continue-on-failure", "--no-color", "--warnings", "off", "-H", FORWARDED, *options]  # fmt: skip
    environ = os.environ | {"SCHEMATHESIS_HOOKS": str(CHECKS)}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environ, cwd=world.platform.folder, check=False, timeout=3600
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    print(done.stdout[-600:])


def _but(*operations: str) -> list[str]:
    return [word for name in operations for word in ("--exclude-operation-id", name)]


def _only(*operations: str) -> list[str]:
    return [word for name in operations for word in ("--include-operation-id", name)]


def test_every_operation_keeps_to_its_document(world: World) -> None:
    ask(world, world.schemes(), "-n", "6", *_but(*ENDINGS, *STREAMS))


def test_things_that_exist_are_answered_as_the_document_says(world: World) -> None:
    things = {name: world.things[name] for name in ("order_id", "product_id", "sku", "endpoint_id", "delivery_id")}
    config = "[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in things.items())
    for name, paths in {
        "payment": "/api/payments/payments",
        "taken": "/api/payments/v1/payments",
        "bill": "/sim/gateway",
    }.items():
        config += f'[[operations]]\ninclude-path-regex = "^{paths}/.*{{id}}"\n'
        config += f'parameters = {{ "path.id" = "{world.things[name]}" }}\n'
    ask(world, config + world.schemes(), "-n", "8", "--phases", "fuzzing", *_but(*ENDINGS, *STREAMS))


@pytest.mark.parametrize("caller", ["customer", "merchant", "operator", "nobody"])
def test_whoever_calls_hears_what_the_document_says(world: World, caller: str) -> None:
    shown = ["-H", f"Authorization: Bearer {world.tokens[caller]}"] if caller in world.tokens else []
    ask(world, "", *shown, "-n", "3", "--phases", "examples,fuzzing", *_but(*ENDINGS, *STREAMS))


def test_operations_that_end_what_others_need_keep_to_their_document(world: World) -> None:
    ask(world, world.schemes(), "-n", "10", "--phases", "coverage,fuzzing", *_only(*ENDINGS))


def _send(world: World, parts: Iterable[bytes]) -> bytes:
    """The first words of the answer to raw bytes; nothing where the connection was closed on us."""
    with socket.create_connection(("127.0.0.1", world.platform.port), timeout=10) as raw:
        try:
            for part in parts:
                raw.sendall(part)
            return raw.recv(4096)
        except OSError:
            return b""


@pytest.mark.parametrize("endless", [b"a" * 4096, b"x-a: a\r\n" * 500], ids=["one header", "many headers"])
def test_a_head_without_end_is_refused_and_the_next_caller_is_served(world: World, endless: bytes) -> None:
    head = b"GET /api/catalog/categories HTTP/1.1\r\nhost: mela\r\nx-first: a"
    answer = _send(world, [head, *([endless] * 2500), b"\r\n\r\n"])
    assert not answer or answer.startswith(b"HTTP/1.1 431")
    assert _send(world, [head + b"\r\n\r\n"]).startswith(b"HTTP/1.1 200")


def test_large_bodies_and_heads_of_ordinary_size_are_no_matter(world: World) -> None:
    body = b'{"phone": "+916012345678"' + b" " * 200_000 + b"}"
    head = (
        b"POST /api/accounts/codes HTTP/1.1\r\nhost: mela\r\ncontent-type: application/json\r\nx-long: " + b"a" * 30_000
    )
    whole = head + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    assert _send(world, [whole]).startswith(b"HTTP/1.1 202")


@pytest.mark.long
def test_a_thousand_questions_to_every_operation(world: World) -> None:
    ask(world, world.schemes(), "-n", "1000", *_but(*ENDINGS, *STREAMS))
