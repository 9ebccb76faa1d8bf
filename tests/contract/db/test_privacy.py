"""What people gave us does not leave by way of an error."""

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from mela.kernel.db import Database
from tests.contract.db import shelf


async def test_a_failed_statement_does_not_tell_its_values(db: Database) -> None:
    def twice(conn: Connection) -> None:
        shelf.put(conn, "+919876543210")
        shelf.put(conn, "+919876543210")

    with pytest.raises(IntegrityError) as failed:
        await db.run(twice)
    assert "parameters hidden" in str(failed.value)
    assert "9876543210" not in str(failed.value).split("DETAIL", 1)[0]
