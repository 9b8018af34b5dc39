"""`guanxi doctor`: is this installation sound? Every check says what is wrong in plain words."""

import asyncio
import json
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import click
import psycopg
import redis

from core.cli.database import behind, database_settings
from core.embedded import disk, postgres
from core.embedded.home import EmbeddedError, Home
from core.embedded.servers import running
from core.ext import specs
from core.ext.registry import Registry, load
from core.settings import Settings
from core.tenancy.roles import assert_rights
from core.tenancy.settings import DatabaseSettings

GIGABYTE = 1024**3
CHECK_S = 30.0
OLDEST_CACHE = {"redis": 7, "valkey": 8}
LATELY = timedelta(days=1)
FAULTS = """SELECT plugin, place, sum(faults), count(DISTINCT tenant_id),
 (array_agg(error ORDER BY last_at DESC))[1], (array_agg(request_id ORDER BY last_at DESC))[1]
 FROM control.plugin_fault WHERE last_at > now() - %s GROUP BY plugin, place ORDER BY plugin, place"""
FAILED = """SELECT plugin, slug, problem FROM control.tenant_plugin JOIN control.tenant ON tenant.id = tenant_id
 WHERE tenant_plugin.state = 'failed' ORDER BY plugin, slug"""
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}


@dataclass(frozen=True, slots=True)
class Result:
    """What one check found; no problems means that it is well."""

    check: str
    problems: tuple[str, ...]
    note: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object per check.")
def doctor(*, as_json: bool) -> None:
    """Check databases, rights, migrations, cache, disk and modules; ends with 1 on any problem."""
    settings = Settings.read()
    is_sound = True
    for result in examine(settings):
        is_sound = is_sound and not result.problems
        click.echo(_json(result) if as_json else _text(result))
    raise SystemExit(0 if is_sound else 1)


def examine(settings: Settings) -> Iterator[Result]:
    """Run every check, the later ones only where the servers run."""
    yield _result("home", lambda: home_problems(settings))
    yield _result("disk", lambda: disk_problems(settings))
    try:
        with running(settings) as urls:
            ready = replace(settings, database_url=urls.database, redis_url=urls.redis)
            yield Result("database", (), f"PostgreSQL {postgres.check(urls.database)}")
            yield _result("durability", lambda: durability_problems(urls.database))
            yield _result("cache", lambda: cache_problems(urls.redis))
            yield _result("rights", lambda: rights_problems(ready))
            yield _result("migrations", lambda: behind(ready))
            yield from module_results(ready)
    except (EmbeddedError, psycopg.Error) as error:
        yield Result("database", (str(error),))


def home_problems(settings: Settings) -> Iterator[str]:
    """Say what of the home is open to other users."""
    home = Home(settings.home)
    for path in (home.path, home.secret_key, home.path / "postgres.password"):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield f"{path} is open to other users: chmod go-rwx it"


def disk_problems(settings: Settings) -> Iterator[str]:
    """Say when the disk is nearly full."""
    home = Home(settings.home)
    left = disk.free(home)
    if left < disk.LOW:
        yield f"{left // disk.MEGABYTE} MB are free: the database takes no writes below {disk.LOW // disk.MEGABYTE} MB"
    elif left < GIGABYTE:
        yield f"only {left // disk.MEGABYTE} MB are free in {home.path}"


def durability_problems(database: str) -> Iterator[str]:
    """Say which setting would lose committed rows in a crash."""
    with psycopg.connect(database) as connection:
        for name, wanted in DURABLE.items():
            row = connection.execute("SELECT current_setting(%s)", [name]).fetchone()
            if row != (wanted,):
                yield f"{name} is {row and row[0]}: a crash can lose what was confirmed"


def cache_problems(url: str) -> Iterator[str]:
    """Say whether the cache answers and is new enough."""
    try:
        with redis.Redis.from_url(url, protocol=3, socket_timeout=5, decode_responses=True) as client:
            info = client.info("server")
    except redis.RedisError as error:
        yield f"no answer from {urlsplit(url)._replace(netloc='').geturl()}: {error}"
        return
    kind = "valkey" if "valkey_version" in info else "redis"
    version = str(info[f"{kind}_version"])
    if int(version.split(".")[0]) < OLDEST_CACHE[kind]:
        yield f"{kind} {version} is too old: at least {OLDEST_CACHE[kind]} is needed"


def rights_problems(settings: Settings) -> Iterator[str]:
    """Say which effective rights are wider than full isolation allows."""
    for finding in assert_rights(database_settings(settings)):
        yield f"{finding.code}: {finding.message}"


def module_results(settings: Settings) -> Iterator[Result]:
    """Run the checks that modules declare, and name the modules that could not be loaded."""
    try:
        from core.app import refuse_unmountable

        registry = load()
        refuse_unmountable(registry)
    except Exception as error:
        yield Result("modules", (repr(error),))
        return
    yield Result("modules", tuple(out_of_order(registry)), f"{len(registry.modules)} loaded")
    yield _result("modules at work", lambda: faults(database_settings(settings)))
    checks = registry.items(specs.Check)
    if checks:
        yield from asyncio.run(_declared(settings, registry, checks))


def out_of_order(registry: Registry) -> Iterator[str]:
    """Say which modules were not taken in, and why."""
    return (f"{key}: {module.error}" for key, module in registry.modules.items() if module.error)


def faults(database: DatabaseSettings) -> Iterator[str]:
    """Say what of modules failed in workspaces within the last day, and which could not be set up."""
    with psycopg.connect(database.dsn(database.control)) as control:
        for plugin, place, times, tenants, error, request in control.execute(FAULTS, [LATELY]):
            found = (
                f"{plugin}: {place} failed {times} times in {tenants} workspaces, the last time by {error}"
            )
            yield found + (f" (request {request})" if request else "")
        for plugin, slug, problem in control.execute(FAILED):
            yield f"{plugin}: it could not be set up or removed in the workspace {slug}: {problem}"


async def _declared(settings: Settings, registry: Registry, checks: Sequence[specs.Check]) -> list[Result]:
    from core.app import create_runtime
    from core.app import running as connected

    async with connected(create_runtime(settings, registry)) as runtime:
        return [await declared_result(runtime, check) for check in checks]


async def declared_result(runtime: Any, check: specs.Check) -> Result:
    """Run one check of a module; one that fails itself is a problem, too."""
    try:
        async with asyncio.timeout(CHECK_S):
            found = await check.run(runtime)
        if isinstance(found, str):
            raise TypeError("it must give a list")
        return Result(check.key, tuple(str(problem) for problem in found))
    except Exception as error:
        return Result(check.key, (f"the check of {check.plugin} itself failed: {error!r}",))


def _result(name: str, check: Callable[[], Iterable[str]]) -> Result:
    try:
        problems = tuple(check())
    except Exception as error:
        problems = (f"the check itself failed: {error!r}",)
    return Result(name, problems)


def _text(result: Result) -> str:
    if not result.problems:
        return f"ok    {result.check}  {result.note}".rstrip()
    return "\n".join(f"FAIL  {result.check}  {problem}" for problem in result.problems)


def _json(result: Result) -> str:
    shown = {
        "check": result.check,
        "ok": not result.problems,
        "problems": result.problems,
        "note": result.note,
    }
    return json.dumps(shown, ensure_ascii=False)


COMMANDS = [doctor]
