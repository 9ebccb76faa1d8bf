"""A real Kafka broker for proofs, private to them."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

_TOOL = Path(__file__).parents[2] / "tools" / "kafka" / "kafka"


@contextmanager
def broker() -> Iterator[str]:
    """A running broker's address. Nothing of it remains."""
    with tempfile.TemporaryDirectory(prefix="mela-kafka-") as folder:
        environ = os.environ | {"KAFKA_RUN": f"{folder}/run"}
        up = subprocess.run(
            [str(_TOOL), "up", str(free_port())], env=environ, capture_output=True, text=True, check=True, timeout=300
        )
        try:
            yield up.stdout.split()[-1]
        finally:
            subprocess.run([str(_TOOL), "down"], env=environ, check=True, timeout=60)
