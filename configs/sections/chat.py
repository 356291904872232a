"""How answers are asked for, and the web page."""

from typing import Literal

from pydantic import Field

from configs.sections.base import Section


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
    """The web page."""

    language: Literal["auto", "zh", "en"]
