"""The embedded Valkey: keeps what it was given, comes back after a kill."""

import os
import signal
from pathlib import Path

import redis

from core.embedded import valkey
from tests.core.embedded.test_postgres import alive, wait_until


def answers(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, protocol=3, socket_timeout=10) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def test_values_outlive_a_restart_and_the_socket_is_closed_to_others(home: Path):
    server = valkey.start(home)
    with redis.Redis.from_url(server.url, protocol=3) as client:
        client.set("a", "1")
        path = Path(client.connection_pool.connection_kwargs["path"])
        assert path.stat().st_mode & 0o777 == 0o700
        assert client.config_get("port") == {"port": "0"}
    server.stop()
    assert not alive(server.pid)
    server = valkey.start(home)
    with redis.Redis.from_url(server.url, protocol=3) as client:
        assert client.get("a") == b"1"
    server.stop()


def test_kill_9_is_answered_by_a_new_start(home: Path):
    server = valkey.start(home)
    try:
        for _ in range(3):
            killed = server.pid
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: server.pid != killed and answers(server.url))  # noqa: B023
    finally:
        server.stop()


def test_a_data_folder_that_it_cannot_read_is_put_aside(home: Path):
    valkey.start(home).stop()
    for file in (home / "valkey" / "appendonlydir").glob("*.manifest"):
        file.write_text("this is no manifest\n")
    server = valkey.start(home)
    try:
        assert answers(server.url)
        assert (home / "valkey.broken").is_dir()
    finally:
        server.stop()
