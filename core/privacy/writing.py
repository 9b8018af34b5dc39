"""Writes what there is about a person as one ZIP: JSON for programs, a page for people, and the files."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from core.kernel.files import safe_name
from core.kernel.i18n import N_
from core.tenancy.ctx import Ctx

Row = Mapping[str, Any]
HEAD = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title><style>
body{{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}}
table{{border-collapse:collapse;width:100%;margin:0 0 1.5rem}}
th,td{{border:1px solid #ccc;padding:.3rem .6rem;text-align:start;vertical-align:top;overflow-wrap:anywhere}}
th{{width:12rem;font-weight:500}}</style></head><body><h1>{title}</h1>
"""


class Part(NamedTuple):
    """What one module holds."""

    key: str
    title: str
    rows: Sequence[Row]


def write(path: Path, parts: Sequence[Part], files: Mapping[str, Path], *, head: str) -> None:
    """Write the archive; ``files`` says for digests where their bytes lie."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        body = [head]
        for part in parts:
            archive.writestr(f"{part.key}.json", json.dumps(part.rows, ensure_ascii=False, indent=2))
            body.append(f"<h2>{escape(part.title)}</h2>\n")
            body += [_table(row) for row in part.rows]
            for number, row in enumerate(part.rows, 1):
                if (source := files.get(str(row.get("sha256")))) is not None:
                    archive.write(source, f"files/{part.key}/{number}-{safe_name(str(row.get('name', '')))}")
        archive.writestr("index.html", "".join(body) + "</body></html>\n")


def head(ctx: Ctx) -> str:
    """The beginning of the page, in the reader's language."""
    title = ctx.t(N_("Personal data, as of {day}"), day=ctx.today().isoformat())
    return HEAD.format(lang=ctx.locale.replace("_", "-"), title=escape(title))


def _table(row: Row) -> str:
    lines = (f"<tr><th>{escape(str(key))}</th><td>{_cell(value)}</td></tr>" for key, value in row.items())
    return f"<table>{''.join(lines)}</table>\n"


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return escape(text).replace("\n", "<br>")
