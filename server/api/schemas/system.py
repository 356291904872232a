"""The services, their logs, and the machine they run on."""

from typing import Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse


class ServiceDetails(BaseModel):
    """One service of the launcher. `seconds` is how long it took to get ready; `uptime_s` and `memory_mb` (with its
    child processes) are 0 when it does not run; `failure` says why it does not."""

    name: str
    model: str = ""
    state: Literal["waiting", "starting", "ready", "restarting", "stopping", "stopped", "failed"]
    address: str
    seconds: float
    uptime_s: float = 0.0
    memory_mb: int = 0
    restarts: int
    log: str
    failure: str = ""


class Services(BaseModel):
    """What the launcher runs; without a launcher nothing is known of the other services. `logs` are all there are."""

    launcher: bool
    services: list[ServiceDetails] = Field(default_factory=list)
    logs: list[str] = Field(default_factory=list)


class ServicesResponse(BaseResponse):
    """GET /system/services."""

    data: Services | None = None


class LogLines(BaseModel):
    """The end of a log, oldest line first."""

    name: str
    lines: list[str]


class LogResponse(BaseResponse):
    """GET /system/logs/{service}."""

    data: LogLines | None = None


class FolderUse(BaseModel):
    """A folder of data, by the name of its setting, and what is free on its disk."""

    name: str
    bytes: int
    free_bytes: int


class GpuUse(BaseModel):
    """One NVIDIA GPU. `percent` is null where the driver does not tell it."""

    name: str
    percent: int | None = None
    used_mb: int
    total_mb: int


class SystemInfo(BaseModel):
    """Versions, room and settings; `settings` is TOML with secrets as asterisks."""

    version: str
    python: str
    platform: str
    packages: dict[str, str]
    database: str
    folders: list[FolderUse]
    memory_used_mb: int
    memory_total_mb: int
    gpus: list[GpuUse]
    settings: str


class SystemResponse(BaseResponse):
    """GET /system/info."""

    data: SystemInfo | None = None
