"""Where the services listen, and the patience of the launcher."""

import ipaddress
from typing import Literal

from pydantic import Field

from configs.sections.base import Section

CONTROL_TOKEN = "ZHIWEN_CONTROL_TOKEN"  # noqa: S105  # the name of a variable
"""The launcher makes a token at each start and gives it to the knowledge API alone, in this variable."""
Port = Field(ge=1, le=65535)
FreePort = Field(ge=0, le=65535)


class Service(Section):
    """Address of one HTTP service."""

    host: str
    port: int = Port

    @property
    def url(self) -> str:
        """Address for a client on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach the service."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"


class ApiService(Service):
    """The knowledge API."""

    public_url: str


class ControllerService(Service):
    """FastChat's controller."""

    dispatch_method: Literal["shortest_queue", "lottery"]


class WorkerService(Section):
    """Defaults of the model workers."""

    host: str
    port: int = FreePort
    limit_worker_concurrency: int = Field(ge=1)
    queue_limit: int = Field(ge=0)


class Services(Section):
    """All addresses."""

    webui: Service
    api: ApiService
    openai_api: Service
    controller: ControllerService
    control: Service
    workers: WorkerService


class Launcher(Section):
    """Patience of `startup.py`."""

    start_timeout_s: float = Field(gt=0)
    stop_timeout_s: float = Field(gt=0)
    restart_limit: int = Field(ge=0)
    restart_window_s: float = Field(gt=0)
