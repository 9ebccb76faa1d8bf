"""A rule's examples as systems. `# file: NAME` begins a file of a folder; `# for Kubernetes 1.31` chooses the version."""

import re
import tempfile
from pathlib import Path

from mela.cluster import manifests
from mela.cluster.objects import NEWEST, System

_FILE = re.compile(r"^# file: (.+)\n", re.MULTILINE)
_VERSION = re.compile(r"^# for Kubernetes (\d\.\d+)$", re.MULTILINE)


def system(text: str) -> System:
    """The system of an example."""
    version = match[1] if (match := _VERSION.search(text)) else NEWEST
    if not _FILE.search(text):
        return manifests.parse(text, version=version)
    with tempfile.TemporaryDirectory() as folder:
        _, *parts = _FILE.split(text)
        for name, content in zip(parts[::2], parts[1::2], strict=True):
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return manifests.read([folder], version=version)[0]
