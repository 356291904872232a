"""What state the services are in."""

from typing import Literal

from pydantic import BaseModel


class ServiceState(BaseModel):
    """One part `/health` looks at."""

    ok: bool
    detail: str = ""


class Ready(BaseModel):
    """GET /ready: everything an answer from documents needs, each with its state and the reason."""

    ready: bool
    parts: dict[str, ServiceState]


class Health(BaseModel):
    """GET /health."""

    status: Literal["ok", "degraded"]
    version: str
    llm: str
    embed_model: str
    language: str
    services: dict[str, ServiceState]
