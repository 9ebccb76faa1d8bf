"""Dated tables that lie beside the code, `data/*.yaml`."""

from importlib import resources
from typing import Any

import yaml

from mela.kernel.tables import LOADER


def of(name: str, package: str = "mela.cluster") -> Any:
    """The table `data/NAME.yaml` of a package, as plain values."""
    written = resources.files(package).joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(written, Loader=LOADER)  # noqa: S506
