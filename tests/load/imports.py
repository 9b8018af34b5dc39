"""Imports through the API: a made file, its upload, and the wait for the end."""

import json
from typing import Any

from tests.load.client import Answer, Client

BOUNDARY = "guanxi-load"
FIELDS = ["name", "external_id", "phone", "email", "city"]


def made(rows: int) -> str:
    """A CSV file of companies, the same on every run."""
    lines = ["Name,External ID,Phone,E-mail,City"]
    lines += [
        f"Company {n},row-{n},+86138{n:08d},office{n}@company{n}.example,{('上海', 'Berlin', 'Lima')[n % 3]}"
        for n in range(rows)
    ]
    return "\n".join(lines)


async def upload(client: Client, text: str) -> dict[str, Any]:
    """Send the file and start it; every row is new."""
    parts = {
        "record_type": "customer",
        "mapping": json.dumps(FIELDS),
        "match": json.dumps(["external_id"]),
        "rule": "skip",
        "start": "run",
    }
    body = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    body += (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="made.csv"\r\n'
        f"Content-Type: text/csv\r\n\r\n{text}\r\n--{BOUNDARY}--\r\n"
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}", "Idempotency-Key": "made"}
    answer = await client.send("POST", "/api/v1/imports", body.encode(), kind)
    assert answer.status == 201, answer
    found: dict[str, Any] = answer.json()
    return found


async def state(client: Client, import_id: str) -> dict[str, Any] | None:
    """How far an import is; None while nobody answers."""
    try:
        answer: Answer = await client.get(f"/api/v1/imports/{import_id}")
    except (OSError, TimeoutError):
        return None
    found: dict[str, Any] | None = answer.json() if answer.status == 200 else None
    return found
