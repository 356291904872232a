"""Who may use the services, and how much of them."""

from pydantic import Field, SecretStr

from configs.sections.base import Section


class Security(Section):
    """Who may use the services. `cors_origins` are pages of other sites whose scripts may call the API."""

    api_key: SecretStr
    cors_origins: list[str]
    metrics_open: bool


class Limits(Section):
    """How much one caller, or all of them, may ask at once; 0 = no limit."""

    max_body_mb: int = Field(ge=1)
    max_upload_mb: int = Field(ge=1)
    max_files: int = Field(ge=1)
    max_query_chars: int = Field(ge=1)
    streams: int = Field(ge=0)
    caller_streams: int = Field(ge=0)
    requests_per_minute: int = Field(ge=0)
