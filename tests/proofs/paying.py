"""Payments alone on a database of its own, and all five providers in another process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

from mela.kernel.sealed.files import make_file
from mela.runtime import registry
from tests import postgres
from tests.proofs import components
from tests.proofs.payers import CALLERS, TOKEN
from tests.proofs.stage import Actor

PROVIDERS = ("gateway", *registry.PROVIDERS)
KEY, HOOK = "k" * 40, "w" * 40


@contextmanager
def database(engine: str, *services: str) -> Iterator[str]:
    """Where payments keeps its rows, and so do these."""
    if engine == "sqlite":
        yield "sqlite"
        return
    components.need("postgres")
    with postgres.server() as url:
        admin = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
        with admin.connect() as conn:
            for name in services or ("payments",):
                conn.execute(text(f"create database {name}"))
        admin.dispose()
        yield url.replace("/postgres", "/{service}")


def providers(folder: Path) -> Actor:
    """All of them, in one process; their payers' pages are beside their APIs."""
    actor = Actor(folder, *PROVIDERS)
    for name in PROVIDERS:
        prefix = f"MELA_{name.upper()}"
        actor.environ |= secrets(name, KEY, HOOK) | {
            f"{prefix}_CALLBACK_FIRST_WAIT_S": "1", f"{prefix}_CALLBACK_TIMEOUT_S": "2",
            f"{prefix}_PAYEE_VPA": f"mela@sim{name}", f"{prefix}_PAGE_URL": f"{actor.url}/sim/{name}/upi",
        }  # fmt: skip
    return actor


def secrets(name: str, key: str, hook: str) -> dict[str, str]:
    """The secrets of a simulated provider."""
    prefix = f"MELA_{name.upper()}"
    hook = hook if name == "gateway" else f"mela:{hook}"
    return {f"{prefix}_KEY_ID": "mela", f"{prefix}_KEY_SECRET": key, f"{prefix}_WEBHOOK_SECRET": hook}


def payments_of(outside: Actor, url: str, door: int) -> dict[str, str]:
    """Variables of payments, which has its accounts there. Accounts, orders and webhooks are behind `door`."""
    there = f"http://127.0.0.1:{door}"
    return {
        "MELA_DATABASE": url, "MELA_KEYS": make_file(outside.folder / "keys.json"), "MELA_TOKEN": TOKEN, "MELA_CALLERS": CALLERS, "MELA_UNIT_S": "5",
        "MELA_PEERS": f"accounts={there},orders={there},settlement={there},webhooks={there}",
        "MELA_PAYMENTS_GATEWAY_URL": f"{outside.url}/sim/gateway",
        "MELA_PAYMENTS_GATEWAY_KEY_ID": "mela", "MELA_PAYMENTS_GATEWAY_KEY_SECRET": KEY, "MELA_PAYMENTS_WEBHOOK_SECRET": HOOK,
        "MELA_PAYMENTS_PROVIDERS": ",".join(PROVIDERS),
        "MELA_PAYMENTS_PROVIDER_URLS": ",".join(f"{name}={outside.url}/sim/{name}" for name in registry.PROVIDERS),
        "MELA_PAYMENTS_PROVIDER_KEYS": ",".join(f"{name}=mela:{KEY}:mela:{HOOK}" for name in registry.PROVIDERS),
    }  # fmt: skip
