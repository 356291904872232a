"""Which models providers have, and of which kind, by asking them."""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from configs.settings import Settings
from server.errors import ModelUnavailable, ZhiwenError
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import as_error, called
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint, endpoint_of

logger = logging.getLogger(__name__)

NO_SUCH_ROUTE = frozenset({400, 404, 405})
Kind = Literal["llm", "embed", "rerank", "other"]
# Xinference, LM Studio and others say of which kind a model is; of the rest the name tells.
_TOLD = (
    (re.compile(r"embed", re.IGNORECASE), "embed"),
    (re.compile(r"rerank", re.IGNORECASE), "rerank"),
    (re.compile(r"image|audio|video|speech|tts|asr|moderation", re.IGNORECASE), "other"),
    (re.compile(r"llm|vlm|chat|text", re.IGNORECASE), "llm"),
)
_NAMED = (
    (re.compile(r"rerank", re.IGNORECASE), "rerank"),
    (re.compile(r"embed|minilm|(?:^|/)(?:bge|m3e|bce|gte|(?:multilingual-)?e5|jina-clip)-", re.IGNORECASE), "embed"),
    (re.compile(r"whisper|(?:^|[-/])tts(?:-|$)|dall-e|moderation|stable-diffusion", re.IGNORECASE), "other"),
)


@dataclass(frozen=True)
class Listed:
    """One model that a provider lists, under the provider's own name for it."""

    name: str
    kind: Kind


Shelf = Mapping[str, Sequence[Listed]]
"""What providers list, by the name of the provider."""
NOTHING: Shelf = {}


async def models_of(settings: Settings, connections: Connections, provider: str) -> list[Listed]:
    """What a provider lists, sorted by name.

    Raises:
        ZhiwenError: it cannot be asked, or does not list its models.
    """
    endpoint = endpoint_of(settings, provider)
    try:
        answer = await called(connections, endpoint, "/models")
    except (Refused, Silent, Unreachable) as failure:
        raise _no_list(provider, endpoint, failure) from failure
    entries = [entry for entry in answer.get("data") or [] if isinstance(entry, dict) and entry.get("id")]
    # Gemini writes "models/NAME", and takes NAME.
    found = (Listed(str(entry["id"]).removeprefix("models/"), _kind(entry)) for entry in entries)
    return sorted(found, key=lambda one: one.name)


async def shelves(settings: Settings, connections: Connections, *, keep: Shelf = NOTHING) -> Shelf:
    """What each provider with `models = "auto"` lists, asked side by side; one that fails is logged and has what it had
    in `keep`."""

    async def of(provider: str) -> Sequence[Listed]:
        try:
            return await models_of(settings, connections, provider)
        except ZhiwenError as error:
            logger.warning("%s does not list its models: %s", provider, error)
            return keep.get(provider, ())

    asked = [name for name, provider in settings.providers.items() if provider.models == "auto"]
    return dict(zip(asked, await asyncio.gather(*map(of, asked)), strict=True))


def names_of(shelf: Shelf, kind: Kind) -> list[str]:
    """PROVIDER/MODEL for all of that kind."""
    return [f"{provider}/{one.name}" for provider, listed in shelf.items() for one in listed if one.kind == kind]


def _no_list(provider: str, endpoint: Endpoint, failure: Refused | Silent | Unreachable) -> ZhiwenError:
    if not isinstance(failure, Refused) or failure.status not in NO_SUCH_ROUTE:
        return as_error(provider, endpoint, failure)
    setting = f'providers."{provider}".models'
    return ModelUnavailable(
        name=provider,
        reason_en=f"it does not list its models ({failure}); name them in {setting}",
        reason_zh=f"它不提供模型列表（{failure}），请在 {setting} 中写明模型名称",
    )


def _kind(entry: Mapping[str, Any]) -> Kind:
    told = next((value for key in ("model_type", "type") if isinstance(value := entry.get(key), str)), "")
    tables = ((_TOLD, told), (_NAMED, str(entry["id"])))
    return next((kind for table, text in tables for pattern, kind in table if pattern.search(text)), "llm")  # pyright: ignore[reportReturnType]
