"""Hands out the files of archives."""

from __future__ import annotations

from datetime import datetime

from litestar.response import Stream

from core.kernel.errors import NotFound
from core.kernel.files import chunks, download_headers
from core.runtime import Runtime
from tenants.workspace.models import Archive
from tenants.workspace.places import place

KIND = "application/zip"


def is_ready(archive: Archive, now: datetime) -> bool:
    """Whether the file can be fetched."""
    return archive.finished_at is not None and archive.expires_at is not None and archive.expires_at > now


def file_of(runtime: Runtime, archive: Archive) -> Stream:
    """The file as a download; raises NotFound before it is ready and after it expired."""
    path = place(runtime, archive.id)
    if not is_ready(archive, runtime.clock.now()) or not path.is_file():
        raise NotFound
    headers = download_headers(archive.file_name, KIND)
    return Stream(chunks(path), headers=headers, media_type=KIND)
