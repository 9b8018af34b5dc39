"""What a request costs at least: the same rows through Litestar and asyncpg, and nothing else.

No tenant, no key, no permission, no limit, no event, no search, no idempotency.
"""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from granian.constants import Interfaces
from granian.server import Server
from litestar import Litestar, Request, get, post

from core.customers.schema import CustomerIn, CustomerOut
from core.kernel.db import utc_now
from core.kernel.ids import uuid7

FIELDS = ", ".join(CustomerOut.__struct_fields__)
LIST = f"SELECT {FIELDS} FROM customer WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 50"
ONE = f"SELECT {FIELDS} FROM customer WHERE id = $1 AND deleted_at IS NULL"
NEW = f"""INSERT INTO customer (id, created_at, updated_at, version, number, kind, name, name_key, stage, tags)
VALUES ($1, $2, $2, 1, $3, $4, $5, $5, $6, $7) RETURNING {FIELDS}"""


class Page(msgspec.Struct):
    data: list[CustomerOut]


def out(row: asyncpg.Record) -> CustomerOut:
    return CustomerOut(**row)


@asynccontextmanager
async def connected(app: Litestar) -> AsyncIterator[None]:
    async def prepare(connection: asyncpg.Connection) -> None:
        await connection.set_type_codec(
            "jsonb",
            schema="pg_catalog",
            encoder=lambda v: msgspec.json.encode(v).decode(),
            decoder=msgspec.json.decode,
            format="text",
        )

    schema = os.environ["BARE_SCHEMA"]
    async with asyncpg.create_pool(
        os.environ["BARE_DSN"], min_size=8, max_size=8, init=prepare, server_settings={"search_path": schema}
    ) as pool:
        app.state.pool = pool
        yield


@get("/customers")
async def rows(request: Request[Any, Any, Any]) -> Page:
    return Page([out(row) for row in await request.app.state.pool.fetch(LIST)])


@get("/customers/{record_id:uuid}")
async def one(request: Request[Any, Any, Any], record_id: UUID) -> CustomerOut:
    return out(await request.app.state.pool.fetchrow(ONE, record_id))


@post("/customers")
async def create(request: Request[Any, Any, Any]) -> CustomerOut:
    data = msgspec.json.decode(await request.body(), type=CustomerIn)
    made = uuid7()
    values = (made, utc_now(), made.hex, data.kind, data.name, data.stage, data.tags)
    return out(await request.app.state.pool.fetchrow(NEW, *values))


def application() -> Litestar:
    return Litestar([rows, one, create], lifespan=[connected], openapi_config=None, logging_config=None)


if __name__ == "__main__":
    Server(
        f"{__spec__.name if __spec__ else __name__}:application",
        address="127.0.0.1",
        port=int(sys.argv[1]),
        interface=Interfaces.ASGI,
        websockets=False,
        factory=True,
    ).serve()
