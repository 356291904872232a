"""All chat models behind one door: a provider's are asked directly, the others through FastChat's OpenAI API."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from configs.settings import Settings
from server.errors import OptionNotSupported, ServiceUnavailable, ZhiwenError
from server.llm.fabric import controller_models, fabric_endpoint, fabric_error
from server.llm.generation import Generation, Piece, Spent
from server.llm.launcher_client import LauncherClient
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import as_chat_error, streamed
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint, ProviderModel, endpoint_of, find_model, named_models
from server.llm.tokens import TokenCounter, from_folder, from_tiktoken
from server.llm.weights import weights_folder, window_of
from server.types import Message, Usage

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

WINDOW = 8192
"""Tokens of prompt and answer together that are taken for granted of a model that does not tell."""
TOOLS = "tools"
FASTCHAT_LACKS = ("presence_penalty", "frequency_penalty", "seed")
"""What FastChat's own model worker leaves out without a word."""
_NOT_FASTCHAT = {
    "reason_en": "FastChat's model worker does not know it; the engine transformers does",
    "reason_zh": "FastChat 的模型进程不支持它，transformers 引擎支持",
}
_ONLY_PROVIDERS = {
    "reason_en": "only models of providers are asked in a way that knows it",
    "reason_zh": "只有服务商（providers）的模型支持该字段",
}
_NOT_SET = {
    "reason_en": "its settings do not say that it calls tools; if it does, set models.llm.NAME.tools = true",
    "reason_zh": "设置中没有注明它支持工具调用；若支持，请设置 models.llm.名称.tools = true",
}


class ChatModels:
    """Streams answers of any chat model, and tells what is known of it."""

    def __init__(self, settings: Settings, default: str) -> None:
        self._settings = settings
        self.default = default
        self.connections = Connections()
        self._launcher = LauncherClient(settings, self.connections)
        self.spent = Spent()
        self._counters: dict[str, TokenCounter] = {}
        self._windows: dict[str, int] = {}

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        await self.connections.aclose()

    async def stream(self, messages: Sequence[Message], generation: Generation) -> AsyncGenerator[Piece, None]:
        """The answer piece by piece; the last one tells why it ended and what it cost. Closing cancels the generation.

        Raises:
            OptionNotSupported: the model does not take one of the `options`.
            ModelNotFound: no such model is configured or running.
            ModelUnavailable: its worker does not run, or its provider does not answer, or refuses the key.
            ServiceUnavailable: the OpenAI API does not answer.
            ProviderBusy: its provider limits requests.
            ModelRefused, ContextTooLong: the model, or its provider, does not take the request.
            ModelFailed: the model failed, before or in the midst of the answer.
            ModelTimeout: nothing came for the time allowed.
        """
        self._check_options(messages, generation)
        endpoint, model = self._where(generation.model)
        body = request_body(messages, generation, endpoint, model)
        told: list[str] = []
        try:
            async with aclosing(streamed(self.connections, endpoint, body)) as pieces:
                async for piece in pieces:
                    told.append(piece.text)
                    if piece.finish_reason and piece.usage is None:
                        piece = replace(piece, usage=self._usage(generation.model, messages, told))
                    if piece.usage is not None:
                        self.spent.add(piece.usage)
                    yield piece
        except (Refused, Silent, Unreachable) as failure:
            raise await self._error(generation.model, endpoint, failure) from failure

    def langchain(self, generation: Generation) -> "BaseChatModel":
        """The model as LangChain's, for its agents. The first call imports for about a second.

        Raises:
            ModelUnavailable: its provider lacks an address or a key.
        """
        from server.llm.chat_model import chat_model

        endpoint, model = self._where(generation.model)
        return chat_model(endpoint, replace(generation, model=model))

    def supports_tools(self, model: str) -> bool:
        """Whether the model calls tools by the OpenAI protocol; FastChat's API knows no tools."""
        found = find_model(self._settings, model)
        return found is not None and found.tools

    def _check_options(self, messages: Sequence[Message], generation: Generation) -> None:
        configured = self._settings.models.llm.get(generation.model)
        for field in FASTCHAT_LACKS if configured and configured.engine == "fastchat" else ():
            if getattr(generation, field):
                raise OptionNotSupported(field=field, name=generation.model, **_NOT_FASTCHAT)
        wanted = set(generation.options)
        if any(message.calls or message.call_id for message in messages):
            wanted.add(TOOLS)
        if not wanted:
            return
        found = find_model(self._settings, generation.model)
        if found is None:
            raise OptionNotSupported(field=", ".join(sorted(wanted)), name=generation.model, **_ONLY_PROVIDERS)
        if TOOLS in wanted and not found.tools:
            raise OptionNotSupported(field=TOOLS, name=generation.model, **_NOT_SET)

    def window(self, model: str) -> int:
        """Tokens of prompt and answer together that the model takes: as set, as its weights say, or `WINDOW`."""
        if model not in self._windows:
            self._windows[model] = self._window(model)
        return self._windows[model]

    def count_tokens(self, model: str, text: str) -> int:
        """Tokens of a text, exact where the tokenizer is at hand, else rather too many than too few."""
        return self._counter(model)(text)

    async def running(self) -> list[str]:
        """Names of the models that can be asked now, sorted.

        Raises:
            ServiceUnavailable: the controller does not answer and no provider is configured.
        """
        named = {model.name for model in named_models(self._settings)}
        try:
            return sorted(named.union(await controller_models(self._settings, self.connections)))
        except ServiceUnavailable:
            if not named:
                raise
            return sorted(named)

    def _where(self, name: str) -> tuple[Endpoint, str]:
        """Whom to ask, and the model's name there."""
        found = find_model(self._settings, name)
        if found is None:
            return fabric_endpoint(self._settings), name
        return endpoint_of(self._settings, found.provider, name), found.model

    async def _error(self, name: str, endpoint: Endpoint, failure: Refused | Silent | Unreachable) -> ZhiwenError:
        if find_model(self._settings, name) is not None:
            return as_chat_error(name, endpoint, failure)
        return await fabric_error(self._settings, self.running, self._launcher, name, failure)

    def _usage(self, model: str, messages: Sequence[Message], told: Sequence[str]) -> Usage:
        count = self._counter(model)
        asked = sum(count(message.content) for message in messages)
        return Usage(asked, count("".join(told)))

    def _counter(self, model: str) -> TokenCounter:
        if model not in self._counters:
            self._counters[model] = TokenCounter(self._loader(model))
        return self._counters[model]

    def _loader(self, model: str) -> Any:
        if found := find_model(self._settings, model):
            return partial(from_tiktoken, found.model)
        configured = self._settings.models.llm.get(model)
        folder = weights_folder(self._settings, model, configured) if configured else None
        return partial(from_folder, folder) if folder else lambda: None

    def _window(self, name: str) -> int:
        found: ProviderModel | None = find_model(self._settings, name)
        configured = self._settings.models.llm.get(name)
        if (found and found.window) or (configured and configured.window):
            return found.window if found else configured.window  # pyright: ignore[reportOptionalMemberAccess]
        folder = weights_folder(self._settings, name, configured) if configured and not found else None
        return (window_of(folder) if folder else None) or WINDOW


def request_body(messages: Sequence[Message], generation: Generation, endpoint: Endpoint, model: str) -> dict[str, Any]:
    """The request in OpenAI's form; what is None is left to the model's settings."""
    wanted = {
        "temperature": generation.temperature,
        "top_p": generation.top_p,
        endpoint.preset.limit: generation.max_tokens,
        "stop": list(generation.stop) or None,
        "seed": generation.seed,
        "presence_penalty": generation.presence_penalty,
        "frequency_penalty": generation.frequency_penalty,
        **{name: value for name, value in generation.extra.items() if name in endpoint.preset.extra},
        "stream_options": {"include_usage": True} if endpoint.preset.usage else None,
    }
    return {
        "model": model,
        "messages": [_turn(message) for message in messages],
        "stream": True,
        **{name: value for name, value in wanted.items() if value is not None},
        **generation.options,
    }


def _turn(message: Message) -> dict[str, Any]:
    if message.call_id:
        return {"role": message.role, "content": message.content, "tool_call_id": message.call_id}
    if not message.calls:
        return {"role": message.role, "content": message.content}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.calls
    ]
    return {"role": message.role, "content": message.content or None, "tool_calls": calls}
