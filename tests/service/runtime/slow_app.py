"""One slow route behind `runtime.serving`, for the shutdown tests.

python tests/service/runtime/slow_app.py PORT DRAIN_S FAREWELL_S [broken]
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter

from mela.kernel import i18n
from mela.kernel.web import Health, WebSettings, create_app
from mela.runtime import serving
from mela.runtime.settings import CannotStart

router = APIRouter()


@router.get("/slow")
async def slow() -> dict[str, str]:
    """Say that it began, then take a second."""
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.sleep(1.0)
    return {"finished": "yes"}


@asynccontextmanager
async def life() -> AsyncIterator[None]:
    """Say when everything has been let go."""
    if "broken" in sys.argv:
        raise RuntimeError("no such broker")
    yield
    sys.stdout.write("closed\n")
    sys.stdout.flush()


def started() -> None:
    """Say that the first request can be answered."""
    sys.stdout.write("started\n")
    sys.stdout.flush()


async def main(port: int, drain_s: float, farewell_s: float) -> None:
    """Serve until SIGTERM."""
    health = Health()
    platform: Any = SimpleNamespace(health=health, settings=SimpleNamespace(drain_s=drain_s, farewell_s=farewell_s))
    app = create_app(
        "slow", version="0", description="", routers=[router], routes=[], health=health, authenticator=platform,
        messages=i18n.Messages.load(Path(i18n.__file__).parent / "data" / "messages.yaml"), settings=WebSettings(), lifespan=life,
    )  # fmt: skip
    await serving.serve(platform, app, serving.bind("127.0.0.1", port), started=started)


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
    except CannotStart as error:
        sys.exit(str(error))
