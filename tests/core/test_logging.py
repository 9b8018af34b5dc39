"""Log lines are JSON, come from structlog and the standard library alike, and hide secrets."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from core.logging import HIDDEN, configure


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("info", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_both_ways_of_logging_give_one_json_object_per_line(lines: io.StringIO):
    structlog.get_logger("core.web").info("request", status=200, name="张伟")
    logging.getLogger("granian").warning("slow %s", "start")
    logging.getLogger("granian").debug("unheard")
    first, second = (json.loads(line) for line in lines.getvalue().splitlines())
    assert (first["message"], first["status"], first["level"], first["name"]) == (
        "request",
        200,
        "info",
        "张伟",
    )
    assert (second["message"], second["logger"]) == ("slow start", "granian")
    assert first["time"].endswith("Z")


def test_an_exception_is_one_line_too(lines: io.StringIO):
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines.getvalue().splitlines()
    assert "ValueError: broken" in json.loads(line)["exception"]


def test_secrets_do_not_reach_a_line(lines: io.StringIO):
    structlog.get_logger().info(
        "login", password="hunter2", headers={"Authorization": "Bearer hunter2"}, api_key="hunter2", ok=1
    )
    assert "hunter2" not in lines.getvalue()
    line = json.loads(lines.getvalue())
    assert (line["password"], line["headers"]["Authorization"], line["ok"]) == (HIDDEN, HIDDEN, 1)
