"""Services with an OpenAI-compatible API that have models of their own: clouds, and programs on this machine."""

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from configs.sections.base import Section


class Provider(Section):
    """One service. What is left empty comes from its preset (server/llm/provider_presets.py)."""

    preset: str = ""
    base_url: str = ""
    api_key: SecretStr = SecretStr("")
    api_key_env: str = ""
    proxy: SecretStr = SecretStr("")
    timeout_s: float = Field(default=120, gt=0)
    max_retries: int = Field(default=2, ge=0, le=10)
    concurrency: int = Field(default=32, ge=1)
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    models: list[str] | Literal["auto"] = Field(default_factory=list)

    @field_validator("base_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if "@" in urlsplit(value).netloc:
            raise ValueError('take user and password out, and set headers = { Authorization = "Basic ..." }')
        return _address(value)

    @field_validator("proxy")
    @classmethod
    def _is_proxy(cls, value: SecretStr) -> SecretStr:
        _address(value.get_secret_value())
        return value


def _address(value: str) -> str:
    if value and not value.startswith(("http://", "https://", "socks5://")):
        raise ValueError("this is no address; write it with http:// or https:// in front")
    return value.rstrip("/")
