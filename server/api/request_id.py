"""One id for each request: taken over from the caller when it is sane, sent back, and in every line of the log."""

import random
import re
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
NONE = "-"
_SANE = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def request_id() -> str:
    """The id of the request that is being worked on, `-` outside of any."""
    return _current.get()


class RequestId:
    """ASGI middleware, the outermost one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the request its id."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        own = given if _SANE.fullmatch(given) else f"{random.getrandbits(128):032x}"

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = own
            await send(message)

        token = _current.set(own)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            _current.reset(token)
