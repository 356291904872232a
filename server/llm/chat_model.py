"""The chat model's client side: LangChain's `ChatOpenAI` on FastChat's OpenAI API, with every failure as our error."""

import asyncio
import importlib
import ssl
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from configs.settings import Settings
from server.errors import ModelFailed, ModelNotFound, ModelTimeout, ModelUnavailable, ServiceUnavailable, ZhiwenError
from server.types import Message

if TYPE_CHECKING:
    from langchain_openai import ChatOpenAI

# FastChat's codes: no such model, and (ours, see event_streams) the controller or the worker does not answer.
UNKNOWN_MODEL = 40301
UNREACHABLE = 50301
CONTROLLER_PATIENCE_S = 5.0


def chat_model(
    settings: Settings,
    model: str,
    *,
    temperature: float | None = None,
    max_tokens: int | None = None,
    http_async_client: Any = None,
) -> "ChatOpenAI":
    """A LangChain chat model on the configured OpenAI API. The first call imports for about a second.

    Give `http_async_client` where several event loops use models; LangChain otherwise shares one between all.
    """
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model=model,
        base_url=f"{settings.services.openai_api.url}/v1",
        api_key=SecretStr(settings.security.api_key.get_secret_value() or "none"),
        temperature=temperature,
        max_completion_tokens=max_tokens,
        max_retries=0,
        timeout=settings.chat.request_timeout_s,
        stream_chunk_timeout=None,
        http_async_client=http_async_client,
    )


async def stream_chat(
    settings: Settings,
    messages: Sequence[Message],
    *,
    model: str,
    temperature: float | None = None,
    max_tokens: int | None = None,
) -> AsyncGenerator[str, None]:
    """The model's answer piece by piece. Closing the iterator closes the connection, which cancels the generation.

    Raises:
        ModelNotFound: no such model is configured or running.
        ModelUnavailable: the model is configured, its worker does not answer.
        ServiceUnavailable: the OpenAI API does not answer.
        ModelFailed: the model failed, before or in the midst of the answer.
        ModelTimeout: nothing came for `chat.request_timeout_s` seconds.
    """
    openai = await asyncio.to_thread(_imported)
    # Loopback needs neither proxies nor certificates; loading those takes 20 ms for each client.
    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with openai.DefaultAsyncHttpxClient(trust_env=False, verify=plain) as client:
        asked = chat_model(
            settings, model, temperature=temperature, max_tokens=max_tokens, http_async_client=client
        ).astream([{"role": message.role, "content": message.content} for message in messages])
        async with aclosing(asked) as chunks:  # pyright: ignore[reportArgumentType]  # it is an async generator
            while True:
                try:
                    chunk = await asyncio.wait_for(anext(chunks), settings.chat.request_timeout_s)
                except StopAsyncIteration:
                    return
                except (asyncio.TimeoutError, openai.APITimeoutError):
                    raise ModelTimeout(name=model, seconds=round(settings.chat.request_timeout_s)) from None
                except openai.APIError as error:
                    raise await _our_error(settings, model, error) from error
                if chunk.text:
                    yield chunk.text


async def running_models(controller_url: str) -> list[str]:
    """Names of the models whose workers are registered, sorted.

    Raises:
        ServiceUnavailable: the controller does not answer.
    """
    import httpx

    plain = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        async with httpx.AsyncClient(trust_env=False, verify=plain, timeout=CONTROLLER_PATIENCE_S) as client:
            answer = await client.post(f"{controller_url}/list_models")
            return sorted(answer.raise_for_status().json()["models"])
    except httpx.HTTPError:
        raise ServiceUnavailable(name="FastChat controller", url=controller_url, log="controller.log") from None


def _imported() -> Any:
    importlib.import_module("langchain_openai")
    return importlib.import_module("openai")


async def _our_error(settings: Settings, model: str, error: Any) -> ZhiwenError:
    import openai

    if isinstance(error, openai.APIConnectionError):
        url = settings.services.openai_api.url
        return ServiceUnavailable(name="FastChat OpenAI API", url=url, log="openai_api.log")
    body = error.body if isinstance(error.body, dict) else {}
    code = body.get("code")
    if code == UNKNOWN_MODEL:
        return await _not_running(settings, model)
    if code == UNREACHABLE and isinstance(error, openai.APIStatusError):
        return ModelUnavailable(name=model, reason_en="its worker does not answer", reason_zh="它的模型进程没有响应")
    return ModelFailed(name=model, reason=str(body.get("message") or error.message).rstrip("."))


async def _not_running(settings: Settings, model: str) -> ZhiwenError:
    running = ", ".join(await running_models(settings.services.controller.url))
    if model in settings.models.llm:
        return ModelUnavailable(
            name=model,
            reason_en=f"its worker is not running; running: {running or 'none'}",
            reason_zh=f"它的模型进程没有运行，正在运行的有：{running or '无'}",
        )
    return ModelNotFound(name=model, known=running or ", ".join(settings.models.llm))
