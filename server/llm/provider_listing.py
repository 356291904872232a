"""Which models providers have, by asking them."""

import asyncio
import logging
from collections.abc import Sequence

from configs.settings import Settings
from server.errors import ZhiwenError
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import as_error, called
from server.llm.provider_connections import Connections
from server.llm.providers import endpoint_of

logger = logging.getLogger(__name__)


async def models_of(settings: Settings, connections: Connections, provider: str) -> list[str]:
    """The names a provider lists, as it writes them.

    Raises:
        ZhiwenError: it cannot be asked, or does not list its models.
    """
    endpoint = endpoint_of(settings, provider)
    try:
        answer = await called(connections, endpoint, "/models")
    except (Refused, Silent, Unreachable) as failure:
        raise as_error(provider, endpoint, failure) from failure
    entries = answer.get("data") or []
    # Gemini writes "models/NAME", and takes NAME.
    return sorted(str(entry["id"]).removeprefix("models/") for entry in entries if isinstance(entry, dict))


async def listed_models(settings: Settings, connections: Connections, *, keep: Sequence[str] = ()) -> list[str]:
    """PROVIDER/MODEL for everything that providers with `models = "auto"` list, asked side by side.

    One that fails is logged and has what it had in `keep`.
    """

    async def of(provider: str) -> list[str]:
        try:
            return [f"{provider}/{name}" for name in await models_of(settings, connections, provider)]
        except ZhiwenError as error:
            logger.warning("%s does not list its models: %s", provider, error)
            return [name for name in keep if name.startswith(f"{provider}/")]

    asked = [name for name, provider in settings.providers.items() if provider.models == "auto"]
    found = await asyncio.gather(*(of(name) for name in asked))
    return [name for names in found for name in names]
