"""Every provider's models as one FastChat worker: `python -m server.llm.workers.proxy`. Light: it passes text on.

FastChat's own worker holds a thread for each stream; this one only waits, so hundreds of streams go through it. How
many requests a provider gets at a time is `providers.NAME.concurrency`.
"""

import asyncio
import contextlib
import json
import logging
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import StreamingResponse

from configs.settings import Settings, SettingsError, load_settings
from server.errors import ContextTooLong, ModelRefused, ModelUnavailable, ProviderBusy, ZhiwenError
from server.llm.chat_models import ChatModels
from server.llm.fastchat.messages import MessageCodec
from server.llm.fastchat.options import service_parser, start_logging
from server.llm.fastchat.registration import Registration
from server.llm.fastchat.serving import serve, worker_address
from server.llm.generation import Generation
from server.llm.provider_listing import NOTHING, Shelf, names_of, shelves
from server.llm.providers import find_model, named_models
from server.llm.tokens import estimate
from server.types import Message

logger = logging.getLogger(__name__)

UNKNOWN_MODEL = 40301
INTERNAL_ERROR = 50001
_CODES: dict[type[ZhiwenError], int] = {
    ModelRefused: 40302,
    ContextTooLong: 40303,
    ProviderBusy: 42901,
    ModelUnavailable: 50301,
}
"""FastChat's codes, the last one ours."""
REFRESH_S = 60.0
"""How often providers with `models = "auto"` are asked what they have."""
_EXTRA = ("top_k", "repetition_penalty")
_SAMPLING = ("temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", *_EXTRA)


class Proxy:
    """What FastChat asks a worker, answered by the providers."""

    def __init__(self, settings: Settings, worker_url: str) -> None:
        self.url = worker_url
        self.models = ChatModels(settings, "")
        self._settings = settings
        self._codec = MessageCodec()
        self._shelf: Shelf = NOTHING
        self._running = 0

    def status(self) -> dict[str, Any]:
        """What the controller keeps of this worker."""
        named = [model.name for model in named_models(self._settings)]
        return {"model_names": [*named, *names_of(self._shelf, "llm")], "speed": 1, "queue_length": self._running}

    async def refresh(self) -> bool:
        """Ask the "auto" providers what they have; whether the names changed. One that is silent keeps its old ones."""
        before = self._shelf
        self._shelf = await shelves(self._settings, self.models.connections, keep=before)
        return self._shelf != before

    def conversation(self) -> dict[str, Any]:
        """The template that lets exact messages through FastChat's API."""
        return {"conv": self._codec.template()}

    def count(self, params: dict[str, Any]) -> int:
        """Estimated tokens of a prompt, always within the window: whether it fits is for the provider to say."""
        told = sum(estimate(message.content) for message in self._codec.messages(params["prompt"]))
        return min(told, self.window(params) - 1)

    def window(self, params: dict[str, Any]) -> int:
        """Tokens of prompt and answer together."""
        return self.models.window(params["model"])

    async def generate(self, params: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The answer so far, again and again, as FastChat wants it; a failure is a piece with a code."""
        name = params.get("model", "")
        if find_model(self._settings, name) is None:
            yield {"text": f"no provider has the model {name}", "error_code": UNKNOWN_MODEL}
            return
        self._running += 1
        try:
            async with aclosing(self._answer(params)) as contents:
                async for content in contents:
                    yield content
        except ZhiwenError as error:
            yield {"text": error.message("en"), "error_code": _code(error)}
        except Exception:  # the edge of the HTTP handler: the status line is long sent
            logger.exception("the answer of %s failed", name)
            yield {"text": ZhiwenError.en, "error_code": INTERNAL_ERROR}
        finally:
            self._running -= 1

    async def _answer(self, params: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        text = ""
        messages: list[Message] = self._codec.messages(params["prompt"])
        async with aclosing(self.models.stream(messages, self._generation(params))) as pieces:
            async for piece in pieces:
                text += piece.text
                content: dict[str, Any] = {"text": text, "error_code": 0}
                if piece.finish_reason:
                    content["finish_reason"] = piece.finish_reason
                if piece.usage:
                    asked, told = piece.usage.prompt_tokens, piece.usage.completion_tokens
                    usage = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
                    content["usage"] = usage
                yield content

    def _generation(self, params: dict[str, Any]) -> Generation:
        # FastChat writes the rest of the window where the client named no limit; many providers refuse so much.
        limit = params.get("max_new_tokens")
        if limit is not None and limit >= self.window(params) - self.count(params):
            limit = None
        # What the client has not sent has a value of FastChat's here; the provider knows its models better.
        sent = {name: params.get(name) for name in _SAMPLING if name not in params.get("unset", ())}
        return Generation(
            model=params["model"],
            temperature=sent.get("temperature"),
            top_p=sent.get("top_p"),
            max_tokens=limit,
            stop=tuple(params.get("stop") or ()),
            seed=sent.get("seed"),
            presence_penalty=sent.get("presence_penalty"),
            frequency_penalty=sent.get("frequency_penalty"),
            extra={name: value for name in _EXTRA if (value := sent.get(name)) is not None},
        )


class _Routes:
    """The routes of a FastChat worker, all POST."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy

    async def worker_generate_stream(self, request: Request) -> StreamingResponse:
        return StreamingResponse(_nul_separated(self._proxy.generate(await request.json())))

    async def worker_generate(self, request: Request) -> dict[str, Any]:
        return [content async for content in self._proxy.generate(await request.json())][-1]

    async def worker_get_embeddings(self) -> dict[str, Any]:
        return {"text": "models of providers make no embeddings here", "error_code": UNKNOWN_MODEL}

    async def worker_get_status(self) -> dict[str, Any]:
        return self._proxy.status()

    async def worker_get_conv_template(self) -> dict[str, Any]:
        return self._proxy.conversation()

    async def count_token(self, request: Request) -> dict[str, Any]:
        return {"count": self._proxy.count(await request.json()), "error_code": 0}

    async def model_details(self, request: Request) -> dict[str, Any]:
        return {"context_length": self._proxy.window(await request.json())}


def create_app(proxy: Proxy, controller: str) -> FastAPI:
    """The worker as an application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        refreshing = asyncio.create_task(_keep_fresh(proxy, controller))
        yield
        refreshing.cancel()
        await proxy.models.connections.aclose()

    app, routes = FastAPI(lifespan=lifespan, openapi_url=None), _Routes(proxy)
    for name in [name for name in vars(_Routes) if not name.startswith("_")]:
        app.add_api_route(f"/{name}", getattr(routes, name), methods=["POST"], response_model=None)
    return app


async def _nul_separated(contents: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(contents):
        async for content in contents:
            yield json.dumps(content, ensure_ascii=False).encode() + b"\0"


async def _keep_fresh(proxy: Proxy, controller: str) -> None:
    """The controller learns names only when a worker registers, so new ones are told it at once."""
    import httpx

    while True:
        if await proxy.refresh():
            body = {"worker_name": proxy.url, "check_heart_beat": True, "worker_status": proxy.status()}
            async with httpx.AsyncClient(trust_env=False) as client:
                with contextlib.suppress(httpx.HTTPError):  # it will ask when it is back
                    await client.post(f"{controller}/register_worker", json=body)
        await asyncio.sleep(REFRESH_S)


def _code(error: ZhiwenError) -> int:
    return _CODES.get(type(error), INTERNAL_ERROR)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the worker until it is told to end."""
    options = _options(arguments)
    start_logging(options.log_level)
    try:
        settings = load_settings()
    except SettingsError as error:
        sys.exit(f"error: {error}")
    proxy = Proxy(settings, worker_address(options))
    registration = Registration(options.controller_address, proxy.url, proxy.status)
    serve(create_app(proxy, options.controller_address), options, registration.start, registration.stop)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = service_parser("models of providers as a FastChat worker", port=20002)
    parser.add_argument("--controller-address", default="http://127.0.0.1:20001")
    parser.add_argument("--worker-address", default="", help="where the controller and the API reach this worker")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
