"""An API server of three kinds of objects for tests: it keeps versions and refuses writes to older ones, as the real one does."""

import json
from typing import Any

import httpx2

from mela.operator.kube import Api

HPA = "/apis/autoscaling/v2/namespaces/streaming/horizontalpodautoscalers/sessions"
DEPLOYMENT = "/apis/apps/v1/namespaces/streaming/deployments/sessions"


class ApiServer:
    """`objects` by path. `writes`: what was created or changed, in order. `before_write` is called before each PATCH."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.writes: list[tuple[str, str, dict[str, Any]]] = []
        self.version = 0
        self.before_write: Any = None
        self.down = False
        self.put(HPA, hpa())
        self.put(DEPLOYMENT, {"metadata": {"name": "sessions"}, "status": {"readyReplicas": 6}})

    @property
    def api(self) -> Api:
        return Api(httpx2.Client(transport=httpx2.MockTransport(self._answer), base_url="https://cluster"))

    def put(self, path: str, body: dict[str, Any]) -> None:
        self.version += 1
        body["metadata"]["resourceVersion"] = str(self.version)
        self.objects[path] = body

    def floor(self) -> int:
        floor: int = self.objects[HPA]["spec"]["minReplicas"]
        return floor

    def events(self) -> list[tuple[str, str]]:
        return [(body["reason"], body["message"]) for method, path, body in self.writes if path.endswith("/events")]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        if self.down:
            raise httpx2.ConnectError("refused")
        path, body = request.url.path, json.loads(request.content or b"null")
        if request.method == "GET":
            return self._found(path)
        if request.method == "PATCH":
            if self.before_write:
                self.before_write()
            found = self.objects.get(path)
            if found is None:
                return self._found(path)
            if body["metadata"].get("resourceVersion") != found["metadata"]["resourceVersion"]:
                return httpx2.Response(409, json={"message": "the object has been modified"})
            found["spec"] |= body.get("spec", {})
            found["metadata"].setdefault("annotations", {}).update(body["metadata"].get("annotations", {}))
            self.put(path, found)
        else:
            name = body["metadata"].get("name") or f"{body['metadata']['generateName']}{self.version}"
            if f"{path}/{name}" in self.objects:
                return httpx2.Response(409, json={"message": "already exists"})
            self.put(f"{path}/{name}", body)
        self.writes.append((request.method, path, body))
        return httpx2.Response(200, json=body)

    def _found(self, path: str) -> httpx2.Response:
        if path not in self.objects:
            return httpx2.Response(404, json={"message": f"{path} not found"})
        return httpx2.Response(200, json=self.objects[path])


def hpa(**changes: Any) -> dict[str, Any]:
    metric = {
        "type": "External",
        "external": {
            "metric": {"name": "mela_streaming_viewers"},
            "target": {"type": "AverageValue", "averageValue": "1k"},
        },
    }
    spec = {
        "scaleTargetRef": {"kind": "Deployment", "name": "sessions"},
        "minReplicas": 6,
        "maxReplicas": 200,
        "metrics": [metric],
    }
    metadata = {"name": "sessions", "namespace": "streaming", "uid": "u-1", "annotations": {"mela.dev/least": "6"}}
    return {"metadata": metadata, "spec": spec | changes}
