"""What every command that touches the installation begins with: settings, logging, running servers."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from core import logging
from core.embedded.servers import running
from core.settings import Settings


@contextmanager
def serving() -> Iterator[Settings]:
    """Give settings that name running servers, to this process and to those that it starts."""
    settings = Settings.read()
    logging.configure(settings.log_level, settings.log_format)
    signal.signal(signal.SIGTERM, _unwind)
    with running(settings) as urls:
        os.environ.update(GUANXI_HOME=str(settings.home), DATABASE_URL=urls.database, REDIS_URL=urls.redis)
        yield replace(settings, database_url=urls.database, redis_url=urls.redis)


def _unwind(number: int, _: object) -> None:
    """Leave every block on the way out, so that servers which nobody else uses are stopped now."""
    raise SystemExit(128 + number)
