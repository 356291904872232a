"""Rerank models of providers: POST /rerank in the form that Jina, Cohere, Xinference and others share."""

from collections.abc import Sequence
from dataclasses import dataclass

from configs.settings import Settings
from server.llm.catalog import Choice
from server.llm.provider_blocking import call
from server.llm.providers import Endpoint, endpoint_of
from server.llm.rerank_answers import scores_of
from server.llm.rerank_base import settings_of


@dataclass(frozen=True)
class ProviderReranker:
    """One model of one provider. `name` is what it is called here, `model` there."""

    name: str
    border: float
    model: str
    endpoint: Endpoint

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score in [0, 1] for each text.

        Raises:
            ZhiwenError: the provider does not answer, refuses, or answers with something else.
        """
        if not texts:
            return []
        # Without top_n some services return only the best few.
        body = {"model": self.model, "query": question, "documents": list(texts), "top_n": len(texts)}
        answer = call(self.name, self.endpoint, self.endpoint.preset.rerank, body)
        return scores_of(self.name, answer, len(texts))


def load(settings: Settings, choice: Choice) -> ProviderReranker:
    """See `server.llm.rerankers.load_reranker`."""
    config = settings_of(choice)
    endpoint = endpoint_of(settings, config.provider, choice.name)
    return ProviderReranker(choice.name, config.border, config.model or choice.name, endpoint)
