"""Typed, frozen settings: `default.toml`, then `local.toml`, then `ZHIWEN__SECTION__KEY` variables.

Loading creates, deletes and imports nothing. A key that does not exist, or a value of the wrong kind, raises
`SettingsError`, whose text names the key, the file or variable to look at, and what is allowed.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from configs.sections.access import Limits, Security
from configs.sections.agent import Agent
from configs.sections.base import PROJECT_ROOT
from configs.sections.chat import Chat, Web
from configs.sections.documents import Database, Ingest, KnowledgeBase, Paths, Retrieval
from configs.sections.file_chat import FileChat
from configs.sections.models import EVERY_OTHER, Models
from configs.sections.providers import Provider
from configs.sections.services import Launcher, Service, Services
from configs.sections.web import Fetching, Search
from configs.wrong import SettingsError, no_section, not_usable, unreadable

__all__ = ["PREFIX", "PROJECT_ROOT", "Settings", "SettingsError", "load_settings", "local_file"]

DEFAULT_FILE = PROJECT_ROOT / "configs" / "default.toml"
LOCAL_FILE_VARIABLE = "ZHIWEN_CONFIG"
PREFIX = "ZHIWEN__"


class Settings(BaseSettings):
    """All settings; made by `load_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__")

    paths: Paths
    database: Database
    services: Services
    security: Security
    limits: Limits
    launcher: Launcher
    models: Models
    providers: dict[str, Provider]
    knowledge_base: KnowledgeBase
    ingest: Ingest
    retrieval: Retrieval
    search: Search
    fetching: Fetching
    chat: Chat
    file_chat: FileChat
    agent: Agent
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
        # Page and API also take keys of the database; `server.keys` looks at those when they start.
        for name in ("openai_api", "controller"):
            service: Service = getattr(self.services, name)
            if service.is_public and not self.security.api_key.get_secret_value():
                raise ValueError(
                    f"services.{name}.host = {service.host} lets other machines in, and security.api_key is empty. "
                    "Set a long random security.api_key, or bind to 127.0.0.1"
                )
        if self.services.control.is_public:
            raise ValueError("services.control.host must be a loopback address such as 127.0.0.1")
        return self

    @model_validator(mode="after")
    def _models_have_providers(self) -> "Settings":
        for kind in ("llm", "embed", "rerank"):
            for name, model in getattr(self.models, kind).items():
                if model.engine == "provider" and model.provider not in self.providers:
                    raise ValueError(
                        f'models.{kind}."{name}".provider = "{model.provider}", but there is no '
                        f'[providers."{model.provider}"]'
                    )
        return self

    @model_validator(mode="after")
    def _preferred_models_exist(self) -> "Settings":
        for kind in ("llm", "embed", "rerank"):
            known = {*getattr(self.models, kind), *((EVERY_OTHER,) if kind == "llm" else ())}
            for name in getattr(self.models, f"{kind}_preference"):
                if name not in known and not self._is_offered(name):
                    raise ValueError(
                        f'models.{kind}_preference names "{name}", but there is no [models.{kind}."{name}"], '
                        "and no table of providers offers it in its `models`"
                    )
        return self

    def _is_offered(self, name: str) -> bool:
        provider, _, model = name.partition("/")
        offered = self.providers[provider].models if provider in self.providers else ()
        return bool(model) and (offered == "auto" or model in offered)

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
        raise not_usable(error.errors(), local_file(), PREFIX) from None
    except (toml.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise unreadable(local_file(), error) from None


def _check_variables() -> None:
    sections = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if variable.upper().startswith(PREFIX) and variable.upper()[len(PREFIX) :].split("__")[0] not in sections:
            raise no_section(variable, list(Settings.model_fields))
