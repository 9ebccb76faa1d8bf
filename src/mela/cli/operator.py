"""A request of the person on duty, with the token that the platform keeps in its data folder."""

from pathlib import Path
from typing import Any

import rich_click as click

from mela.cli import render

DATA = click.option(
    "--data", type=click.Path(path_type=Path), default=Path("mela-data"), show_default=True, help="Where the operator's token is."
)  # fmt: skip


async def call(method: str, url: str, data: Path, body: Any = None) -> Any:
    """The answer's JSON, None where it is empty. Raises: NotThere, Refused, httpx2.HTTPError."""
    import httpx2

    from mela.kernel import ids
    from mela.runtime.settings import operator_token
    from mela.simulators.shopper import NotThere, Refused

    token = operator_token(data)
    if token is None:
        raise NotThere(f"There is no operator's token in {data}: say where the platform keeps its data with --data")
    headers = {"authorization": f"Bearer {token}", "idempotency-key": ids.new_id("cli")}
    async with httpx2.AsyncClient(timeout=120.0) as http:
        with render.waiting("Asking the platform"):
            answer = await http.request(method, url, json=body, headers=headers)
    found = answer.json() if answer.content else None
    if answer.status_code >= 400:
        raise Refused(answer.status_code, found or {})
    return found
