"""A worker process that tests kill: python -m tests.core.kernel.jobs.child <settings> <tenants>."""

import asyncio
import signal
import sys
from typing import Any

import msgspec

from core.tenancy.db import Databases
from core.tenancy.directory import Directory
from core.tenancy.settings import DatabaseSettings
from core.worker import CellWork, Worker
from tests.core.kernel.scene import Scene


async def main(settings: DatabaseSettings) -> None:
    databases = Databases(settings)
    scene = Scene(databases, await Directory(databases).all(), slots=3)
    # More than a worker has slots, so that both are busy.
    scene.runner.cap = 4
    cell = CellWork("main", scene.runner, scene.relay, scene.schedules)
    scene.runner._wake = cell.claim_bell.set
    worker = Worker([cell])
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    print("READY", flush=True)  # noqa: T201
    await worker.run()
    await databases.close()


def encode(settings: DatabaseSettings) -> str:
    plain: dict[str, Any] = {
        "url": settings.url,
        "secret": settings.secret,
        "prefix": settings.prefix,
        "tag": settings.tag,
    }
    return msgspec.json.encode(plain).decode()


def decode(value: str) -> DatabaseSettings:
    plain = msgspec.json.decode(value, type=dict[str, str])
    secret = msgspec.convert(plain.pop("secret"), bytes)
    return DatabaseSettings(secret=secret, connections=6, worker_connections=4, wait_s=5, **plain)  # type: ignore[arg-type]


if __name__ == "__main__":
    asyncio.run(main(decode(sys.argv[1])))
