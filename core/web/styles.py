"""The style sheet: kept in short files, served as one.

One file compresses better than several, and no page waits for a second one. Never changes what a rule says.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from litestar import Response, get
from litestar.datastructures import CacheControlHeader

ADDRESS: Final = "gx.css"
FOLDER: Final = Path(__file__).parent / "css"
PARTS: Final = ("base", "shell", "lists", "records", "print")
FOR_EVER: Final = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
# Texts stay as they are, and so does every space that may part two selectors.
_IDLE: Final = re.compile(r'("[^"]*")|/\*.*?\*/|\s*([{};,])\s*|(?<=[-\w]:) +', re.DOTALL)


@cache
def style_sheet() -> bytes:
    """Join the parts in their order, without comments and idle spaces."""
    text = "\n".join((FOLDER / f"{part}.css").read_text("utf-8") for part in PARTS)
    return _IDLE.sub(lambda found: found[1] or found[2] or "", text).encode()


@cache
def mark() -> str:
    """Return the mark of the content that the address carries, so that browsers may keep it for ever."""
    return hashlib.sha256(style_sheet()).hexdigest()[:10]


@get(f"/static/{ADDRESS}", opt={"asset": True}, cache_control=FOR_EVER, include_in_schema=False)
async def style_page() -> Response[bytes]:
    """Serve the style sheet."""
    return Response(style_sheet(), media_type="text/css; charset=utf-8")
