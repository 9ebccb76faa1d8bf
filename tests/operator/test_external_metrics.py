"""The external metrics API: the shapes that the API server and the autoscaler read, and silence rather than old values."""

import ssl
import threading
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
import pytest_socket

from mela.operator import external_metrics
from mela.operator.external_metrics import ROOT, Values, answer

NOW = datetime(2026, 11, 29, 14, tzinfo=UTC)
VALUES = Values({"mela_streaming_viewers": 25_300_000.0, "mela_streaming_mbps": 9_993.5}, NOW)
PATH = f"{ROOT}/namespaces/streaming/mela_streaming_mbps"


def test_value_has_the_published_shape() -> None:
    assert answer(f"{PATH}?labelSelector=match%3Dfinal", VALUES, NOW) == (
        200,
        {
            "kind": "ExternalMetricValueList",
            "apiVersion": "external.metrics.k8s.io/v1beta1",
            "metadata": {},
            "items": [
                {
                    "metricName": "mela_streaming_mbps",
                    "metricLabels": {},
                    "timestamp": "2026-11-29T14:00:00Z",
                    "value": "9993500m",
                }
            ],
        },
    )


def test_discovery_lists_the_metrics() -> None:
    status, body = answer(ROOT, VALUES, NOW)
    assert status == 200
    assert [each["name"] for each in body["resources"]] == ["mela_streaming_mbps", "mela_streaming_viewers"]


def test_old_values_are_not_told() -> None:
    assert answer(PATH, VALUES, NOW + timedelta(seconds=91))[0] == 503
    assert answer(PATH, None, NOW)[0] == 503


@pytest.mark.parametrize(
    "path", ["/", "/apis", f"{ROOT}/namespaces", f"{ROOT}/namespaces/a/b/c", f"{ROOT}/namespaces/a/nothing"]
)
def test_what_is_not_served_is_a_status(path: str) -> None:
    status, body = answer(path, VALUES, NOW)
    assert (status, body["kind"], body["code"]) == (404, "Status", 404)


def test_it_answers_over_tls() -> None:
    pytest_socket.enable_socket()
    now = datetime(2026, 11, 29, 14, tzinfo=UTC)
    server = external_metrics.serve(0, lambda: (VALUES, now), "127.0.0.1")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        found = httpx2.get(f"https://127.0.0.1:{server.server_address[1]}{PATH}", verify=context)
        assert found.json()["items"][0]["value"] == "9993500m"
    finally:
        server.shutdown()
        server.server_close()
