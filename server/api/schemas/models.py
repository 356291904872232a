"""Chat models: which run, which are configured, starting and stopping them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from server.api.schemas.base import BaseResponse, Request

ModelType = Literal["local", "online", "worker"]


class ModelsResponse(BaseResponse):
    """An object from model names to what is known of them."""

    data: dict[str, Any] = Field(default_factory=dict)


class RunningRequest(Request):
    """POST /llm_model/list_running_models. A `controller_address` may only repeat the configured one."""

    controller_address: str = ""
    placeholder: str = ""


class ConfiguredRequest(Request):
    """POST /llm_model/list_config_models."""

    types: list[ModelType] = Field(default=["local", "online"])
    placeholder: str = ""


class ModelRequest(Request):
    """POST /llm_model/get_model_config, /llm_model/start and /llm_model/stop."""

    model_name: str
    controller_address: str = ""
    placeholder: str = ""


class ChangeRequest(Request):
    """POST /llm_model/change."""

    model_name: str
    new_model_name: str
    controller_address: str = ""


class TryRequest(Request):
    """POST /llm_model/test_provider. Without a model its first one is asked."""

    provider: str
    model: str = ""


class ProviderDetails(BaseModel):
    """One provider of the settings. `models` are those the settings name, `finds` says that it is asked for others;
    `reason` tells why it cannot be asked as it is set up."""

    name: str
    title: str
    address: str
    models: list[str]
    finds: bool
    reason: str


class ProvidersResponse(BaseResponse):
    """GET /llm_model/providers."""

    data: list[ProviderDetails] = Field(default_factory=list)


class Changed(BaseModel):
    """What 0.2.10 answers to a change: no `data`."""

    code: int = 200
    msg: str = "success"


class ModelStateDetails(BaseModel):
    """One chat model. `engine` of an online one is its provider; `seconds` is how long it has been loading, or took,
    `percent` how much of its weights is loaded, null where that is not known."""

    name: str
    kind: Literal["local", "online"]
    engine: str
    state: Literal["running", "loading", "stopping", "failed", "stopped", "unavailable"]
    default: bool
    address: str
    seconds: float
    percent: int | None = None
    restarts: int
    log: str
    reason: str
    can_start: bool
    can_stop: bool


class StatesResponse(BaseResponse):
    """GET /llm_model/states."""

    data: list[ModelStateDetails] = Field(default_factory=list)


class CatalogEntry(BaseModel):
    """A configured model. `bytes` are those of its weights, null where there are none here; `rank` is its place in the
    preferences, 0 outside of them; `reason` says why it is used, or what it lacks."""

    kind: Literal["llm", "embed", "rerank"]
    name: str
    engine: str
    repo: str
    needs_weights: bool
    bytes: int | None
    rank: int
    available: bool
    in_use: bool
    can_download: bool
    reason: str


class CatalogResponse(BaseResponse):
    """GET /llm_model/catalog."""

    data: list[CatalogEntry] = Field(default_factory=list)


class DownloadRequest(Request):
    """POST /llm_model/download and /llm_model/cancel_download."""

    model_name: str


class DownloadDetails(BaseModel):
    """One download. `total` is 0 until the hub has told it; `began` is in seconds since 1970."""

    name: str
    state: Literal["running", "done", "failed", "cancelled"]
    arrived: int
    total: int
    began: float
    reason: str = ""


class DownloadResponse(BaseResponse):
    """One download."""

    data: DownloadDetails | None = None


class DownloadsResponse(BaseResponse):
    """GET /llm_model/downloads."""

    data: list[DownloadDetails] = Field(default_factory=list)
