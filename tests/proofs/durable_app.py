"""A shop of one route, for the strace proof: POST writes a row, then answers 201.

python -m tests.proofs.durable_app FILE [careless]     prints its port; `careless` leaves out the sync
"""

import asyncio
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import APIRouter
from sqlalchemy import Connection

from mela.kernel import i18n
from mela.kernel.auth import Principal
from mela.kernel.db import open_database, sqlite
from mela.kernel.web import Health, WebSettings, create_app


class Nobody:
    """Knows no token."""

    async def identify(self, *, token: str) -> Principal:
        """See `Authenticator.identify`."""
        raise NotImplementedError


def leave_out_the_sync() -> None:
    """What the proof must notice."""
    careful = sqlite._configure

    def careless(connection: sqlite3.Connection, _record: object) -> None:
        careful(connection, _record)
        connection.execute("PRAGMA synchronous=OFF")

    sqlite._configure = careless


def create(conn: Connection) -> None:
    conn.exec_driver_sql("create table if not exists orders (name text)")


def insert(conn: Connection) -> None:
    conn.exec_driver_sql("insert into orders values ('one')")


async def main(file: str) -> None:
    """Serve until killed."""
    db = open_database(f"sqlite:///{file}", service="shop")
    router = APIRouter()

    @router.post("/orders", status_code=201)
    async def order() -> dict[str, str]:
        await db.run(insert)
        return {"order": "one"}

    @asynccontextmanager
    async def life() -> AsyncIterator[None]:
        await db.run(create)
        yield
        await db.close()

    texts = i18n.Messages.load(Path(i18n.__file__).parent / "data" / "messages.yaml")
    app = create_app(
        "shop", version="0", description="", routers=[router], routes=[], health=Health(), messages=texts,
        authenticator=Nobody(), settings=WebSettings(rate="off"), lifespan=life,
    )  # fmt: skip
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on")).serve(sockets=[listener])


if __name__ == "__main__":
    if "careless" in sys.argv[2:]:
        leave_out_the_sync()
    asyncio.run(main(sys.argv[1]))
