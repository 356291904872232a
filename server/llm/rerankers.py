"""Make the rerank model that the catalog chose. Heavy libraries are loaded here, on first use, and nowhere else."""

import json
from collections.abc import Callable

from configs.sections.models import RerankModel
from configs.settings import Settings
from server.errors import ModelFailed
from server.llm.catalog import Choice
from server.llm.rerank_base import Reranker
from server.registry import Registry

LOADERS: Registry[Callable[[Settings, Choice], Reranker]] = Registry(
    "rerank engine",
    "重排模型引擎",
    {
        "cross-encoder": "server.llm.rerankers:load_local",
        "fake": "server.llm.fake_reranker:load",
        "provider": "server.llm.provider_rerank:load",
    },
    install={"cross-encoder": "pip install -r requirements.txt"},
)


def load_reranker(settings: Settings, choice: Choice) -> Reranker:
    """Load the chosen model.

    Raises:
        MissingDependency: its library is not installed.
        ModelUnavailable: its weights cannot be loaded; the reason is in the text.
    """
    if not isinstance(choice.model, RerankModel):
        raise ModelFailed(name=choice.name, reason="it is not a rerank model")
    return LOADERS.get(choice.model.engine)(settings, choice)


def load_local(settings: Settings, choice: Choice) -> Reranker:
    """Local weights; those of a language model are asked for a yes or no, the others have a score of their own."""
    from server.llm import rerank_cross_encoder, rerank_generative

    architectures: list[str] = []
    if choice.path is not None:
        architectures = json.loads((choice.path / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    generates = any(name.endswith("ForCausalLM") for name in architectures)
    return (rerank_generative if generates else rerank_cross_encoder).load(settings, choice)
