"""The plan in force."""

from typing import Any

from sqlalchemy import Connection, select

from mela.kernel.db.statements import upsert
from mela.simulators.gateway.tables import plans


def read(conn: Connection) -> Any:
    """The plan as it was kept, None where there is none."""
    return conn.execute(select(plans.c.plan)).scalar()


def keep(conn: Connection, plan: Any) -> None:
    """Replace the plan."""
    upsert(conn, plans, {"id": 1, "plan": plan}, key=[plans.c.id])
