"""Helm charts, rendered by `helm template` where helm is installed; without it the chart is named and passed over.

`file:line` then points into the template that made the object, as far as helm's `# Source:` lines tell.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from mela.cluster.manifests import texts
from mela.cluster.objects import Mishap, Object, Source

FILE = "Chart.yaml"
LONGEST_S = 60


def render(chart: Path) -> Iterator[Object | Mishap]:
    """The objects of a chart with its own values."""
    source = Source(str(chart / FILE))
    helm = shutil.which("helm")
    if helm is None:
        yield Mishap("chart-not-rendered", source, "helm is not installed")
        return
    try:
        done = subprocess.run(  # noqa: S603 - the program is helm, the argument a folder of the user's
            [helm, "template", chart.name or "chart", str(chart)],
            capture_output=True, timeout=LONGEST_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        yield Mishap("chart-not-rendered", source, f"helm took longer than {LONGEST_S} s")
        return
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip().splitlines()
        yield Mishap("chart-not-rendered", source, reason[-1] if reason else "helm failed")
        return
    yield from _templates(done.stdout, chart)


def _templates(raw: bytes, chart: Path) -> Iterator[Object | Mishap]:
    text = texts.decode(raw, str(chart))
    if isinstance(text, Mishap):
        yield text
        return
    for _, part in texts.split(text):
        yield from texts.read(part, _template(part, chart))


def _template(part: str, chart: Path) -> str:
    """The file named by the comment that helm puts before each document: `# Source: chart/templates/web.yaml`."""
    for line in part.splitlines()[:3]:
        if line.startswith("# Source: "):
            return str(chart.parent / line.removeprefix("# Source: "))
    return str(chart)
