"""What the rest of Zhiwen knows of rerank models."""

from collections.abc import Sequence
from typing import Protocol

from configs.sections.models import RerankModel
from server.errors import ModelFailed
from server.llm.catalog import Choice


class Reranker(Protocol):
    """Reads a question together with each text. Safe for threads.

    `border` is the score above which a text answers the question.
    """

    @property
    def name(self) -> str:
        """The name it is configured under."""
        ...

    @property
    def border(self) -> float:
        """See the class."""
        ...

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """One score in [0, 1] for each text, higher is better. Raises `ModelFailed` and the like."""
        ...


def settings_of(choice: Choice) -> RerankModel:
    """The table of a rerank model. Raises `ModelFailed` when it is a model of another kind."""
    if not isinstance(choice.model, RerankModel):
        raise ModelFailed(name=choice.name, reason="it is not a rerank model")
    return choice.model
