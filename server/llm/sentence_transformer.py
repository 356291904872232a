"""Embedding models of the sentence-transformers kind, from a local folder."""

from pathlib import Path

import torch
from langchain_core.embeddings import Embeddings
from sentence_transformers import SentenceTransformer

from configs.sections.models import EmbedModel
from server.errors import ModelUnavailable
from server.llm.base import Embedder

BATCH = 32
UNRELATED_COSINE = 0.5  # what everyday texts reach with contrastively trained Chinese models (m3e, bge v1.5)


class SentenceTransformerEmbeddings(Embeddings):
    """A loaded model with the instruction texts its family wants in front of questions and passages."""

    def __init__(self, model: SentenceTransformer, config: EmbedModel) -> None:
        self._model = model
        self._config = config

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One unit vector for each text."""
        return self._encode([self._config.passage_instruction + text for text in texts])

    def embed_query(self, text: str) -> list[float]:
        """The unit vector of a question."""
        return self._encode([self._config.query_instruction + text])[0]

    def _encode(self, texts: list[str]) -> list[list[float]]:
        vectors = self._model.encode(texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return vectors.tolist()


def load(name: str, model: EmbedModel, path: Path | None, device: str) -> Embedder:
    """See `server.llm.embedders.load_embedder`."""
    if path is None:
        raise ModelUnavailable(
            name=name,
            reason_en=f"its weights are not here; fetch them with: python startup.py --download {name}",
            reason_zh=f"本机没有它的权重，请运行 python startup.py --download {name}",
        )
    try:
        loaded = SentenceTransformer(str(path), device=None if device == "auto" else device, local_files_only=True)
    except (OSError, ValueError, RuntimeError, KeyError, torch.cuda.OutOfMemoryError) as error:
        reason = str(error).strip().splitlines()[0][:300].replace(str(path), path.name)
        raise ModelUnavailable(name=name, reason_en=reason, reason_zh=reason) from error
    dimension = loaded.get_embedding_dimension() or len(loaded.encode("x"))
    return Embedder(
        name=name,
        model=SentenceTransformerEmbeddings(loaded, model),
        dimension=dimension,
        device=str(loaded.device),
        floor=UNRELATED_COSINE,
    )
