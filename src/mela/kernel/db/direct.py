"""One transaction on a database that others may be writing to: for what is done before a service runs, or beside it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine

from mela.kernel.db.migrate import driver_url

_PATIENCE_S = 30.0


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """Committed at the end of the block, taken back when it raises.

    On SQLite it waits for its turn at the beginning: one that reads first and then writes would be refused at once.
    Source: https://www.sqlite.org/lang_transaction.html (2026-11-27).
    """
    patience = {"timeout": _PATIENCE_S} if url.startswith("sqlite") else {}
    engine = create_engine(driver_url(url), connect_args=patience)
    try:
        with engine.connect() as conn:
            if conn.dialect.name == "sqlite":
                conn.exec_driver_sql("BEGIN IMMEDIATE")
            yield conn
            conn.commit()
    finally:
        engine.dispose()
