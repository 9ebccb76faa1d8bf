"""Chooses the database by its URL."""

from mela.kernel.db.database import Database, DatabaseOptions


def open_database(url: str, *, service: str, options: DatabaseOptions | None = None) -> Database:
    """Open `sqlite:///path/to/file.db` or `postgresql://user:secret@host/name`.

    Raises: ValueError for another scheme.
    """
    options = options or DatabaseOptions()
    scheme = url.split(":", 1)[0].split("+", 1)[0]
    if scheme == "sqlite":
        from mela.kernel.db.sqlite import SqliteDatabase

        return SqliteDatabase(url, service=service, options=options)
    if scheme in ("postgresql", "postgres"):
        from mela.kernel.db.postgres import PostgresDatabase

        return PostgresDatabase(url, service=service, options=options)
    raise ValueError(f"a database is sqlite:///file or postgresql://…, not {scheme!r}")
