"""Every route of the application as something to call: method, address with places to fill, what it declares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import quote
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

API = "/api/v1"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WORKSPACE = "workspace"


@dataclass(frozen=True)
class Call:
    """One method of one route; ``places`` are the parts of the address to fill, with their types."""

    method: str
    template: str
    handler: HTTPRouteHandler
    places: tuple[tuple[str, type], ...]

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def opt(self) -> Mapping[str, Any]:
        """What the route declares."""
        return self.handler.opt

    @property
    def is_api(self) -> bool:
        """Whether it belongs to the JSON API."""
        return self.template.startswith(API)

    @property
    def is_guarded(self) -> bool:
        """Whether it serves the members of a workspace."""
        return bool(self.opt.get("permission"))

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        return self.method not in SAFE

    @property
    def streams(self) -> bool:
        """Whether its answer does not end by itself."""
        returned = self.handler.parsed_fn_signature.return_type.annotation
        return isinstance(returned, type) and issubclass(returned, Stream)

    @property
    def ids(self) -> tuple[str, ...]:
        """The places that take a record's id."""
        return tuple(name for name, type_ in self.places if type_ is UUID)

    @property
    def words(self) -> tuple[str, ...]:
        """The places that take a word."""
        return tuple(name for name, type_ in self.places if type_ is not UUID and name != WORKSPACE)

    def word(self, name: str) -> str:
        """A word that a place takes: the first that it lists, else any."""
        field = self.handler.parsed_fn_signature.parameters.get(name)
        listed = get_args(field.annotation) if field is not None else ()
        return str(listed[0]) if listed else "x"

    @property
    def body(self) -> type[msgspec.Struct] | None:
        """The struct of its body."""
        field = self.handler.parsed_fn_signature.parameters.get("data")
        found = field.annotation if field is not None else None
        return found if isinstance(found, type) and issubclass(found, msgspec.Struct) else None

    @property
    def asked(self) -> dict[str, type]:
        """The parameters that its query must have, with their types."""
        named = {name for name, _ in self.places} | {"ctx", "request", "data", "control", "self"}
        return {
            name: field.annotation
            for name, field in self.handler.parsed_fn_signature.parameters.items()
            if name not in named and not field.has_default
        }

    def folder(self, place: str) -> str:
        """The address before a place, below the API or the workspace: what the id is an id of."""
        before = self.template.partition(f"/{{{place}}}")[0]
        return before.removeprefix(API).removeprefix(f"/w/{{{WORKSPACE}}}").strip("/")

    def address(self, values: Mapping[str, Any]) -> str:
        """The address with its places filled."""
        path = self.template
        for name, _ in self.places:
            path = path.replace(f"{{{name}}}", quote(str(values[name]), safe=""))
        return path


def calls(app: Litestar) -> list[Call]:
    """All routes of an application, in the order of their addresses."""
    return sorted(_calls(app), key=lambda call: (call.template, call.method))


def guarded(app: Litestar) -> list[Call]:
    """The routes that serve the members of workspaces."""
    return [call for call in calls(app) if call.is_guarded]


def _calls(app: Litestar) -> Iterator[Call]:
    for route in app.routes:
        places = tuple(
            (part.name, part.type)
            for part in getattr(route, "path_components", ())
            if not isinstance(part, str)
        )
        for method, found in getattr(route, "route_handler_map", {}).items():
            handler = found[0] if isinstance(found, tuple) else found
            if method != "OPTIONS":
                yield Call(method, route.path_format, handler, places)
