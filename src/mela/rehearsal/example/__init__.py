"""A small match with manifests, event and call graph, so that `mela rehearse` shows something at once."""

from pathlib import Path

_HERE = Path(__file__).parent
MANIFESTS = str(_HERE / "manifests.yaml")
EVENT = str(_HERE / "event.yaml")
CALLS = str(_HERE / "calls.yaml")
