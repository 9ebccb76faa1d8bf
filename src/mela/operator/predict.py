"""The predictive controller: reads the crowd and the calendar, decides, and writes the floor of one HPA.

It changes two things of the HPA and nothing else: `spec.minReplicas`, and an annotation with the largest crowd so far, which
it needs again after a restart. The floor never goes below the annotation `mela.dev/least` and never above `maxReplicas`.
What it does is told as an event of the HPA. With `dry_run` it only tells. Killed at any moment, it leaves a floor behind that
the next start takes up; without any it costs money, not capacity.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx2
import structlog
from prometheus_client import Counter, Gauge

from mela.cluster import forecast, quantity
from mela.cluster.forecast import Decision, Memory, Shape, Sight
from mela.operator.kube import Api, Refused

LEAST = "mela.dev/least"
LARGEST = "mela.dev/largest-crowd"
METRIC = "mela_streaming_viewers"
MEASURED = 5
"""Leads that are remembered; the longest of them counts."""
FLOOR = Gauge("mela_predict_floor", "The floor that the controller wants")
FORECAST = Gauge("mela_predict_forecast", "The crowd that the floor is meant for")
LEAD = Gauge("mela_predict_lead_seconds", "From a raised floor to pods that are ready, as measured")
DECISIONS = Counter("mela_predict_decisions_total", "Decisions by what became of them", ["outcome"])
log = structlog.get_logger()
Json = dict[str, Any]


class NotUsable(Exception):
    """The HPA, or the service that is asked for the crowd, does not have what the controller needs; the text says what."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What the service says: who is there, counted `at`, and the planned moments of what is on."""

    event: str
    people: float
    mbps: float
    at: datetime
    calendar: dict[str, datetime]


class Source(Protocol):
    """Where the crowd and the calendar come from."""

    def read(self, now: datetime) -> Crowd:
        """Raises: NotUsable."""


@dataclass(frozen=True, slots=True)
class Scaler:
    """The HPA as it stands."""

    version: str
    uid: str
    target: str
    floor: int
    least: int
    most: int
    per_replica: float
    largest: float


@dataclass(slots=True)
class Controller:
    """Looks after one HPA. `lead_s`: what is assumed before a lead has been measured."""

    api: Api
    source: Source
    shapes: Sequence[Shape]
    namespace: str
    name: str
    me: str
    lead_s: float = 120.0
    dry_run: bool = False
    tuning: forecast.Tuning = forecast.TUNING
    crowd: Crowd | None = None
    _event: str = ""
    _memory: Memory = field(default_factory=Memory)
    _largest: float = 0.0
    _raised: tuple[datetime, int] | None = None
    _leads: list[float] = field(default_factory=list)

    def step(self, now: datetime) -> Decision | None:
        """Look, decide, write. None when another writer was faster: the next step looks again. Raises: Refused, NotUsable."""
        scaler = scaler_of(self.api.get(self._path))
        self.crowd = crowd = self.source.read(now)
        self._measure(scaler, now)
        if crowd.event != self._event:
            begins_anew = bool(self._event)
            self._event, self._memory = crowd.event, _taken_up(scaler.floor, now)
            self._largest = 0.0 if begins_anew else scaler.largest
        self._largest = max(self._largest, crowd.people)
        decision = forecast.decide(self._sight(scaler, crowd, now), self.shapes, self._memory, self.tuning)
        FLOOR.set(decision.floor)
        FORECAST.set(decision.forecast)
        if decision.floor == scaler.floor:
            DECISIONS.labels("stays").inc()
        elif not self._write(scaler, decision, now):
            return None
        self._memory = decision.memory
        return decision

    @property
    def _path(self) -> str:
        return f"/apis/autoscaling/v2/namespaces/{self.namespace}/horizontalpodautoscalers/{self.name}"

    def _sight(self, scaler: Scaler, crowd: Crowd, now: datetime) -> Sight:
        """Seconds are those of the epoch: any clock would do."""
        return Sight(
            at_s=now.timestamp(),
            load=crowd.people,
            largest=self._largest,
            load_age_s=max((now - crowd.at).total_seconds(), 0.0),
            per_replica=scaler.per_replica,
            lead_s=max(self._leads, default=self.lead_s),
            calendar={name: at.timestamp() for name, at in crowd.calendar.items()},
            minimum=scaler.least,
            maximum=scaler.most,
        )

    def _write(self, scaler: Scaler, decision: Decision, now: datetime) -> bool:
        """Change the floor and tell it; False when somebody else has changed the HPA meanwhile."""
        log.info("floor", before=scaler.floor, now=decision.floor, why=decision.reason, dry_run=self.dry_run)
        if self.dry_run:
            DECISIONS.labels("dry-run").inc()
            return True
        annotations = {LARGEST: f"{self._largest:.0f}"}
        body = {
            "metadata": {"resourceVersion": scaler.version, "annotations": annotations},
            "spec": {"minReplicas": decision.floor},
        }
        try:
            self.api.merge(self._path, body)
        except Refused as error:
            if not error.is_conflict:
                raise
            DECISIONS.labels("conflict").inc()
            return False
        raised = decision.floor > scaler.floor
        DECISIONS.labels("raised" if raised else "lowered").inc()
        if raised:
            self._raised = (now, decision.floor)
        self._tell(
            scaler, "FloorRaised" if raised else "SteppedAside" if decision.aside else "FloorLowered", decision, now
        )
        return True

    def _tell(self, scaler: Scaler, reason: str, decision: Decision, now: datetime) -> None:
        """An event of the HPA; losing one changes nothing."""
        at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "namespace": self.namespace,
            "name": self.name,
        }
        body: Json = {
            "metadata": {"generateName": f"{self.name}-floor-", "namespace": self.namespace},
            "involvedObject": {**about, "uid": scaler.uid},
            "type": "Normal", "reason": reason, "message": f"minReplicas {scaler.floor} to {decision.floor}: {decision.reason}",
            "source": {"component": "mela-predict"}, "reportingComponent": "mela.dev/predict", "reportingInstance": self.me,
            "firstTimestamp": at, "lastTimestamp": at, "count": 1,
        }  # fmt: skip
        try:
            self.api.create(f"/api/v1/namespaces/{self.namespace}/events", body)
        except Refused as error:
            log.warning("event not written", reason=str(error))

    def _measure(self, scaler: Scaler, now: datetime) -> None:
        """How long it took from a raised floor until so many pods were ready."""
        if self._raised is None:
            return
        since, wanted = self._raised
        target = self.api.get(f"/apis/apps/v1/namespaces/{self.namespace}/deployments/{scaler.target}")
        if int((target.get("status") or {}).get("readyReplicas") or 0) >= wanted:
            self._leads = [*self._leads, (now - since).total_seconds()][-MEASURED:]
            self._raised = None
            LEAD.set(max(self._leads))


def _taken_up(floor: int, now: datetime) -> Memory:
    """The memory of a process that finds a floor: it was wanted just now, so it is held as long as any other."""
    at_s = now.timestamp()
    return Memory(floor=floor, lowered_at_s=at_s, wanted=((at_s, floor),))


def scaler_of(hpa: Json) -> Scaler:
    """What the controller needs of an HPA. Raises: NotUsable."""
    spec, metadata = hpa["spec"], hpa["metadata"]
    notes = metadata.get("annotations") or {}
    title = f"HorizontalPodAutoscaler {metadata.get('namespace')}/{metadata['name']}"
    if not str(notes.get(LEAST, "")).isdecimal() or int(notes[LEAST]) < 1:
        raise NotUsable(
            f'{title} has no annotation {LEAST}: write there the floor of a quiet day, such as {LEAST}: "6"'
        )
    for metric in spec.get("metrics") or ():
        own = metric.get("external") or {}
        if (own.get("metric") or {}).get("name") == METRIC and "averageValue" in (own.get("target") or {}):
            per_replica = quantity.milli_value(quantity.parse(own["target"]["averageValue"])) / 1000
            if per_replica > 0:
                return Scaler(
                    metadata["resourceVersion"], metadata.get("uid", ""), spec["scaleTargetRef"]["name"],
                    int(spec.get("minReplicas") or 1), int(notes[LEAST]), int(spec["maxReplicas"]), per_replica,
                    float(notes.get(LARGEST) or 0),
                )  # fmt: skip
    raise NotUsable(
        f"{title} has no External metric {METRIC} with an averageValue: it says how many viewers a pod is meant for"
    )


class Streaming:
    """The streaming service's own HTTP API as the source; what is on and fullest is followed, before that what comes next.

    `url` is where the service answers. A match that begins within `before` is followed already.
    """

    before = timedelta(hours=1)

    def __init__(self, http: httpx2.Client, url: str) -> None:
        self._http, self._url = http, url.rstrip("/")

    def read(self, now: datetime) -> Crowd:
        """See `Source.read`."""
        matches = self._get("/api/streaming/matches")["items"]
        near = [each for each in matches if _time(each["starts"]) - self.before <= now < _time(each["ends"])]
        if not near:
            return Crowd("", 0.0, 0.0, now, {})
        audiences = [self._get(f"/api/streaming/matches/{each['id']}/audience") for each in near]
        planned = [each for each in near if each["moments"]]
        first = planned[0] if planned else near[0]
        calendar = {moment["name"]: _time(moment["at"]) for moment in first["moments"]}
        people, mbps = (float(sum(each[key] for each in audiences)) for key in ("viewers", "mbps"))
        return Crowd(first["id"], people, mbps, min(_time(each["at"]) for each in audiences), calendar)

    def _get(self, path: str) -> Any:
        try:
            answer = self._http.get(f"{self._url}{path}")
            answer.raise_for_status()
            return answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise NotUsable(
                f"{self._url}{path} gives no answer ({type(error).__name__}): is the streaming service up?"
            ) from error


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
