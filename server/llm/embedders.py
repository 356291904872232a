"""Make the embedding model that the catalog chose. Heavy libraries are loaded here, on first use, and nowhere else."""

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
        "provider": "server.llm.provider_embeddings:load",
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
    return LOADERS.get(choice.model.engine)(settings, choice)


def prepare_embedder(settings: Settings, choice: Choice) -> None:
    """Do what has to be done once before the chosen model can be loaded, so that no question waits for it.

    A model that cannot be prepared is told when it is loaded, not here.
    """
    if choice.model.engine == "sentence-transformers":
        from server.llm import sentence_transformer

        sentence_transformer.prepare(settings, choice)


def load_builtin(settings: Settings, choice: Choice) -> Embedder:
    """The n-gram embedder; it sees words only, so the word index counts four times as much."""
    from server.llm.ngram_embedder import DIMENSION, NgramEmbeddings

    if choice.name != "builtin-ngram" or choice.path or choice.model.repo:
        raise ModelUnavailable(
            name=choice.name,
            reason_en='engine "builtin" has only builtin-ngram; did you mean engine = "sentence-transformers"',
            reason_zh='内置引擎只有 builtin-ngram，是否应为 engine = "sentence-transformers"',
        )
    del settings  # nothing about it can be set
    return Embedder(name=choice.name, model=NgramEmbeddings(), dimension=DIMENSION, weight=0.25, quick=True)
