"""Make the embedding model that the catalog chose. Heavy libraries are loaded here, on first use, and nowhere else."""

from pathlib import Path

from configs.sections.models import EmbedModel
from configs.settings import Settings
from server.errors import ModelFailed, ModelUnavailable
from server.llm.base import Embedder
from server.llm.catalog import Choice
from server.registry import Registry

LOADERS: Registry = Registry(
    "embedding engine",
    "向量模型引擎",
    {
        "builtin": "server.llm.embedders:load_builtin",
        "fake": "server.llm.fake_embedder:load",
        "sentence-transformers": "server.llm.sentence_transformer:load",
    },
    install={"sentence-transformers": "pip install -r requirements.txt"},
)


def load_embedder(settings: Settings, choice: Choice) -> Embedder:
    """Load the chosen model.

    Raises:
        MissingDependency: its library is not installed.
        ModelUnavailable: its weights cannot be loaded; the reason is in the text.
    """
    if not isinstance(choice.model, EmbedModel):
        raise ModelFailed(name=choice.name, reason="it is a chat model, not an embedding model")
    device = choice.model.device or settings.models.device
    return LOADERS.get(choice.model.engine)(choice.name, choice.model, choice.path, device)


def load_builtin(name: str, model: EmbedModel, path: Path | None, device: str) -> Embedder:
    """The n-gram embedder; it sees words only, so the word index counts four times as much."""
    from server.llm.ngram_embedder import DIMENSION, NgramEmbeddings

    if name != "builtin-ngram" or path or model.repo:
        raise ModelUnavailable(
            name=name,
            reason_en='engine "builtin" has only builtin-ngram; did you mean engine = "sentence-transformers"',
            reason_zh='内置引擎只有 builtin-ngram，是否应为 engine = "sentence-transformers"',
        )
    del device  # it has no use for a GPU
    return Embedder(name=name, model=NgramEmbeddings(), dimension=DIMENSION, weight=0.25)
