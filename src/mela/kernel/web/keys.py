"""The Idempotency-Key of a request, as a FastAPI dependency: `key: Key` in a route's signature."""

from typing import Annotated

from fastapi import Depends, Header

from mela.kernel import cards
from mela.kernel.idempotency import KeyMissing


async def _header(
    idempotency_key: Annotated[
        str | None,
        Header(description="Your own name for this request, unique per intent: repeating it repeats nothing.",
               min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$", examples=["order-2026-11-23-0001"]),
    ] = None,
) -> str:  # fmt: skip
    if idempotency_key is None:
        raise KeyMissing
    cards.refuse(idempotency_key.encode())
    return idempotency_key


Key = Annotated[str, Depends(_header)]
"""FastAPI dependency: the request's Idempotency-Key."""
