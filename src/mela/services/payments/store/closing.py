"""Closing a case: what a person decided, once, and the second refund or the ledger's entry that may go with it."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from mela.contracts.payments import CaseClosed, Transfer
from mela.kernel import events
from mela.kernel.db.statements import insert_new
from mela.kernel.errors import Conflict
from mela.kernel.idempotency import KeyReused
from mela.services.payments.rules.cases import Decision, Resolution
from mela.services.payments.store import cases, ledger, refunds
from mela.services.payments.tables import cases as table
from mela.services.payments.tables import closings

_BY_KEY = select(closings).where(closings.c.key == bindparam("of"))
_CLOSED = update(table).where(table.c.id == bindparam("of")).values(open=False)


class CaseIsClosed(Conflict):
    """Somebody has closed it. Params: resolution, actor."""

    code = "payments.case_is_closed"


def close(conn: Connection, case_id: str, decision: Decision, *, key: str, actor: str, now: datetime) -> Row[Any]:
    """Close a case, and promise the refund anew or enter what it proposes where that was decided.

    The same key again returns the case as it is. Raises: UnknownCase, CaseIsClosed, KeyReused, RefundTooLarge, AccountOverdrawn.
    """
    before = conn.execute(_BY_KEY, {"of": key}).one_or_none()
    if before is not None:
        if (before.case_id, before.resolution, before.note) != (case_id, decision.resolution, decision.note):
            raise KeyReused
        return cases.get(conn, case_id)
    case = cases.get(conn, case_id)
    if case.closed is not None:
        raise CaseIsClosed(resolution=case.resolution, actor=case.actor)
    again = decision.resolution is Resolution.REFUND_AGAIN
    refund_id = refunds.again(conn, case.about, now) if again else None
    row = {"case_id": case_id, "key": key, "resolution": decision.resolution, "note": decision.note, "actor": actor,
           "refund_id": refund_id, "at": now}  # fmt: skip
    insert_new(conn, closings, row)  # before the entry: of many at once one closes, and the others wait for it here
    conn.execute(_CLOSED, {"of": case_id})
    if decision.resolution is Resolution.POSTED:
        ledger.enter(conn, f"case:{case_id}", [Transfer(**case.detail["proposed"])], now)
    events.emit(conn, CaseClosed(case_id, case.kind, case.about, decision.resolution, decision.note, actor, now))
    return cases.get(conn, case_id)
