"""Viewers and bandwidth as an API of the cluster, external.metrics.k8s.io, so that an HPA can follow them without an adapter.

The API server hands requests on (an APIService), after it has checked who asks; it wants TLS, so a certificate is made at
the start and kept in memory. Values are those that the controller read last; too old ones are not told, and then the HPA
keeps what it has.

Source: https://github.com/kubernetes/metrics, pkg/apis/external_metrics/v1beta1/types.go, and
https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/ (read 2026-11-26).
"""

import json
import ssl
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

GROUP_VERSION = "external.metrics.k8s.io/v1beta1"
ROOT = f"/apis/{GROUP_VERSION}"
OLDEST = timedelta(seconds=90)
CERTIFICATE_LASTS = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Values:
    """What was read last: values by metric, and when."""

    by_name: Mapping[str, float]
    at: datetime


def answer(path: str, values: Values | None, now: datetime) -> tuple[int, dict[str, Any]]:
    """Status and body for a path below the root; the query, a label selector, selects nothing: there is one series each."""
    path = path.partition("?")[0].rstrip("/")
    if path in ("/apis/external.metrics.k8s.io", ROOT):
        return 200, _resources(values)
    words = path.removeprefix(ROOT).split("/")
    if not path.startswith(f"{ROOT}/namespaces/") or len(words) != 4:
        return 404, _status(404, f"{path} is not served here")
    name = words[3]
    if values is None or now - values.at > OLDEST:
        return 503, _status(503, f"{name} has not been read for {OLDEST.seconds} s")
    if name not in values.by_name:
        return 404, _status(404, f"no metric {name}; there are {', '.join(sorted(values.by_name))}")
    at = values.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    item = {"metricName": name, "metricLabels": {}, "timestamp": at, "value": f"{round(values.by_name[name] * 1000)}m"}
    return 200, {"kind": "ExternalMetricValueList", "apiVersion": GROUP_VERSION, "metadata": {}, "items": [item]}


def serve(port: int, read: Callable[[], tuple[Values | None, datetime]], host: str = "") -> ThreadingHTTPServer:
    """A server that answers over TLS; the caller runs `serve_forever`. `read` gives the values and the time."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path, *read())
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            """The API server asks every fifteen seconds; nobody wants to read it."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.socket = own_certificate(read()[1]).wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    return server


def own_certificate(now: datetime) -> ssl.SSLContext:
    """A certificate of its own, new at each start. The APIService does not check it; see docs/critiques.md."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mela-external-metrics")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + CERTIFICATE_LASTS)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        file.write(made.public_bytes(serialization.Encoding.PEM))
        file.flush()
        context.load_cert_chain(file.name)
    return context


def _resources(values: Values | None) -> dict[str, Any]:
    names = sorted(values.by_name) if values else []
    rows = [
        {"name": name, "singularName": "", "namespaced": True, "kind": "ExternalMetricValueList", "verbs": ["get"]}
        for name in names
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": GROUP_VERSION, "resources": rows}


def _status(code: int, says: str) -> dict[str, Any]:
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "message": says}
