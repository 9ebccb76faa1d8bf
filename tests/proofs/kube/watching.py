"""Watches: what the API server tells, as it happens. One stream per kind, for all namespaces, picked by a label."""

import json
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import httpx2

from mela.operator import kube
from tests.proofs.kube.kubectl import Object

Heard = Callable[[str, Object], None]
"""Called with ADDED, MODIFIED or DELETED and the object."""


class Watching:
    """Hears of every change of `paths` (such as `/api/v1/pods`) with this label, from `__enter__` on, each in a thread of its own.

    A stream that the server ends is opened again where it stopped. One that breaks otherwise is kept in `broken`.
    """

    def __init__(self, config: str, paths: Sequence[str], label: str, heard: Heard) -> None:
        self._apis = [kube.of_kubeconfig(Path(config)) for _ in paths]
        self._label, self._heard, self._stopping = label, heard, threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(api._http, path), name=f"watch {path}", daemon=True)
            for api, path in zip(self._apis, paths, strict=True)
        ]
        self.broken: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for api in self._apis:
            api.close()
        for thread in self._threads:
            thread.join(15)

    def _follow(self, http: httpx2.Client, path: str) -> None:
        selector = {"labelSelector": self._label}
        try:
            listed = http.get(path, params=selector).raise_for_status().json()
            for item in listed["items"]:
                self._heard("ADDED", {"kind": listed["kind"].removesuffix("List"), **item})
            version = listed["metadata"]["resourceVersion"]
            while not self._stopping.is_set():
                asked = selector | {"watch": "1", "resourceVersion": version, "timeoutSeconds": "3600"}
                with http.stream("GET", path, params=asked, timeout=httpx2.Timeout(10, read=None)) as answer:
                    for line in answer.iter_lines():
                        told: dict[str, Any] = json.loads(line)
                        version = told["object"]["metadata"]["resourceVersion"]
                        self._heard(told["type"], told["object"])
        except (httpx2.HTTPError, OSError, RuntimeError, KeyError, ValueError) as error:
            if not self._stopping.is_set():
                self.broken.append(f"{time.time():.0f} {path}: {error!r}")
