"""A worker process that a test kills while it sends: python -m tests.core.webhooks.child <settings> <port> <home>."""

import asyncio
import sys
from pathlib import Path

from core.ext.registry import load
from core.kernel.addresses import networks
from core.kernel.cache import Cache
from core.kernel.files import Store
from core.kernel.http import Outbound, Policy
from core.kernel.mail import Mailer
from core.kernel.rate import Limiter
from core.kernel.secrets import KeyRing
from core.runtime import Runtime
from core.settings import Settings
from core.tenancy.db import Databases
from core.tenancy.directory import Directory
from core.worker import Worker, worker
from tests.core.kernel.jobs.child import decode
from tests.fixtures.server import MASTER_KEY


async def main(databases: Databases, port: int, home: Path) -> None:
    await databases.start()
    cache = Cache(None)
    runtime = Runtime(
        settings=Settings(home=home, secret_key=MASTER_KEY),
        registry=load(),
        databases=databases,
        directory=Directory(databases),
        cache=cache,
        limiter=Limiter(cache),
        keyring=KeyRing(MASTER_KEY),
        mailer=Mailer(None, inbox=home / "inbox"),
        files=Store(home / "files"),
        http=Outbound(
            Policy(
                schemes=frozenset({"http"}),
                ports=frozenset({port}),
                allowed_networks=networks(["127.0.0.0/8"]),
            )
        ),
    )
    print("READY", flush=True)  # noqa: T201
    await Worker(worker(runtime).cells).run()


if __name__ == "__main__":
    asyncio.run(main(Databases(decode(sys.argv[1])), int(sys.argv[2]), Path(sys.argv[3])))
