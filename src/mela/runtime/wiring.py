"""Decides what a service gets: the other service itself or a proxy of it, a file or a server, memory or Kafka."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
from starlette.routing import Route

from mela.kernel import auth, errors, http, rpc
from mela.kernel.clock import Clock
from mela.kernel.db import Database, open_database
from mela.kernel.events.bus import Bus, Transport
from mela.kernel.events.memory import Door, MemoryTransport
from mela.kernel.sealed.keyring import Keyring
from mela.kernel.sealed.rotation import LOOK_S, Sealer
from mela.kernel.service import Context, Job, Parts, Service
from mela.runtime import flight, registry, sealing
from mela.runtime.reading import Forgetter
from mela.runtime.renewing import Renewed
from mela.runtime.settings import CannotStart, PlatformSettings


@dataclass(frozen=True)
class Built:
    """One service of this process, ready to start."""

    service: Service
    parts: Parts
    db: Database
    bus: Bus
    transport: Transport
    shards: Sequence[Database]
    """All its databases, `db` the first."""


class Wiring:
    """Builds the services of a process, each after those it calls."""

    def __init__(self, names: list[str], settings: PlatformSettings, environ: Mapping[str, str], clock: Clock) -> None:
        self.names, self.settings, self.environ, self.clock = names, settings, environ, clock
        self._recorder = flight.FlightRecorder(settings.data / "flight") if settings.hooks else None
        self.http = httpx2.AsyncClient(transport=self._http_transport(), timeout=10.0)
        self.built: dict[str, Built] = {}
        self._doors: dict[str, list[Door]] = {}

    def build(self, service: Service, service_settings: Any) -> Built:
        """Build one service and remember it for those that call it."""
        keys = sealing.keyring(service, self.settings, self.clock) if service.personal else None
        shards = [self._open(service.name, keys, each) for each in self.settings.shards_of(service)]
        db = shards[0]
        peers = {contract: self.peer(contract, caller=service.name) for contract in service.uses}
        renew = self._renewed(service.name, service_settings)
        context = Context(service_settings, db, self.clock, self.http, self.settings.own_url, peers, shards, renew)
        parts = service.build(context)
        if keys:
            parts.jobs.append(Job("seal", LOOK_S, Sealer(db, service.personal, keys, self.clock).run))
            parts.jobs.append(Job("forget reads", 3_600.0, Forgetter(db, self.clock).run))
        transport = self._transport(service.name)
        bus = Bus(
            service.name, db, transport, parts.subscriptions, clock=self.clock, options=self.settings.bus_options()
        )
        built = self.built[service.name] = Built(service, parts, db, bus, transport, shards)
        return built

    def peer(self, contract: type, *, caller: str) -> object:
        """What keeps `contract`: the service of this process, else a proxy. Raises: CannotStart when neither is configured."""
        name = rpc.service_of(contract)
        if name in self.built:
            return self.built[name].parts.implementation
        return rpc.proxy(
            contract, self._url(name), service=name, caller=caller, token=self.settings.current_token, client=self.http
        )

    def find_doors(self) -> None:
        """Once all are built: where each event of this process goes (memory transport only)."""
        if self.settings.events == "memory":
            heard = {event for entry in registry.ENTRIES.values() for event in entry.hears}
            ours = [event for event in heard if event.split(".", 1)[0] in self.names]
            self._doors.update({event: [self._door(name) for name in self._hearers(event)] for event in ours})

    def rpc_routes(self) -> list[Route]:
        """What other processes may call here; nothing when no caller has a token."""
        callers = auth.Callers(self.settings.caller_hashes, self.settings.callers_folder)
        routes: list[Route] = []
        for name, built in self.built.items() if callers else ():
            service = built.service
            if service.contract is not None:
                routes += rpc.routes(
                    service.contract, built.parts.implementation, service=name, callers=callers, permits=service.permits
                )
            senders = {source: frozenset({"receive"}) for source in registry.sources(name)}
            routes += rpc.routes(Door, built.bus, service=name, callers=callers, permits=senders)
        return routes

    def _open(self, service: str, keys: Keyring | None, shard: int) -> Database:
        db = open_database(
            lambda: self.settings.database_url(service, shard),
            service=service,
            options=self.settings.database_options(),
            keyring=keys,
        )
        return flight.RecordedDatabase(db, self._recorder) if self._recorder else db

    def _renewed(self, service: str, at_start: Any) -> Renewed[Any] | None:
        folder = self.settings.secrets_folder()
        return Renewed(at_start, f"MELA_{service.upper()}", self.environ, folder) if folder else None

    def _http_transport(self) -> Any:
        inner = http.Transport()
        return flight.RecordedTransport(inner, self._recorder) if self._recorder else inner

    def _hearers(self, event: str) -> list[str]:
        """Those who are told: not those that a deployment may do without, and does."""
        known = {*self.built, *self.settings.peer_urls}
        return [name for name in registry.hearers(event) if name in known or not registry.ENTRIES[name].optional]

    def _door(self, name: str) -> Door:
        if name in self.built:
            return self.built[name].bus
        contract: type[Any] = Door
        door: Door = rpc.proxy(
            contract,
            self._url(name),
            service=name,
            caller="events",
            token=self.settings.current_token,
            client=self.http,
        )
        return door

    def _transport(self, service: str) -> Transport:
        if self.settings.events == "memory":
            return MemoryTransport(self._doors)
        from mela.kernel.events.kafka import KafkaTransport

        return KafkaTransport(self.settings.events.removeprefix("kafka://"), service=service)

    def url_of(self, name: str) -> str:
        """Where a service answers. Raises: Unreachable when nobody said where it is."""
        if name in self.built:
            return self.settings.own_url
        if name not in self.settings.peer_urls:
            raise errors.Unreachable(service=name, seconds=5)
        return self.settings.peer_urls[name]

    def _url(self, name: str) -> str:
        try:
            return self.settings.peer_urls[name]
        except KeyError:
            raise CannotStart(
                f"{', '.join(self.names)} needs {name}, and nobody said where it is.",
                f"Set MELA_PEERS={name}=http://{name}:3000",
            ) from None
