"""Who read personal data, for the person on duty."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from mela.kernel import ids
from mela.kernel.errors import NotFound
from mela.kernel.sealed import reads
from mela.kernel.web import pages
from mela.kernel.web.refusals import refused
from mela.runtime.control.access import OnDuty
from mela.runtime.wiring import Built


class ReadOut(BaseModel):
    """One look at one value. The value itself is not shown, and looking here is no look at it."""

    id: str = Field(description="The read", examples=["read_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    at: datetime = Field(description="When", examples=["2026-11-27T06:30:00Z"])
    by_kind: str = Field(description="operator, merchant or service", examples=["operator"])
    by_id: str = Field(description="Who", examples=["operator"])
    route: str = Field(description="What was asked for", examples=["POST /api/orders/orders/{order_id}/ship"])
    request: str = Field(description="In which request", examples=["req_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])
    what: str = Field(description="Table and column", examples=["orders.address"])
    row: str = Field(description="Whose: the row", examples=["ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"])


class ReadPage(pages.Page[ReadOut]):
    """Reads, newest first."""


def add(api: APIRouter, built: Mapping[str, Built]) -> None:
    """The route."""

    @api.get(
        "/reads/{service}", summary="Who read personal data of a service, newest first",
        responses=refused({404: "kernel.not_found"}),
    )  # fmt: skip
    async def list_reads(
        _caller: OnDuty,
        service: Annotated[str, Path(max_length=40, pattern="^[a-z]+$", description="Whose data", examples=["orders"])],
        row: Annotated[
            str | None,
            Query(max_length=120, description="Of this row only", examples=["ord_01KAR4T0GQ8V6M2Z3XJY5N7P9B"]),
        ] = None,
        by: Annotated[
            str | None, Query(max_length=80, description="By this caller only", examples=["operator"])
        ] = None,
        cursor: pages.Cursor = None,
        limit: Annotated[int, Query(ge=1, le=200, description="At most so many", examples=[50])] = 50,
    ) -> ReadPage:
        """Kept for a year. A customer's look at what is theirs is not kept, nor what a service does by itself."""
        one = built.get(service)
        if one is None or not one.service.personal:
            raise NotFound("kernel.not_found")
        if cursor is not None and not ids.is_id("read", cursor):
            raise pages.bad_cursor()
        found = await one.db.read(reads.page, cursor, limit + 1, row=row, by=by)
        shown, after = pages.cut(found, limit, lambda read: read.id)
        return ReadPage(items=[ReadOut(**vars(read)) for read in shown], next_cursor=after)
