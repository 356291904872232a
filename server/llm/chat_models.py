"""All chat models behind one door: FastChat's API serves those with workers."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from configs.settings import Settings
from server.llm.chat_model import chat_model, running_models, stream_chat
from server.llm.generation import Generation, Piece
from server.llm.tokens import estimate
from server.types import Message

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

WINDOW = 8192
"""Tokens of prompt and answer together that are taken for granted of any model."""


class ChatModels:
    """Streams answers of any chat model, and tells what is known of it."""

    def __init__(self, settings: Settings, default: str) -> None:
        self._settings = settings
        self.default = default

    async def stream(self, messages: Sequence[Message], generation: Generation) -> AsyncGenerator[Piece, None]:
        """The answer piece by piece. Closing the iterator cancels the generation.

        Raises:
            ModelNotFound: no such model is configured or running.
            ModelUnavailable: the model is configured, its worker does not answer.
            ServiceUnavailable: the OpenAI API does not answer.
            ModelFailed: the model failed, before or in the midst of the answer.
            ModelTimeout: nothing came for `chat.request_timeout_s` seconds.
        """
        asked = stream_chat(
            self._settings,
            messages,
            model=generation.model,
            temperature=generation.temperature,
            max_tokens=generation.max_tokens,
        )
        async with aclosing(asked) as pieces:
            async for text in pieces:
                yield Piece(text)
        yield Piece(finish_reason="stop")

    def langchain(self, generation: Generation) -> "BaseChatModel":
        """The model as LangChain's, for its agents. The first call imports for about a second."""
        return chat_model(
            self._settings,
            generation.model,
            temperature=generation.temperature,
            max_tokens=generation.max_tokens,
        )

    def supports_tools(self, model: str) -> bool:
        """Whether the model calls tools by the OpenAI protocol."""
        del model  # FastChat's API knows no tools
        return False

    def window(self, model: str) -> int:
        """Tokens of prompt and answer together that the model takes."""
        del model
        return WINDOW

    def count_tokens(self, model: str, text: str) -> int:
        """Tokens of a text, exact where the tokenizer is at hand, else rather too many than too few."""
        del model
        return estimate(text)

    async def running(self) -> list[str]:
        """Names of the models that can be asked now, sorted.

        Raises:
            ServiceUnavailable: the controller does not answer.
        """
        return await running_models(self._settings.services.controller.url)
