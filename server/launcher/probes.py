"""Questions to a starting service: does it answer yet? Each returns at once or within `TIMEOUT_S`, and never raises."""

import json
import socket
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Protocol
from urllib.parse import urlsplit

TIMEOUT_S = 2.0


class Probe(Protocol):
    """What a service is asked."""

    def answers(self) -> bool:
        """Whether the service can be used now."""
        ...


@dataclass(frozen=True)
class Listens:
    """The port takes connections, which uvicorn allows only after its application has started."""

    url: str

    def answers(self) -> bool:
        """Whether the port is open."""
        parts = urlsplit(self.url)
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), timeout=TIMEOUT_S).close()
        except OSError:
            return False
        return True


@dataclass(frozen=True)
class Answers:
    """GET gives 200."""

    url: str

    def answers(self) -> bool:
        """Whether the address answers 200."""
        return _ask("GET", self.url) is not None


@dataclass(frozen=True)
class Registered:
    """The worker listens and the controller knows its model.

    Both are asked: a controller still names a dead worker for a while, and may know another worker of the same model.
    """

    url: str
    controller: str
    model: str

    def answers(self) -> bool:
        """Whether the model can be asked through the controller."""
        if not Listens(self.url).answers():
            return False
        body = _ask("POST", f"{self.controller}/list_models")
        try:
            return body is not None and self.model in json.loads(body)["models"]
        except (ValueError, KeyError, TypeError):
            return False

    def forget(self) -> None:
        """Tell the controller that the worker is gone, which by itself it would see after one and a half minutes."""
        _ask("POST", f"{self.controller}/unregister_worker", json.dumps({"worker_name": self.url}))


def _ask(method: str, url: str, body: str | None = None) -> bytes | None:
    # http.client, because it ignores proxy variables: these addresses must never be looked up through a proxy.
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    try:
        connection.request(method, parts.path or "/", body)
        answer = connection.getresponse()
        content = answer.read()
        return content if answer.status == 200 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
