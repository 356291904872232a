"""Embedding models on the processor: ONNX Runtime, no torch in this process."""

from pathlib import Path

from langchain_core.embeddings import Embeddings

from configs.sections.models import EmbedModel
from server.llm.base import Embedder
from server.llm.embedding_families import Family, Instructions, instructions
from server.llm.onnx_model import OnnxModel


class OnnxEmbeddings(Embeddings):
    """An exported model with the texts its family wants in front of questions and documents."""

    def __init__(self, model: OnnxModel, prefix: Instructions) -> None:
        self._model = model
        self._prefix = prefix

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector for each text."""
        return self._model.encode([self._prefix.passage + text for text in texts]).tolist()

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return self._model.encode([self._prefix.query + text])[0].tolist()


def load(name: str, config: EmbedModel, folder: Path, found: Family) -> Embedder:
    """The model of a folder that `server.llm.onnx_cache` made."""
    model = OnnxModel(folder, config.max_length)
    prefix = instructions(config, found, model.prompts)
    return Embedder(name=name, model=OnnxEmbeddings(model, prefix), dimension=model.dimension, floor=found.floor)
