"""Keys and secrets at all five providers change while payments runs: both are good for a while, and no callback is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from mela.kernel import ids
from mela.runtime import registry
from mela.services.payments.app import DATA
from tests.proofs import audit
from tests.proofs.paying import HOOK, KEY, PROVIDERS, payments_of, providers, secrets
from tests.proofs.stage import Actor, running
from tests.proofs.test_02_bytes import Shop
from tests.proofs.voices import VOICES, Secrets, payu_form

OLD, NEW = Secrets(KEY, HOOK), Secrets("K" * 40, "W" * 40)
HURRY = {
    "MELA_PAYMENTS_SCHEDULE_SCALE": "0.01",
    "MELA_PAYMENTS_RETRY_S": "0.2",
    "MELA_PAYMENTS_GATEWAY_TIMEOUT_S": "2",
}


def test_keys_of_all_providers_change_while_payments_runs_and_no_callback_is_lost(tmp_path: Path) -> None:
    folder, outside = tmp_path / "secrets", providers(tmp_path / "outside")
    hold(folder, OLD, None)
    chance = tmp_path / "routing.yaml"
    chance.write_text((DATA / "routing.yaml").read_text(encoding="utf-8").replace("explore: 0.01", "explore: 0.8"))
    environ = payments_of(outside, "sqlite", door=9)
    for name in ("PROVIDER_KEYS", "GATEWAY_KEY_SECRET", "WEBHOOK_SECRET"):
        del environ[f"MELA_PAYMENTS_{name}"]
    inside = Actor(tmp_path / "inside", "payments", **environ, **HURRY, MELA_SECRETS=str(folder), MELA_WEB_RATE="off",
                   MELA_PAYMENTS_ROUTING_RULES=str(chance))  # fmt: skip
    for name in PROVIDERS:
        outside.environ[f"MELA_{name.upper()}_CALLBACK_URL"] = f"{inside.url}/api/payments/callbacks/{name}"
    query = audit.sqlite_files(inside.folder, outside.folder)
    with running(outside, inside), httpx2.Client(timeout=20) as http:
        shop = Shop(inside.url, outside.url, query, http)
        first = [shop.paid(name) for name in PROVIDERS]
        waiting = {name: shop.begin(name) for name in PROVIDERS}
        with callbacks(inside.url, OLD) as refused:
            hold(folder, NEW, OLD)
            until(lambda: answers(http, inside.url, NEW) == {200})
            lost = shop.ask("start", key="in-between", order_id="order-in-between", amount=5_000, method="upi",
                            description="Order", seconds=3_000)  # fmt: skip
            assert lost["state"] == "pending", (
                "no provider knows our new key yet, but PhonePe's token of before still holds"
            )
            outside.kill()
            for name in PROVIDERS:
                outside.environ |= secrets(name, NEW.key, NEW.hook)
            outside.start()
            for name, payment_id in waiting.items():
                shop.approve(name, payment_id)
            shop.wait(f"select id from payments where id = '{lost['id']}' and intent_url is not null")  # noqa: S608
            ids_of = ", ".join(f"'{each}'" for each in (*first, *waiting.values()))
            count = f"select count(*) from payments where id in ({ids_of}) and state = 'captured' having count(*) = 10"  # noqa: S608
            shop.wait(count)
        assert refused == [], "signed with the old keys, while both were good"
        hold(folder, NEW, None)
        until(lambda: answers(http, inside.url, OLD) == {401})
        assert answers(http, inside.url, NEW) == {200}
    for name in PROVIDERS:
        assert query(name, "select id, attempts from callbacks where state <> 'sent' or attempts > 1") == []
    assert query("payments", "select payment_id from transfers where kind = 'capture' group by payment_id having count(*) > 1") == []  # fmt: skip


def hold(folder: Path, now: Secrets, before: Secrets | None) -> None:
    """Put our keys into the folder, as the kubelet does."""
    folder.mkdir(exist_ok=True)

    def keys(of: Secrets) -> str:
        return ",".join(f"{name}=mela:{of.key}:mela:{of.hook}" for name in registry.PROVIDERS)

    texts = {
        "PREVIOUS_KEYS": f"gateway=mela:{before.key}:{before.hook},{keys(before)}" if before else "",
        "PROVIDER_KEYS": keys(now), "GATEWAY_KEY_SECRET": now.key, "WEBHOOK_SECRET": now.hook,
    }  # fmt: skip
    for name, text in texts.items():
        (folder / f"MELA_PAYMENTS_{name}").write_text(text)


def ring(http: httpx2.Client, url: str, name: str, signed: Secrets) -> int:
    """A provider's callback about a payment of somebody else; how it was answered."""
    voice = VOICES[name]
    if name == "payu":
        body = payu_form(signed, voice.payment("pay_nobodyknows", 100) | {"status": "success"})
    else:
        body = b'{"event":"order.paid","type":"ORDER_PAID","payload":{},"data":{}}'
    headers = {"content-type": "application/json"} | voice.sign(signed, body, ids.new_id("evt"))
    return http.post(f"{url}/api/payments/callbacks/{name}", content=body, headers=headers).status_code


def answers(http: httpx2.Client, url: str, signed: Secrets) -> set[int]:
    """How callbacks that are signed so are answered."""
    return {ring(http, url, name, signed) for name in PROVIDERS}


@contextmanager
def callbacks(url: str, signed: Secrets) -> Iterator[list[tuple[str, int]]]:
    """All providers call back without a pause; what was refused."""
    refused: list[tuple[str, int]] = []
    over = threading.Event()

    def go_on() -> None:
        with httpx2.Client(timeout=20) as http:
            while not over.is_set():
                found = [(name, ring(http, url, name, signed)) for name in PROVIDERS]
                refused.extend((name, status) for name, status in found if status != 200)
                over.wait(0.02)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield refused
    finally:
        over.set()
        thread.join()


def until(so: Callable[[], bool]) -> None:
    """Until it is so, some seconds at most."""
    limit = time.monotonic() + 60
    while not so():
        assert time.monotonic() < limit
        time.sleep(0.05)
