"""Who calls whom: a small file that says what each user action costs, service by service.

    graph = calls.load("mela")                 # shipped with Mela, see `names()`
    graph = calls.load("shop/calls.yaml")      # one's own

A service is a workload of the manifests (`workload: namespace/name`) or stands outside them, such as a database or a
gateway, and then has a ceiling of its own. An operation costs CPU and time and calls other operations. An action is what
a person does; a level (such as viewers) is what is there, and may bring actions and bandwidth of its own.

The loader is strict: an unknown key, a wrong type, a missing operation, a circle of calls, each is an error with its file
and line. Figures are only as good as their `mark`: measured, published, or assumption.

कौन किसे बुलाता है, और हर बुलावे की क़ीमत क्या है।
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from mela.rehearsal import reading

MARKS = ("measured", "published", "assumption", "UNVERIFIED")
SIGNALS = ("requests", "concurrency", "waiting", "bandwidth", "level")
"""What a metric may measure."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call from an operation to another. `to` is `service.operation`.

    `times` calls per request, of which `cached` (0 to 1) are answered from a cache. An attempt is given up after
    `timeout_ms` and repeated up to `retries` times, a tick later. `optional`: the caller does without. `pool`: connections
    per replica of the caller, 0 for as many as needed. `breaker`: the share of failures above which the caller stops
    calling for `open_s`, 0 for never.
    """

    to: str
    times: float = 1.0
    timeout_ms: float = 1000.0
    retries: int = 0
    cached: float = 0.0
    optional: bool = False
    pool: int = 0
    breaker: float = 0.0
    open_s: int = 10


@dataclass(frozen=True, slots=True)
class Operation:
    """What one request costs: CPU, waiting of its own, bytes sent. `tier` 1 is shed last, 9 first.

    `cpu_ms` is the CPU of a request that finds its pod idle, `busy_cpu_ms` of one at a pod that is never idle: caches are warm and a thread need
    not be woken. Between them it goes with how busy the pod is. None: the same.
    `cv` is how much the CPU of one request differs from that of another: standard deviation over mean. 1, where nothing else
    is known, is work that varies like chance (M/M/c); 0 is the same work each time; pages of one kind lie near 0.4.
    """

    cpu_ms: float = 0.0
    busy_cpu_ms: float | None = None
    cv: float = 1.0
    wait_ms: float = 0.0
    sends_kb: float = 0.0
    tier: int = 1
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
    """What a metric of an autoscaler measures here: `of` requests, concurrency, waiting, bandwidth (Mbit/s) or level.

    `level` names the demand's level; `scale` multiplies the value. `per`: pod or all.
    """

    of: str
    level: str = ""
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Service:
    """A service and what its replicas can take.

    `workload` is `namespace/name` of the object that makes its pods, empty for what stands outside; then `ceiling_per_s`
    and `servers` say what it can do. `concurrency`: requests in service at once per replica; `queue`: those that may wait
    per replica before more are shed. `shared_queue`: requests go to any free replica, else to one at random.
    `drops_late`: it does not start what its caller has given up. `start_s`, `start_cpu_s`: from the container's start until
    it could answer, and the CPU that this burns. `idle_cpu_m` is used without any request. `memory_mb` is taken by a
    replica at rest, `request_mb` by each request in service. `workers`: processes or threads of a replica that can compute
    at one time (a Python process is one), 0 for as many as there are cores. `mbps`: what a replica can send, or all of it where it
    stands outside, in Mbit/s; 0 for as much as it likes.
    """

    name: str
    operations: Mapping[str, Operation]
    workload: str = ""
    ceiling_per_s: float = 0.0
    servers: int = 1
    concurrency: int = 100
    queue: int = 100
    workers: int = 0
    shared_queue: bool = False
    drops_late: bool = False
    start_s: float = 5.0
    start_cpu_s: float = 1.0
    init_s: float = 0.0
    image_mb: float = 200.0
    idle_cpu_m: float = 5.0
    memory_mb: float = 100.0
    request_mb: float = 0.1
    mbps: float = 0.0
    metrics: Mapping[str, Signal] = field(default_factory=dict)

    @property
    def is_outside(self) -> bool:
        """It is no workload of the manifests."""
        return not self.workload


@dataclass(frozen=True, slots=True)
class Action:
    """What a person does: the operations that it calls, one after the other. People give up and try again, too."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """What a level brings: bandwidth for each unit, and actions that each unit does every so many seconds.

    `returns`: the action of a unit that comes back after it was away, as after a power cut.
    """

    mbps: float = 0.0
    returns: str = ""
    every_s: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A whole call graph. `ceiling_gbps` is the bandwidth that there is, 0 for no bound."""

    name: str
    mark: str
    source: str
    services: Mapping[str, Service]
    actions: Mapping[str, Action]
    levels: Mapping[str, Level] = field(default_factory=dict)
    ceiling_gbps: float = 0.0

    def operations(self) -> Iterator[tuple[str, Service, Operation]]:
        """All operations with their full names, service by service."""
        for service in self.services.values():
            for name, operation in service.operations.items():
                yield f"{service.name}.{name}", service, operation


def names() -> tuple[str, ...]:
    """The call graphs that come with Mela."""
    found = resources.files("mela.rehearsal").joinpath("data", "calls").iterdir()
    return tuple(sorted(each.name.removesuffix(".yaml") for each in found if each.name.endswith(".yaml")))


def load(name_or_path: str) -> Graph:
    """The call graph of that name, or in that file. Raises: reading.Unusable."""
    if name_or_path in names():
        path = resources.files("mela.rehearsal").joinpath("data", "calls", f"{name_or_path}.yaml")
        return parse(path.read_text(encoding="utf-8"), f"{name_or_path}.yaml")
    if not Path(name_or_path).exists():
        raise reading.Unusable(
            name_or_path, 0, f"there is no such file or call graph; shipped are {', '.join(names())}"
        )
    return parse(reading.read(Path(name_or_path), name_or_path), name_or_path)


def parse(text: str, file: str = "text") -> Graph:
    """The call graph of a text. Raises: reading.Unusable, naming file and line."""
    top = reading.parse(text, file).fields()
    known = _operations(top)
    graph = Graph(
        name=top.need("name").slug(),
        mark=top.need("mark").choice(MARKS),
        source=top.need("source").text(),
        services={key: _service(key, each, known) for key, each in _some(top, "services").items()},
        actions={key: _action(each, known) for key, each in _some(top, "actions").items()},
        levels={key: _level(each, tuple(top.pairs("actions"))) for key, each in top.pairs("levels").items()},
        ceiling_gbps=_number(top, "ceiling_gbps", 0.0),
    )
    top.done()
    _check_circles(graph, top)
    return graph


def _some(top: reading.Fields, key: str) -> dict[str, reading.Entry]:
    top.need(key)
    return top.pairs(key)


def _operations(top: reading.Fields) -> tuple[str, ...]:
    """The full names of all operations, which calls may name."""
    services = _some(top, "services")
    return tuple(f"{name}.{each}" for name, entry in services.items() for each in entry.fields().pairs("operations"))


def _service(name: str, entry: reading.Entry, known: tuple[str, ...]) -> Service:
    at, own = entry.fields(), Service(name, {})
    service = Service(
        name=name,
        operations={key: _operation(each, known) for key, each in _some(at, "operations").items()},
        workload=found.text() if (found := at.get("workload")) else "",
        ceiling_per_s=_number(at, "ceiling_per_s", 0.0),
        servers=_whole(at, "servers", own.servers, least=1),
        concurrency=_whole(at, "concurrency", own.concurrency, least=1),
        queue=_whole(at, "queue", own.queue),
        workers=_whole(at, "workers", own.workers),
        shared_queue=_flag(at, "shared_queue"),
        drops_late=_flag(at, "drops_late"),
        start_s=_number(at, "start_s", own.start_s),
        start_cpu_s=_number(at, "start_cpu_s", own.start_cpu_s),
        init_s=_number(at, "init_s", own.init_s),
        image_mb=_number(at, "image_mb", own.image_mb),
        idle_cpu_m=_number(at, "idle_cpu_m", own.idle_cpu_m),
        memory_mb=_number(at, "memory_mb", own.memory_mb),
        request_mb=_number(at, "request_mb", own.request_mb),
        mbps=_number(at, "mbps", own.mbps),
        metrics={key: _signal(each) for key, each in at.pairs("metrics").items()},
    )
    if not service.workload and not service.ceiling_per_s:
        raise entry.wrong(
            "says neither which workload makes its pods (workload: namespace/name) nor what it can do (ceiling_per_s)"
        )
    at.done()
    return service


def _operation(entry: reading.Entry, known: tuple[str, ...]) -> Operation:
    at, own = entry.fields(), Operation()
    operation = Operation(
        cpu_ms=_number(at, "cpu_ms", own.cpu_ms),
        busy_cpu_ms=found.number(0.0, math.inf) if (found := at.get("busy_cpu_ms")) else None,
        cv=_number(at, "cv", own.cv, most=10.0),
        wait_ms=_number(at, "wait_ms", 0.0),
        sends_kb=_number(at, "sends_kb", 0.0),
        tier=_whole(at, "tier", 1, least=1, most=9),
        calls=tuple(_call(each, known) for each in at.items("calls")),
    )
    at.done()
    return operation


def _action(entry: reading.Entry, known: tuple[str, ...]) -> Action:
    at = entry.fields()
    action = Action(tuple(_call(item, known) for item in at.need("calls").items()))
    at.done()
    return action


def _call(entry: reading.Entry, known: tuple[str, ...]) -> Call:
    at, own = entry.fields(), Call("")
    call = Call(
        to=at.need("to").choice(known),
        times=_number(at, "times", own.times),
        timeout_ms=_number(at, "timeout_ms", own.timeout_ms, least=1.0),
        retries=_whole(at, "retries", own.retries, most=20),
        cached=_number(at, "cached", own.cached, most=1.0),
        optional=_flag(at, "optional"),
        pool=_whole(at, "pool", own.pool),
        breaker=_number(at, "breaker", own.breaker, most=1.0),
        open_s=_whole(at, "open_s", own.open_s, least=1),
    )
    at.done()
    return call


def _signal(entry: reading.Entry) -> Signal:
    at = entry.fields()
    signal = Signal(
        of=at.need("of").choice(SIGNALS),
        level=found.text() if (found := at.get("level")) else "",
        scale=_number(at, "scale", 1.0),
    )
    at.done()
    return signal


def _level(entry: reading.Entry, actions: tuple[str, ...]) -> Level:
    at = entry.fields()
    every = at.pairs("every_s")
    for key, each in every.items():
        if key not in actions:
            raise each.wrong(f"is no action; there are {', '.join(actions)}")
    returns = found.choice(actions) if (found := at.get("returns")) else ""
    level = Level(
        mbps=_number(at, "mbps", 0.0),
        returns=returns,
        every_s={key: each.number(least=0.001) for key, each in every.items()},
    )
    at.done()
    return level


def _number(at: reading.Fields, key: str, default: float, *, least: float = 0.0, most: float = math.inf) -> float:
    return default if (found := at.get(key)) is None else found.number(least, most)


def _whole(at: reading.Fields, key: str, default: int, *, least: int = 0, most: float = math.inf) -> int:
    if (found := at.get(key)) is None:
        return default
    value = found.number(least, most)
    if value != int(value):
        raise found.wrong(f"is {value:g}; it must be a whole number")
    return int(value)


def _flag(at: reading.Fields, key: str) -> bool:
    return False if (found := at.get(key)) is None else found.flag()


def _check_circles(graph: Graph, top: reading.Fields) -> None:
    calls = {name: [call.to for call in operation.calls] for name, _, operation in graph.operations()}
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " > ".join((*path[path.index(name) :], name))
            raise top.need("services").wrong(f"call each other in a circle: {circle}")
        if name not in done:
            for each in calls[name]:
                visit(each, (*path, name))
            done.add(name)

    for name in calls:
        visit(name, ())
