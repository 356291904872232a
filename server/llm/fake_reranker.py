"""A rerank model for tests and demonstrations: the share of the question's terms that a text holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from configs.settings import Settings
from server.analysis import terms
from server.llm.catalog import Choice
from server.llm.rerank_base import settings_of


@dataclass(frozen=True)
class FakeReranker:
    """See the module docstring."""

    name: str
    border: float = 0.5

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """The share of the question's terms in each text."""
        wanted = set(terms(question))
        return [len(wanted & set(terms(text))) / max(1, len(wanted)) for text in texts]


def load(settings: Settings, choice: Choice) -> FakeReranker:
    """See `server.llm.rerankers.load_reranker`."""
    del settings
    return FakeReranker(choice.name, settings_of(choice).border)
