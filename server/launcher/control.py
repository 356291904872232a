"""The launcher's own HTTP endpoint, for the knowledge API on the same machine: which services run, and which models.

    GET  /services
    POST /models/start    {"model_name"}
    POST /models/stop     {"model_name"}
    POST /models/replace  {"model_name", "new_model_name"}

Answers are `{"code", "msg", "data"}` with the code as HTTP status; a POST answers when the model is ready, gone or has
failed. Every request carries `Authorization: Bearer <token>`; the token is made at each start and handed to the
knowledge API alone, in its environment. Listens on loopback only, which the settings see to.
"""

import hmac
import json
import logging
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from configs.sections.services import Service as Address
from server import errors
from server.launcher.errors import AddressUnusable
from server.launcher.models import Models

logger = logging.getLogger(__name__)

LARGEST_BODY = 10_000
PATIENCE_S = 30
_STATUS: list[tuple[type[errors.ZhiwenError], int]] = [
    (errors.InvalidInput, 422),
    (errors.AccessDenied, 401),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Unavailable, 503),
    (errors.UpstreamFailed, 502),
]


class BadRequest(errors.InvalidInput):
    """Detail: reason."""

    code = "bad_request"
    en = "The request cannot be understood: {reason}."
    zh = "无法理解该请求：{reason}。"


class UnknownPath(errors.NotFound):
    """Detail: path."""

    code = "unknown_path"
    en = "The launcher has no {path}. See the head of server/launcher/control.py."
    zh = "启动器没有 {path}，参见 server/launcher/control.py 开头的说明。"


class Control:
    """The endpoint, open inside a `with` block."""

    def __init__(self, at: Address, token: str, models: Models) -> None:
        """Raises `AddressUnusable` when the port was taken a moment ago."""
        handler = type("BoundHandler", (_Handler,), {"models": models, "token": token})
        try:
            self._server = _Server((at.host, at.port), handler)
        except OSError as error:
            detail = {"host": at.host, "port": at.port, "reason": error.strerror, "setting": "services.control"}
            raise AddressUnusable(service="control", **detail) from None

    def __enter__(self) -> "Control":
        threading.Thread(target=self._server.serve_forever, args=(0.1,), name="control", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def server_bind(self) -> None:
        # HTTPServer would look up the machine's name here, which can take seconds without a network.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


class _Handler(BaseHTTPRequestHandler):
    models: Models
    token: str
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        self._answer({"/services": self.models.services})

    def do_POST(self) -> None:
        start, stop, replace = self.models.start, self.models.stop, self.models.replace
        self._answer(
            {
                "/models/start": lambda: start(self._name("model_name")),
                "/models/stop": lambda: stop(self._name("model_name")),
                "/models/replace": lambda: replace(self._name("model_name"), self._name("new_model_name")),
            }
        )

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name of the parent's parameter
        """Quiet: the console belongs to the services' states."""

    def _answer(self, routes: dict[str, Callable[[], Any]]) -> None:
        try:
            self._check_token()
            self._body = self._read() if self.command == "POST" else {}
            route = routes.get(self.path)
            if route is None:
                raise UnknownPath(path=f"{self.command} {self.path}")
            self._send(200, {"code": 200, "msg": "success", "data": route()})
        except errors.ZhiwenError as error:
            status = next((status for family, status in _STATUS if isinstance(error, family)), 500)
            data = {"code": error.code, "msg_zh": error.message("zh"), "detail": error.detail}
            self._send(status, {"code": status, "msg": error.message("en"), "data": data})
        except Exception:  # the HTTP edge: the caller must get an answer
            logger.exception("the control endpoint failed")
            self._send(500, {"code": 500, "msg": errors.ZhiwenError.en, "data": {"code": errors.ZhiwenError.code}})

    def _check_token(self) -> None:
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            raise errors.AccessDenied

    def _read(self) -> dict[str, Any]:
        try:
            length = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(length)) if 0 < length <= LARGEST_BODY else None
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise BadRequest(reason="the body must be a JSON object")
        return body

    def _name(self, field: str) -> str:
        value = self._body.get(field)
        if not isinstance(value, str) or not value:
            raise BadRequest(reason=f"{field} must be a model name")
        return value

    def _send(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body, ensure_ascii=False, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
