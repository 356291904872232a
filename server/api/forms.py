"""Forms with files: how many, how long, and on disk rather than in memory."""

from collections.abc import Callable
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser

from server.api.limits import MEGABYTE
from server.errors import TooManyFiles

MEMORY_PER_FILE = 64 * 1024
"""A file longer than this goes to disk while it arrives: `limits.max_files` small ones together stay small."""
MultiPartParser.spool_max_size = MEMORY_PER_FILE  # Starlette has no other place for it


class FormRoute(APIRoute):
    """A route whose form may hold as many files, and as long texts, as the settings allow."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Parse the form with our limits first; FastAPI then finds it parsed."""
        handle = super().get_route_handler()

        async def with_limits(request: Request) -> Response:
            if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
                await _parse(request)
            return await handle(request)

        return with_limits


async def _parse(request: Request) -> None:
    limits = request.app.state.container.settings.limits
    try:
        await request.form(max_files=limits.max_files, max_part_size=limits.max_body_mb * MEGABYTE)
    except HTTPException as error:
        if "Too many files" in str(error.detail):
            raise TooManyFiles(limit=limits.max_files) from None
        raise
