"""Prometheus metrics of the kernel, by RED (rate, errors, duration). Services add their own, by business.

All have the label `service`: in one process the services share this registry.
"""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUEST = Histogram(
    "mela_request_seconds",
    "HTTP requests by route and status",
    ["service", "method", "route", "status"],
    buckets=_SECONDS,
)
STREAMS = Gauge("mela_streams_open", "Streams of events that clients follow")
IN_FLIGHT = Gauge("mela_requests_in_flight", "HTTP requests being answered", ["service"])
CALL = Histogram("mela_call_seconds", "Calls to other services", ["service", "peer", "method"], buckets=_SECONDS)
UNIT = Histogram("mela_unit_seconds", "Database units, waiting included", ["service", "unit"], buckets=_SECONDS)
UNIT_RETRIES = Counter(
    "mela_unit_retries_total", "Units tried again after a serialisation failure", ["service", "unit"]
)
BATCH = Histogram("mela_commit_units", "Units that shared one COMMIT", ["service"], buckets=(1, 2, 4, 8, 16, 32, 64))
EVENTS = Counter("mela_events_total", "Events handled, by outcome", ["service", "event", "outcome"])
OUTBOX = Gauge("mela_outbox_waiting", "Events not moved on yet", ["service"])
INBOX = Gauge("mela_inbox", "Events not handled yet, by state", ["service", "state"])
JOB = Histogram("mela_job_seconds", "Timed jobs", ["service", "job"], buckets=_SECONDS)
JOBS = Counter("mela_jobs_total", "Timed jobs, by outcome", ["service", "job", "outcome"])
LIMITED = Counter("mela_requests_limited_total", "Requests refused by a rate limit", ["service"])
