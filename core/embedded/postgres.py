"""Embedded PostgreSQL for the processes that use it: start or join it, be sure that it is the right one."""

from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from core.embedded import cluster, preparing
from core.embedded.home import EmbeddedError, Home
from core.embedded.sharing import Server, Share

DATABASE = "guanxi"
OLDEST = 15
SAMPLE = "张伟"
"""Text that must give trigrams; under the locale C it gives none, and search finds nothing."""

_EXTENSION_SCHEMA = (
    "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
    " WHERE e.extname = 'pg_trgm'"
)


def start(home: Path | str, *, fast: bool = False) -> Server:
    """Start or join the PostgreSQL of a home; its `dsn` is the superuser's, to the database `guanxi`.

    `fast` gives up durability and is for tests only; it counts where the server is started, not joined.
    """
    place = Home(home)
    share = Share(place, cluster.NAME, fast=fast)
    share.join(
        prepare=lambda: preparing.prepare(place, fast=fast),
        ready=lambda: _is_ready(dsn(place, "postgres")),
    )
    try:
        with place.lock("postgres.check"):
            _create_database(dsn(place, "postgres"))
            check(dsn(place))
    except BaseException:
        share.leave()
        raise
    return Server(url=dsn(place), share=share)


def dsn(home: Home, database: str = DATABASE) -> str:
    """Give the superuser's address of a database of the home's server, running or not."""
    folder = quote(str(cluster.socket_folder(home)), safe="")
    secret = quote(cluster.password(home), safe="")
    return f"postgresql://{cluster.SUPERUSER}:{secret}@/{database}?host={folder}&port={cluster.PORT}"


def check(address: str) -> str:
    """Refuse a server, embedded or not, that is too old or has no trigrams of Chinese; return its version."""
    with closing(psycopg.connect(address, connect_timeout=10)) as connection:
        number = connection.info.server_version
        if number // 10000 < OLDEST:
            raise EmbeddedError(f"PostgreSQL {number // 10000} is too old: at least {OLDEST} is needed")
        encoding = connection.execute("SHOW server_encoding").fetchone()
        if encoding != ("UTF8",):
            raise EmbeddedError(f"the database's encoding is {encoding and encoding[0]}: it must be UTF8")
        if not _gives_trigrams(connection):
            raise EmbeddedError(
                "this database makes no trigrams of Chinese text, so searching would find nothing: "
                "create it with LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' or with LC_CTYPE 'C.UTF-8'"
            )
        return ".".join(str(part) for part in divmod(number, 10000))


def _gives_trigrams(connection: psycopg.Connection) -> bool:
    found = connection.execute(_EXTENSION_SCHEMA).fetchone()
    if found is None:
        # Tried and taken back: where it is installed is for the bootstrap to decide.
        connection.execute("CREATE EXTENSION pg_trgm")
        found = connection.execute(_EXTENSION_SCHEMA).fetchone()
    schema = found[0] if found else "public"
    query = sql.SQL("SELECT coalesce(array_length({}.show_trgm(%s), 1), 0)").format(sql.Identifier(schema))
    row = connection.execute(query, [SAMPLE]).fetchone()
    connection.rollback()
    return bool(row and row[0])


def _is_ready(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedError(f"the password in the home does not fit its database: {error}") from error
        return False
    return True


def _create_database(address: str) -> None:
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
