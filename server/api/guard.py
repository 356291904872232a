"""The door: who may call, and the last net for errors nobody foresaw. Plain ASGI, so streams pass untouched.

With an API key every route but `OPEN_PATHS` wants it. Without one the service listens on loopback only, and a browser
on this machine could still be driven by a foreign page; so the Host header must name this machine (DNS rebinding) and
a request that changes something must not come from a foreign origin.
"""

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from configs.settings import Settings
from server.api.errors import as_zhiwen, error_response
from server.errors import AccessDenied, ForeignRequest

OPEN_PATHS = frozenset({"/", "/health", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
STATIC_DOCS = "/static-offline-docs/"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_DOCS_POLICY = "default-src 'self' 'unsafe-inline' data: blob:"


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._key = settings.security.api_key.get_secret_value().encode()
        self._public_host = urlsplit(settings.services.api.public_url).hostname

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, pass on, and turn what escapes into an error response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        started = False

        async def observe(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _protect(message, scope["path"])
            await send(message)

        try:
            self._check(connection, scope["method"])
            await self._app(scope, receive, observe)
        except ClientDisconnect:
            return
        except Exception as error:  # the HTTP edge: the caller must get an answer
            if started:
                raise
            await error_response(as_zhiwen(error), connection)(scope, receive, send)

    def _check(self, connection: HTTPConnection, method: str) -> None:
        path = connection.scope["path"]
        if not self._key:
            self._check_origin(connection, method)
        elif path not in OPEN_PATHS and not path.startswith(STATIC_DOCS):
            scheme, _, key = connection.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), self._key):
                raise AccessDenied

    def _check_origin(self, connection: HTTPConnection, method: str) -> None:
        host = connection.headers.get("host", "")
        if not self._is_here(f"//{host}"):
            raise ForeignRequest(header="Host", value=host)
        origin = connection.headers.get("origin")
        if origin is not None and method not in _READING and not self._is_here(origin):
            raise ForeignRequest(header="Origin", value=origin)

    def _is_here(self, address: str) -> bool:
        try:
            name = urlsplit(address).hostname or ""
            return name in ("localhost", self._public_host) or ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _protect(message: Message, path: str) -> None:
    """No content sniffing anywhere; the documentation pages load nothing from elsewhere."""
    headers = MutableHeaders(scope=message)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if path in ("/docs", "/redoc"):
        headers.setdefault("Content-Security-Policy", _DOCS_POLICY)
