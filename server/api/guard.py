"""The door: who may call, how much, and the last net for errors nobody foresaw. Plain ASGI, so streams pass untouched.

With an API key, in the settings or in the database, every route but the open ones wants it. Without one the service
listens on loopback only, and a browser on this machine could still be driven by a foreign page; so the Host header must
name this machine (DNS rebinding) and a request that changes something must not come from a foreign origin.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from configs.settings import Settings
from server.api.access import METRICS, READING, is_open, needed_scope
from server.api.errors import as_zhiwen, error_response
from server.api.limits import Body, Gate
from server.caller import NOBODY, Caller, acting_for
from server.errors import AccessDenied, ForeignRequest, ScopeMissing
from server.keys import ApiKeys

_DOCS_POLICY = "default-src 'self' 'unsafe-inline' data: blob:"


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._is_public = settings.services.api.is_public
        self._public_host = urlsplit(settings.services.api.public_url).hostname
        self._origins = frozenset(settings.security.cors_origins)
        self._open = (METRICS,) if settings.security.metrics_open else ()
        self._gate = Gate(settings.limits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, pass on, and turn what escapes into an error response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        body: Body | None = None
        started = False

        async def observe(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start" and not started:
                if body is not None and body.exceeded:
                    raise body.exceeded  # whatever the reader of the body made of it
                started = True
                _protect(message, scope["path"])
            await send(message)

        try:
            caller = await self._admit(connection)
            with self._gate.entered(_identity(caller, connection), scope["path"]), acting_for(caller):
                body = self._gate.body(receive, scope["path"], connection.headers.get("content-length"))
                await self._app(scope, body.receive, observe)
        except ClientDisconnect:
            return
        except Exception as error:  # the HTTP edge: the caller must get an answer
            if started:
                raise
            # Starlette wraps what is raised out of a response that it thinks has begun.
            cause = body.exceeded if body is not None and body.exceeded else error
            await error_response(as_zhiwen(cause), connection)(scope, receive, send)

    async def _admit(self, connection: HTTPConnection) -> Caller:
        """Whoever this is, with the right to call this route. Raises `AccessDenied`."""
        path, method = connection.scope["path"], connection.scope["method"]
        keys: ApiKeys = connection.app.state.container.api_keys
        if not keys.is_fresh:
            await run_in_threadpool(keys.exist)
        if not (self._is_public or keys.exist()):
            self._check_origin(connection, method)
            return NOBODY
        if is_open(path) or path in self._open:
            return NOBODY
        caller = keys.recognise(_sent_key(connection))
        if caller is None:
            raise AccessDenied
        needed = needed_scope(method, path)
        if not caller.may(needed):
            raise ScopeMissing(scope=caller.scope, needed=needed)
        return caller

    def _check_origin(self, connection: HTTPConnection, method: str) -> None:
        host = connection.headers.get("host", "")
        if not self._is_here(f"//{host}"):
            raise ForeignRequest(header="Host", value=host)
        origin = connection.headers.get("origin")
        if origin is None or method in READING or origin in self._origins:
            return
        if not self._is_here(origin):
            raise ForeignRequest(header="Origin", value=origin)

    def _is_here(self, address: str) -> bool:
        try:
            name = urlsplit(address).hostname or ""
            return name in ("localhost", self._public_host) or ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False


def _sent_key(connection: HTTPConnection) -> str:
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    return connection.headers.get("x-api-key", "").strip()


def _identity(caller: Caller, connection: HTTPConnection) -> str:
    """Whose limits count: those of the key, or of the address where there is none."""
    if caller is not NOBODY:
        return f"key {caller.name}"
    return connection.client.host if connection.client else ""


def _protect(message: Message, path: str) -> None:
    """No content sniffing anywhere; the documentation pages load nothing from elsewhere."""
    headers = MutableHeaders(scope=message)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if path in ("/docs", "/redoc"):
        headers.setdefault("Content-Security-Policy", _DOCS_POLICY)
