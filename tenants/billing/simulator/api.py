"""Answers the product's calls: key, parameters, idempotency, and the answer in Stripe's shape."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, delete, get, post

from tenants.billing.simulator.endpoints import ENDPOINTS
from tenants.billing.simulator.params import Problem, check, decode
from tenants.billing.simulator.world import World, shown

Any_ = Request[Any, Any, Any]


def world_of(request: Any_) -> World:
    """The simulator's state."""
    world: World = request.app.state.world
    return world


@get("/v1/{path:path}", status_code=200)
async def read(request: Any_) -> Response[Any]:
    """Answer a question."""
    return await _answer(request)


@post("/v1/{path:path}", status_code=200)
async def write(request: Any_) -> Response[Any]:
    """Answer a wish."""
    return await _answer(request)


@delete("/v1/{path:path}", status_code=200)
async def remove(request: Any_) -> Response[Any]:
    """Answer a farewell."""
    return await _answer(request)


async def _answer(request: Any_) -> Response[Any]:
    world = world_of(request)
    body = (await request.body()).decode()
    # The library sends what a GET or DELETE carries in the address.
    text = body if request.method == "POST" else request.scope["query_string"].decode()
    try:
        if not request.headers.get("authorization", "").startswith(("Bearer sk_test_", "Basic ")):
            raise Problem("You did not provide a test-mode API key.", status=401)
        status, answer = answer_once(
            world,
            (request.method, request.scope["path"].rstrip("/")),
            text,
            request.headers.get("idempotency-key", ""),
        )
    except Problem as problem:
        status, answer = problem.status, problem.body
    world.save()
    return Response(
        answer, status_code=status, headers={"Request-Id": world.id("event").replace("evt", "req")}
    )


def answer_once(world: World, call: tuple[str, str], text: str, key: str = "") -> tuple[int, dict[str, Any]]:
    """Do what a call asks for; one with a known key gets its first answer again."""
    method, path = call
    mark = hashlib.sha256(f"{method} {path}\n{text}".encode()).hexdigest()
    if key and key in world.answers and method == "POST":
        known, status, answer = world.answers[key]
        if known != mark:
            message = f"Idempotency key '{key}' was used before, with other parameters."
            raise Problem(message, kind="idempotency_error")
        return status, answer
    try:
        status, answer = 200, _call(world, method, path, text)
    except Problem as problem:
        # Stripe keeps what began to be done, and forgets what it refused to read.
        if problem.status != 402:
            raise
        status, answer = problem.status, problem.body
    if key and method == "POST":
        world.answers[key] = [mark, status, json.loads(json.dumps(answer))]
    return status, answer


def _call(world: World, method: str, path: str, text: str) -> dict[str, Any]:
    for endpoint in ENDPOINTS:
        match = endpoint.path.fullmatch(path)
        if match and endpoint.method == method:
            given = check(endpoint.params, decode(parse_qsl(text, keep_blank_values=True)))
            return shown(endpoint.act(world, given, match.groupdict().get("id", "")))
    raise Problem(f"Unrecognized request URL ({method}: {path}).", status=404)
