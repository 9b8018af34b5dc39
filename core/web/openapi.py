"""The description of the API as one workspace has it: OpenAPI 3.1 with the routes of its modules alone.

It is derived once for each set of modules that are on, and kept as bytes in the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from core.access.grants import scope_of
from core.ext.registry import Registry
from core.runtime import Runtime
from core.tenancy.directory import Tenant
from core.web.request import API_PREFIX

INTRODUCTION: Final = (
    "Every request carries an API key: `Authorization: Bearer gx_live_…`. A key belongs to one workspace, has the "
    "rights of the member who made it, and reaches only what its scopes name. Errors are problem documents "
    "(RFC 9457); writes take an `Idempotency-Key`."
)
KEPT: Final = 64


def described(app: Litestar, runtime: Runtime, tenant: Tenant) -> bytes:
    """The description for a workspace, as JSON."""
    kept: dict[frozenset[str], bytes] = app.state.setdefault("descriptions", {})
    is_on = frozenset(key for key in runtime.registry.modules if runtime.registry.is_on(key, tenant.plugins))
    if is_on not in kept:
        if len(kept) >= KEPT:
            kept.clear()
        kept[is_on] = msgspec.json.encode(_describe(app, runtime, is_on))
    return kept[is_on]


def _describe(app: Litestar, runtime: Runtime, is_on: frozenset[str]) -> dict[str, Any]:
    schema: dict[str, Any] = deepcopy(app.openapi_schema.to_schema())
    routes = {(route.path_format, method): opt for route, method, opt in _routes(app)}
    paths: dict[str, Any] = {}
    for path, item in schema.get("paths", {}).items():
        kept = {
            method: _with_scope(operation, runtime.registry, routes[path, method.upper()])
            for method, operation in item.items()
            if routes.get((path, method.upper()), {}).get("plugin", "") in is_on
        }
        if kept:
            paths[path] = kept
    schemas = schema.get("components", {}).get("schemas", {})
    named = _reachable(paths, schemas)
    return {
        **schema,
        "info": {**schema["info"], "description": INTRODUCTION},
        "servers": [{"url": runtime.settings.public_url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": {name: value for name, value in schemas.items() if name in named},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "gx_live_…"}},
        },
    }


def _routes(app: Litestar) -> Iterator[tuple[HTTPRoute, str, Any]]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path.startswith(API_PREFIX):
            for method, found in route.route_handler_map.items():
                handler = found[0] if isinstance(found, tuple) else found
                yield route, str(method), handler.opt


def _with_scope(operation: dict[str, Any], registry: Registry, opt: Any) -> dict[str, Any]:
    permission = registry.permissions.get(opt.get("permission", ""))
    if permission is None:
        return operation
    told = f"{operation.get('description') or ''}\n\nScope: `{scope_of(permission)}`".strip()
    return {**operation, "description": told}


def _reachable(node: Any, schemas: dict[str, Any]) -> set[str]:
    """The names of the schemas that a part of the description refers to, and those that these refer to."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        for ref in _references(waiting.pop()):
            name = ref.rpartition("/")[2]
            if name not in found:
                found.add(name)
                waiting.append(schemas.get(name))
    return found


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
