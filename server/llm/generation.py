"""What a chat model is asked for, and the pieces it answers with, whichever way it is reached."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.types import CallPiece, Message, Usage


@dataclass(frozen=True, slots=True)
class Generation:
    """How one answer is generated; None leaves a value to the model's settings.

    `max_tokens` counts tokens of the answer; `stop` ends it before any of these texts; the same `seed` asks for the
    same answer again, where the model can do that. `extra` is what OpenAI's API does not know, such as top_k; only
    services that take it are told. `options` are fields of OpenAI's API that FastChat does not know, such as `tools`;
    a model that cannot take one of them is not asked.
    """

    model: str
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    extra: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Spent:
    """Tokens that answers have cost since the start."""

    prompt_tokens: int = 0
    completion_tokens: int = 0

    def add(self, usage: Usage) -> None:
        """Count one answer in."""
        self.prompt_tokens += usage.prompt_tokens
        self.completion_tokens += usage.completion_tokens


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of an answer. `finish_reason` and `usage` come with the last one, where the model tells them."""

    text: str = ""
    finish_reason: str = ""
    usage: Usage | None = None
    calls: tuple[CallPiece, ...] = ()


class Streams(Protocol):
    """Asks chat models."""

    def stream(self, messages: Sequence[Message], generation: Generation) -> AsyncGenerator[Piece, None]:
        """Pieces of the answer; raises what the model's client raises. Closing cancels the generation."""
        ...


class Models(Streams, Protocol):
    """Asks chat models, and tells what must be known to ask them; `default` is asked where none is named."""

    default: str

    def window(self, model: str) -> int:
        """Tokens of prompt and answer together that the model takes."""
        ...

    def count_tokens(self, model: str, text: str) -> int:
        """Tokens of a text, rather too many than too few."""
        ...
