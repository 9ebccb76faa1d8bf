"""Asks a real API server, as a learner would: `kubectl apply --dry-run=server --validate=strict`. Nothing is stored but a namespace."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import yaml

from tests.cluster import broken
from tests.cluster.broken import Variant

_NOISE = re.compile(r"^Warning: .*\n?", re.MULTILINE)
_NAMESPACE = {
    "apiVersion": "v1", "kind": "Namespace",
    "metadata": {"name": broken.SCRATCH, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
}  # fmt: skip


def answers(variants: Iterable[Variant], kubectl: list[str]) -> Iterator[tuple[Variant, str]]:
    """Each variant with why it was refused, in kubectl's words; empty where it was accepted."""
    with _scratch(kubectl), ThreadPoolExecutor(2) as threads:
        asked = list(variants)
        yield from zip(asked, threads.map(lambda variant: answer(variant.text, kubectl), asked), strict=True)


def answer(text: str, kubectl: list[str]) -> str:
    """Raises: RuntimeError when there was no answer from an API server."""
    done = subprocess.run(
        [*kubectl, "apply", "--dry-run=server", "--validate=strict", "-f", "-"], input=text, capture_output=True, text=True, timeout=60, check=False
    )  # fmt: skip
    if done.returncode == 0:
        return ""
    said = _NOISE.sub("", done.stderr).strip()
    if not said or "connect to the server" in said or "failed to download openapi" in said:
        raise RuntimeError(f"no answer from the API server: {said}")
    return " ".join(said.split())


@contextmanager
def _scratch(kubectl: list[str]) -> Iterator[None]:
    """The namespace, with its service account, so that admission has nothing else to complain of."""
    subprocess.run(
        [*kubectl, "apply", "-f", "-"], input=yaml.safe_dump(_NAMESPACE), text=True, check=True, capture_output=True
    )
    try:
        yield
    finally:
        subprocess.run(
            [*kubectl, "delete", "namespace", broken.SCRATCH, "--wait=false"], check=False, capture_output=True
        )
