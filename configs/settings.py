"""Typed, frozen settings: `default.toml`, then `local.toml`, then `ZHIWEN__SECTION__KEY` variables.

Loading creates, deletes and imports nothing. A key that does not exist, or a value of the wrong kind, raises
`SettingsError`, whose text names the key, the file or variable to look at, and what is allowed.
"""

import importlib
import ipaddress
import os
import sys
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEFAULT_FILE = PROJECT_ROOT / "configs" / "default.toml"
LOCAL_FILE_VARIABLE = "ZHIWEN_CONFIG"
PREFIX = "ZHIWEN__"

Port = Field(ge=1, le=65535)
FreePort = Field(ge=0, le=65535)


class SettingsError(ValueError):
    """The settings cannot be used; the text says which key is wrong and where it was set."""


class Section(BaseModel):
    """One table of the settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(Section):
    """Folders; relative ones start at the project folder."""

    knowledge_base: Path
    logs: Path
    models: Path

    @model_validator(mode="after")
    def _absolute(self) -> "Paths":
        for name in type(self).model_fields:
            object.__setattr__(self, name, PROJECT_ROOT / getattr(self, name))
        return self


class Database(Section):
    """Where the metadata lives."""

    url: str


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


class Services(Section):
    """All addresses."""

    webui: Service
    api: ApiService
    openai_api: Service
    controller: ControllerService
    control: Service
    workers: WorkerService


class Security(Section):
    """Who may use the services."""

    api_key: SecretStr


class Launcher(Section):
    """Patience of `startup.py`."""

    start_timeout_s: float = Field(gt=0)
    stop_timeout_s: float = Field(gt=0)
    restart_limit: int = Field(ge=0)
    restart_window_s: float = Field(gt=0)


class LlmModel(Section):
    """One chat model. `path` is a folder with weights; without it `<paths.models>/<name>` is looked at."""

    engine: Literal["builtin", "fake", "fastchat"]
    repo: str = ""
    path: str = ""
    device: str = ""
    port: int = Field(default=0, ge=0, le=65535)


class EmbedModel(Section):
    """One embedding model; `query_instruction` is put in front of questions, `passage_instruction` of documents."""

    engine: Literal["builtin", "fake", "sentence-transformers"]
    repo: str = ""
    path: str = ""
    device: str = ""
    query_instruction: str = ""
    passage_instruction: str = ""


class Models(Section):
    """Which models there are, and which one is preferred."""

    llm_preference: list[str] = Field(min_length=1)
    embed_preference: list[str] = Field(min_length=1)
    device: Literal["auto", "cpu", "cuda", "mps", "xpu", "npu"]
    llm: dict[str, LlmModel]
    embed: dict[str, EmbedModel]

    @model_validator(mode="after")
    def _preferences_exist(self) -> "Models":
        for kind in ("llm", "embed"):
            for name in getattr(self, f"{kind}_preference"):
                if name not in getattr(self, kind):
                    raise ValueError(f'{kind}_preference names "{name}", but there is no [models.{kind}."{name}"]')
        return self


class KnowledgeBase(Section):
    """How files become chunks."""

    default: str
    vector_store: Literal["faiss", "memory"]
    splitter: str
    chunk_size: int = Field(ge=10, le=100_000)
    chunk_overlap: int = Field(ge=0)
    tokenizer: str
    zh_title_enhance: bool
    max_file_mb: int = Field(ge=1)

    @model_validator(mode="after")
    def _overlap_below_size(self) -> "KnowledgeBase":
        if self.chunk_overlap >= self.chunk_size:
            raise ValueError(
                f"chunk_overlap ({self.chunk_overlap}) must be smaller than chunk_size ({self.chunk_size})"
            )
        return self


class Ingest(Section):
    """How files are read, and within which limits."""

    ocr: bool
    parsers: int = Field(ge=1, le=64)
    queue_limit: int = Field(ge=1)
    file_timeout_s: float = Field(gt=0)
    file_memory_mb: int = Field(ge=256)
    cache_mb: int = Field(ge=0)
    loaders: dict[str, str]


class Retrieval(Section):
    """How a question finds chunks."""

    top_k: int = Field(ge=1)
    score_threshold: float = Field(ge=0, le=2)
    candidates: int = Field(ge=1)


class Chat(Section):
    """How an answer is asked for."""

    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(ge=0)
    history_len: int = Field(ge=0)
    request_timeout_s: float = Field(gt=0)


class Web(Section):
    """The web page."""

    language: Literal["auto", "zh", "en"]


class Settings(BaseSettings):
    """All settings; made by `load_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__")

    paths: Paths
    database: Database
    services: Services
    security: Security
    launcher: Launcher
    models: Models
    knowledge_base: KnowledgeBase
    ingest: Ingest
    retrieval: Retrieval
    chat: Chat
    web: Web

    @classmethod
    def settings_customise_sources(  # pyright: ignore[reportIncompatibleMethodOverride]  # called by keyword
        cls, settings_cls: type[BaseSettings], **_: Any
    ) -> tuple[Any, ...]:
        """Environment over local file over defaults."""
        files = [DEFAULT_FILE, local_file()]
        return EnvSettingsSource(settings_cls), TomlConfigSettingsSource(settings_cls, toml_file=files, deep_merge=True)

    @model_validator(mode="after")
    def _public_needs_key(self) -> "Settings":
        for name in ("webui", "api", "openai_api", "controller"):
            service: Service = getattr(self.services, name)
            if service.is_public and not self.security.api_key.get_secret_value():
                raise ValueError(
                    f"services.{name}.host = {service.host} lets other machines in, and security.api_key is empty. "
                    "Set a long random security.api_key, or bind to 127.0.0.1"
                )
        if self.services.control.is_public:
            raise ValueError("services.control.host must be a loopback address such as 127.0.0.1")
        return self

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the metadata database."""
        return self.database.url or f"sqlite:///{(self.paths.knowledge_base / 'info.db').as_posix()}"


def local_file() -> Path:
    """The file with this machine's own settings; it need not exist."""
    return Path(os.environ.get(LOCAL_FILE_VARIABLE) or PROJECT_ROOT / "configs" / "local.toml").absolute()


def load_settings() -> Settings:
    """Read and check the settings.

    Raises:
        SettingsError: a file cannot be read, a key does not exist or a value is not allowed.
    """
    _check_variables()
    toml = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        return Settings()  # pyright: ignore[reportCallIssue]  # every field comes from the sources
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, item['loc']))}: {_reason(item)}" for item in error.errors()]
        raise SettingsError("\n".join(["The settings are not usable:", *lines, _where()])) from None
    except (toml.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"The settings file {local_file()} cannot be read: {error}") from None


def _reason(item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return "there is no such setting (see configs/default.toml for all of them)"
    return str(item["msg"]).removeprefix("Value error, ")


def _where() -> str:
    return f"Look in {local_file()} and at environment variables that begin with {PREFIX}."


def _check_variables() -> None:
    sections = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if variable.upper().startswith(PREFIX) and variable.upper()[len(PREFIX) :].split("__")[0] not in sections:
            raise SettingsError(
                f"The environment variable {variable} names no section of the settings; "
                f"sections are {', '.join(sorted(Settings.model_fields))}"
            )
