"""Chooses the database by its URL."""

from collections.abc import Callable

from mela.kernel.db.database import Database, DatabaseOptions


def open_database(
    url: str | Callable[[], str], *, service: str, options: DatabaseOptions | None = None, keyring: object = None
) -> Database:
    """Open `sqlite:///path/to/file.db` or `postgresql://user:secret@host/name`.

    A function is asked for the URL at each new connection, so that user and password may change while we run. `keyring`
    is what opens sealed columns (`mela.kernel.sealed`).

    Raises: ValueError for another scheme.
    """
    options = options or DatabaseOptions()
    renew = url if callable(url) else lambda: url
    first = renew()
    scheme = first.split(":", 1)[0].split("+", 1)[0]
    if scheme == "sqlite":
        from mela.kernel.db.sqlite import SqliteDatabase

        return SqliteDatabase(first, service=service, options=options, keyring=keyring)
    if scheme in ("postgresql", "postgres"):
        from mela.kernel.db.postgres import PostgresDatabase

        return PostgresDatabase(renew, service=service, options=options, keyring=keyring)
    raise ValueError(f"a database is sqlite:///file or postgresql://…, not {scheme!r}")
