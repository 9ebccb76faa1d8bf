"""Tables that lie beside the code, `data/*.yaml`: our own files, read as fast as this machine can."""

from pathlib import Path
from typing import Any

import yaml

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Safe YAML; by libyaml, which is eight times as fast, where PyYAML was built with it."""


def read(file: Path) -> Any:
    """A table as plain values. Raises: OSError, yaml.YAMLError."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=LOADER)  # noqa: S506
