"""What is asked of a chat."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.chat.grounds import Ground, Nothing
from server.types import Message


@dataclass(frozen=True, slots=True)
class Question:
    """A question and how it is to be answered. An empty `model`, and None for a number, mean the setting.

    `history` are the earlier turns, oldest first. With `return_direct` the sources are the answer: no model is asked.
    `options` are those of `Generation`.
    """

    text: str
    history: tuple[Message, ...] = ()
    ground: Ground = field(default_factory=Nothing)
    model: str = ""
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = "default"
    return_direct: bool = False
