"""Rerank models of providers, in the shape that Jina, Cohere, Xinference, SiliconFlow and vLLM share."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from configs.settings import Settings
from server.errors import ModelFailed, ModelUnavailable
from server.llm.catalog import Choice
from server.llm.openai_stream import Refused, Silent, Unreachable
from server.llm.provider_calls import as_error, called
from server.llm.provider_connections import Connections
from server.llm.providers import Endpoint, endpoint_of
from server.llm.rerank_base import settings_of


@dataclass(frozen=True)
class ProviderReranker:
    """A model behind an address."""

    name: str
    border: float
    endpoint: Endpoint
    model: str

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker`. Raises `ModelFailed`, `ModelTimeout`, `ModelUnavailable`, `ProviderBusy`."""
        return asyncio.run(self._score(question, texts)) if texts else []

    async def _score(self, question: str, texts: Sequence[str]) -> list[float]:
        connections = Connections()  # those of one event loop cannot be used in another
        body = {"model": self.model, "query": question, "documents": list(texts), "top_n": len(texts)}
        try:
            answer = await called(connections, self.endpoint, self.endpoint.preset.rerank, body)
        except (Refused, Silent, Unreachable) as error:
            raise as_error(self.name, self.endpoint, error) from error
        finally:
            await connections.aclose()
        # DashScope puts the same list into "output".
        results = answer.get("results") or answer.get("output", {}).get("results") or []
        scores = {int(result["index"]): float(result["relevance_score"]) for result in results}
        if set(scores) != set(range(len(texts))):
            raise ModelFailed(name=self.name, reason="its provider did not score every text")
        return [min(1.0, max(0.0, scores[i])) for i in range(len(texts))]


def load(settings: Settings, choice: Choice) -> ProviderReranker:
    """See `server.llm.rerankers.load_reranker`."""
    config = settings_of(choice)
    endpoint = endpoint_of(settings, config.provider, choice.name)
    if not endpoint.preset.rerank:
        raise ModelUnavailable(
            name=choice.name,
            reason_en=f'its provider "{config.provider}" has no rerank route',
            reason_zh=f"服务商“{config.provider}”不提供重排接口",
        )
    return ProviderReranker(choice.name, config.border, endpoint, config.model or choice.name)
