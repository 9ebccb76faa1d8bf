"""Where a process runs and what it finds around it, read once from `MELA_*`."""

import json
import os
import stat
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from mela.kernel import auth, ids, mounted
from mela.kernel.db.database import DatabaseOptions
from mela.kernel.events.bus import BusOptions
from mela.kernel.sealed.files import make_file
from mela.kernel.service import Service
from mela.runtime.registry import ENTRIES, PROVIDERS


class CannotStart(Exception):
    """Why it does not start, and what to do: one sentence each."""

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason} {fix}")
        self.reason, self.fix = reason, fix


@dataclass(frozen=True)
class PlatformSettings:
    """What all services of a process share."""

    data: Path = Path("mela-data")
    """Folder of the SQLite files, and of the secrets that a laptop makes for itself."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 3000
    """Port to listen on."""
    url: str | None = None
    """Where others reach this process, when that is not host and port."""
    database: str = "sqlite"
    """`sqlite`, or a URL with `{service}` in it: postgresql://user:secret@host/{service}"""
    shards: int = 1
    """Databases of a service that can spread its rows; the URL then has `{shard}` in it, for 0, 1, 2, …"""
    events: str = "memory"
    """`memory`, or kafka://host:port[,host:port]"""
    peers: tuple[str, ...] = ()
    """Services elsewhere: orders=http://orders:3000,payments=http://payments:3000"""
    token: str | None = field(default=None, repr=False, metadata={"secret": True})
    """This process's own token, shown to the services it calls."""
    callers: tuple[str, ...] = ()
    """Who may call: orders=<SHA-256 of its token>"""
    callers_folder: Path | None = None
    """Folder with a file for each caller, named after it: the hashes of its tokens, a line each. Read again when it changes."""
    secrets: Path | None = None
    """Folder of files named after variables, such as a mounted Secret. MELA_DATABASE, MELA_TOKEN and the keys of providers in it may change at any time."""
    keys: str | None = None
    """Who holds the keys of personal data: file:///folder/keys.json or vault+https://host/transit/NAME. On SQLite a file beside it."""
    keys_token: str | None = field(default=None, repr=False, metadata={"secret": True})
    """What the key service wants to see."""
    log: Literal["auto", "json", "lines"] = "auto"
    """How logs look."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """From which level on."""
    otlp: str | None = None
    """Where traces go: http://collector:4318"""
    trace_share: float = 1.0
    """Share of the traces that is recorded, 0 to 1."""
    drain_s: float = 0.0
    """Between failing readiness and closing the door, so that balancers look away. A pod's preStop hook does that for it."""
    farewell_s: float = 2.0
    """After the door has closed: so long open connections may ask once more, and are told to go, before idle ones are closed."""
    pool_size: int = 8
    """Connections to PostgreSQL per service."""
    unit_s: float = 5.0
    """Seconds that a unit of work on a database may wait and run."""
    hooks: bool = False
    """For proofs: write what is under way to the file `flight` in the data folder."""

    def __post_init__(self) -> None:
        """Raises: ValueError with a sentence for a value that cannot be."""
        if self.database != "sqlite" and "{service}" not in self.database:
            raise ValueError("database is `sqlite` or a URL with {service} in it: each service has its own")
        if self.shards < 1 or (self.shards > 1 and self.database != "sqlite" and "{shard}" not in self.database):
            raise ValueError("shards is at least 1, and with more than one the database's URL has {shard} in it")
        if self.events != "memory" and not self.events.startswith("kafka://"):
            raise ValueError("events is `memory` or kafka://host:port")
        for pair in (*self.peers, *self.callers):
            if pair.split("=", 1)[0] not in ENTRIES or "=" not in pair:
                raise ValueError(f"{pair!r} is not SERVICE=VALUE with one of: {', '.join(ENTRIES)}")

    @property
    def own_url(self) -> str:
        """Where others reach this process."""
        return self.url or f"http://{'127.0.0.1' if self.host in ('0.0.0.0', '::') else self.host}:{self.port}"  # noqa: S104

    @property
    def peer_urls(self) -> dict[str, str]:
        """URL by service."""
        return dict(pair.split("=", 1) for pair in self.peers)

    @property
    def caller_hashes(self) -> dict[str, str]:
        """Hash of its token by calling service."""
        return dict(pair.split("=", 1) for pair in self.callers)

    def database_url(self, service: str, shard: int = 0) -> str:
        """The database of one service, or one of its databases, with the password of now."""
        if self.database == "sqlite":
            name = f"{service}-{shard}" if shard else service
            return f"sqlite:///{(self.data / f'{name}.db').resolve()}"
        url = self._now("MELA_DATABASE", self.database)
        return url.replace("{service}", service).replace("{shard}", str(shard))

    def keys_url(self) -> str:
        """Who holds the keys of personal data. Raises: CannotStart where a server's database has nobody who does."""
        if self.keys:
            return self.keys
        file = self.data / "keys.json"
        laptop = self.database == "sqlite" or (self.data / "secrets.json").exists()
        if not laptop and not file.exists():
            raise CannotStart(
                "Personal data is encrypted, and nobody said who holds the keys.",
                "Set MELA_KEYS=file:///folder/keys.json (`mela keys make` makes one) or vault+https://host/transit/NAME.",
            )
        return make_file(file)

    def shards_of(self, service: Service) -> range:
        """The databases of a service by their numbers."""
        return range(self.shards if service.sharded else 1)

    def current_token(self) -> str:
        """What this process shows to those that it calls, now."""
        return self._now("MELA_TOKEN", self.token or "")

    def secrets_folder(self) -> mounted.Folder | None:
        """The files of secrets that may change."""
        return _folder(self.secrets) if self.secrets else None

    def _now(self, variable: str, at_start: str) -> str:
        folder = self.secrets_folder()
        return (folder and folder.texts().get(variable)) or at_start

    def database_options(self) -> DatabaseOptions:
        """Bounds of a database here."""
        return DatabaseOptions(pool_size=self.pool_size, timeout_s=self.unit_s)

    def bus_options(self) -> BusOptions:
        """Bounds of the events here."""
        return BusOptions()


@cache
def _folder(path: Path) -> mounted.Folder:
    return mounted.Folder(path)


def laptop_defaults(settings: PlatformSettings) -> dict[str, str]:
    """Variables that a laptop need not set: the simulators on the same port, and secrets made once and kept in the folder."""
    secrets = _secrets(settings.data / "secrets.json")
    base = settings.own_url
    return {
        "MELA_ACCOUNTS_SMS_URL": f"{base}/sim/sms",
        "MELA_ACCOUNTS_OPERATOR_TOKEN_HASH": auth.digest(secrets["operator_token"]),
        "MELA_PAYMENTS_GATEWAY_URL": f"{base}/sim/gateway",
        "MELA_PAYMENTS_SCHEDULE_SCALE": "0.05",
        "MELA_PAYMENTS_GATEWAY_KEY_ID": "mela",
        "MELA_PAYMENTS_GATEWAY_KEY_SECRET": secrets["gateway_key"],
        "MELA_PAYMENTS_WEBHOOK_SECRET": secrets["webhook"],
        "MELA_SETTLEMENT_GATEWAY_URL": f"{base}/sim/gateway",
        "MELA_SETTLEMENT_GATEWAY_KEY_ID": "mela",
        "MELA_SETTLEMENT_GATEWAY_KEY_SECRET": secrets["gateway_key"],
        "MELA_SETTLEMENT_DAYS_AHEAD": "10",
        # Only a folder from before secrets were sealed under the keyring has one.
        "MELA_WEBHOOKS_KEYS": secrets.get("webhooks_key", ""),
        "MELA_WEBHOOKS_ALLOW_LOOPBACK": "true",
        "MELA_WEBHOOKS_SCHEDULE_SCALE": "0.001",
        "MELA_GATEWAY_KEY_ID": "mela",
        "MELA_GATEWAY_KEY_SECRET": secrets["gateway_key"],
        "MELA_GATEWAY_WEBHOOK_SECRET": secrets["webhook"],
        "MELA_GATEWAY_PAGE_URL": f"{base}/bank/gateway",
    } | _providers(base, secrets["gateway_key"], secrets["webhook"])


def _providers(base: str, key: str, webhook: str) -> dict[str, str]:
    """The simulated providers and our accounts there."""
    known = {
        "MELA_PAYMENTS_PROVIDER_URLS": ",".join(f"{name}={base}/sim/{name}" for name in PROVIDERS),
        "MELA_PAYMENTS_PROVIDER_KEYS": ",".join(f"{name}=mela:{key}:mela:{webhook}" for name in PROVIDERS),
    }
    for name in PROVIDERS:
        prefix = f"MELA_{name.upper()}"
        known |= {
            f"{prefix}_KEY_ID": "mela", f"{prefix}_KEY_SECRET": key, f"{prefix}_WEBHOOK_SECRET": f"mela:{webhook}",
            f"{prefix}_PAYEE_VPA": f"mela@sim{name}", f"{prefix}_PAGE_URL": f"{base}/bank/{name}", f"{prefix}_CALLBACK_URL": f"{base}/api/payments/callbacks/{name}",
        }  # fmt: skip
    return known


def operator_token(data: Path) -> str | None:
    """The operator's token of a platform with this folder, None when there is none."""
    file = data / "secrets.json"
    return str(json.loads(file.read_text())["operator_token"]) if file.exists() else None


def _secrets(file: Path) -> dict[str, str]:
    """The folder's own secrets, made at the first start that needs them, readable by their owner only."""
    found: dict[str, str] = json.loads(file.read_text()) if file.exists() else {}
    made = {
        "operator_token": auth.new_token("operator")[0],
        "gateway_key": ids.new_secret(),
        "webhook": ids.new_secret(),
    } | found
    if made == found:
        return found
    fresh = file.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, stat.S_IRUSR | stat.S_IWUSR), "w") as out:
        json.dump(made, out)
    fresh.replace(file)
    return made
