"""Dated tables that lie beside the code, `data/*.yaml`: our own files, read as fast as this machine can."""

from importlib import resources
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def of(name: str, package: str = "mela.cluster") -> Any:
    """The table `data/NAME.yaml` of a package, as plain values."""
    written = resources.files(package).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(written, Loader=LOADER)  # noqa: S506
