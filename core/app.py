"""The composition root: reads the settings, makes the process's parts, and mounts what modules declare."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, Request, Router
from litestar import get as plain_get
from litestar.config.compression import CompressionConfig
from litestar.openapi import OpenAPIConfig
from litestar.response import Response
from litestar.static_files import create_static_files_router

from core.ext.admission import RegistryError
from core.ext.registry import Registry, load, quarantine
from core.kernel.cache import Cache
from core.kernel.files import Store
from core.kernel.http import Outbound, Policy
from core.kernel.installed import LIMIT_S, within
from core.kernel.mail import Mailer
from core.kernel.rate import Limiter
from core.kernel.secrets import KeyRing
from core.runtime import Runtime
from core.settings import Settings, SettingsError
from core.tenancy.db import Databases
from core.tenancy.directory import Directory
from core.tenancy.settings import DatabaseSettings
from core.web import gallery, inbox, styles
from core.web.admission import admit
from core.web.bodies import ValidatedBodies
from core.web.middleware import InTime, RequestFrame
from core.web.problems import handle
from core.web.scraping import scrape
from core.web.templating import folders
from core.web.transactions import DEPENDENCIES

MAX_BODY_BYTES = 30 * 1024 * 1024


def create_runtime(settings: Settings, registry: Registry | None = None) -> Runtime:
    """Make the parts of one process; nothing connects before :func:`running`."""
    cache = Cache(settings.redis_url)
    host = urlsplit(settings.public_url).hostname or ""
    sender = settings.mail_from or f"Guanxi <no-reply@{'localhost' if ':' in host else host}>"
    databases = Databases(
        DatabaseSettings(
            url=settings.database_url or "", secret=settings.secret_key, processes=settings.web_workers
        )
    )
    return Runtime(
        settings=settings,
        registry=registry or load(),
        databases=databases,
        directory=Directory(databases),
        cache=cache,
        limiter=Limiter(cache),
        keyring=KeyRing(settings.secret_key),
        mailer=Mailer(settings.smtp_url, inbox=settings.home / "inbox", sender=sender),
        files=Store(settings.home / "files"),
        http=Outbound(Policy(allowed_networks=settings.outbound_networks)),
    )


def database_settings(settings: Settings) -> DatabaseSettings:
    """Where the databases are; the supervisor fills in the embedded server's address where none is set."""
    if settings.database_url is None:
        raise SettingsError({"DATABASE_URL": "not set; `guanxi up` starts a server of its own"})
    return DatabaseSettings(url=settings.database_url, secret=settings.secret_key)


@asynccontextmanager
async def running(runtime: Runtime) -> AsyncIterator[Runtime]:
    """Connect the parts, and close them at the end."""
    await runtime.databases.start()
    try:
        yield runtime
    finally:
        with suppress(Exception):
            await runtime.close_parts()
        await runtime.http.close()
        await runtime.waker.close()
        await runtime.live.close()
        await runtime.cache.close()
        await runtime.databases.close()


def create_app(runtime: Runtime | None = None) -> Litestar:
    """Make the web application; without a runtime it reads the environment and makes its own."""
    parts = runtime or create_runtime(Settings.read())

    def lifespan(app: Litestar) -> AbstractAsyncContextManager[Runtime]:
        return running(parts)

    app = Litestar(
        route_handlers=[
            *refuse_unmountable(parts.registry),
            _static(),
            styles.style_page,
            live,
            startup,
            ready,
            scrape,
            *([] if parts.settings.smtp_url else [gallery.page]),
            *([inbox.messages, inbox.message] if inbox.is_private(parts.settings) else []),
        ],
        dependencies=DEPENDENCIES,
        guards=[admit],
        exception_handlers={Exception: handle},
        plugins=[ValidatedBodies()],
        middleware=[RequestFrame],
        lifespan=[lifespan] if runtime is None else [],
        # A stream has to arrive as it is written, so its route opts out.
        compression_config=CompressionConfig("gzip", gzip_compress_level=5, exclude_opt_key="raw"),
        openapi_config=OpenAPIConfig(
            title="Guanxi", version="1", path="/api/v1/schema", render_plugins=[], use_handler_docstrings=True
        ),
        request_max_body_size=MAX_BODY_BYTES,
        logging_config=None,
        debug=False,
    )
    app.state.runtime = parts
    return app


def refuse_unmountable(registry: Registry) -> list[Router]:
    """Put installed modules out of order whose routes cannot be served, described or guarded; gives the rest's."""
    known = list(registry.modules.values())
    routers = _routers(registry, [module.key for module in known if module.builtin])
    taken = {path for router in routers for path in _paths(router)}
    for module in known:
        if module.builtin or module.error:
            continue
        try:
            routers += within(LIMIT_S, partial(_try, registry, module.key, taken))
        except Exception as error:
            quarantine(registry, module.key, str(error), module.distribution)
    return routers


def _try(registry: Registry, key: str, taken: set[str]) -> list[Router]:
    """Mount one module alone, and have its API described; raises whatever is wrong with it."""
    routers = _routers(registry, [key])
    both = taken.intersection(path for router in routers for path in _paths(router))
    if both:
        raise RegistryError(f"its addresses are another module's: {', '.join(sorted(both))}")
    for router in routers:
        for route in router.routes:
            for handler in getattr(route, "route_handlers", ()):
                is_guarded = handler.opt.get("permission") or handler.opt.get("public")
                # The framework answers OPTIONS by itself.
                if not is_guarded and set(handler.http_methods) != {"OPTIONS"}:
                    raise RegistryError(f"the route {route.path} declares neither permission nor public=True")
    app = Litestar(
        route_handlers=routers,
        dependencies=DEPENDENCIES,
        plugins=[ValidatedBodies()],
        openapi_config=OpenAPIConfig(title=key, version="1"),
    )
    app.openapi_schema.to_schema()
    return routers


def _paths(router: Router) -> list[str]:
    return [route.path for route in router.routes]


def _routers(registry: Registry, modules: Iterable[str]) -> list[Router]:
    """Mount the controllers of some modules under the prefix of their kind, marked with their module."""
    from core.records.api import record_api
    from core.records.pages import record_pages

    wanted = set(modules)
    mounted: dict[tuple[str, str], list[Any]] = {}
    roots = {"crm_api": "/api/v1", "crm_pages": "/w/{workspace:str}", "crm_public": "/p/{workspace:str}"}
    for hook, root in roots.items():
        for plugin, controller in registry.controllers(hook):
            if plugin not in wanted:
                continue
            below = registry.below(plugin)
            # What core and the control plane show to everybody belongs to no workspace.
            path = "/" if hook == "crm_public" and not below else root + below
            mounted.setdefault((path, plugin), []).append(controller)
    for record_type in registry.records.values():
        if record_type.plugin not in wanted:
            continue
        below = registry.below(record_type.plugin)
        mounted.setdefault(("/api/v1" + below, record_type.plugin), []).append(record_api(record_type))
        if record_type.pages:
            pages = ("/w/{workspace:str}" + below, record_type.plugin)
            mounted.setdefault(pages, []).append(record_pages(record_type))
    return [
        Router(
            path=path,
            route_handlers=handlers,
            opt={"plugin": plugin},
            middleware=[] if registry.modules[plugin].builtin else [InTime],
        )
        for (path, plugin), handlers in mounted.items()
    ]


def _static() -> Router:
    # Addresses carry a mark of the content, so browsers may keep the files for ever.
    return create_static_files_router(
        path="/static",
        directories=[str(folder) for folder in folders("static")],
        opt={"asset": True},
        cache_control=styles.FOR_EVER,
    )


@plain_get("/health/live", opt={"asset": True}, include_in_schema=False)
async def live() -> dict[str, str]:
    """Say that the process answers."""
    return {"status": "ok"}


@plain_get("/health/startup", opt={"asset": True}, include_in_schema=False)
async def startup() -> dict[str, str]:
    """Say that everything is loaded: before that, nothing listens."""
    return {"status": "ok"}


@plain_get("/health/ready", opt={"asset": True}, include_in_schema=False)
async def ready(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """Say whether the process can serve: the database answers."""
    runtime: Runtime = request.app.state.runtime
    is_ready = await runtime.databases.is_ready()
    return Response({"status": "ok" if is_ready else "unavailable"}, status_code=200 if is_ready else 503)
