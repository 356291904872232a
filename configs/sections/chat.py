"""How answers are asked for, and the web page."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator

from configs.sections.base import Section

LEAST_PASSWORD = 8


class Chat(Section):
    """How an answer is asked for."""

    temperature: float = Field(ge=0, le=2)
    max_tokens: int = Field(ge=0)
    history_len: int = Field(ge=0)
    request_timeout_s: float = Field(gt=0)
    answer_without_sources: bool
    follow_ups: Literal["auto", "rule", "off"]
    follow_up_timeout_s: float = Field(gt=0)


class Web(Section):
    """The web page. `login_hours` is how long a browser stays logged in, 0 until it loads the page again. `users` are
    people of an OIDC provider by e-mail address, each with an API key; "" stands for `security.api_key`."""

    language: Literal["auto", "zh", "en"]
    password: SecretStr
    login_hours: int = Field(ge=0, le=8760)
    users: dict[str, SecretStr]

    @field_validator("password")
    @classmethod
    def _is_long(cls, password: SecretStr) -> SecretStr:
        if 0 < len(password.get_secret_value()) < LEAST_PASSWORD:
            raise ValueError(f"must have at least {LEAST_PASSWORD} characters")
        return password
