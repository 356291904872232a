"""Embedding models of providers: POST /embeddings in OpenAI's form, as LangChain's `Embeddings`."""

from dataclasses import dataclass

from langchain_core.embeddings import Embeddings

from configs.sections.models import EmbedModel
from configs.settings import Settings
from server.errors import ModelFailed
from server.llm.base import Embedder
from server.llm.catalog import Choice
from server.llm.embedding_families import Instructions, family, instructions
from server.llm.provider_blocking import call
from server.llm.providers import Endpoint, endpoint_of


@dataclass(frozen=True)
class ProviderEmbeddings(Embeddings):
    """One model of one provider. `name` is what it is called here, `model` there."""

    name: str
    model: str
    endpoint: Endpoint
    before: Instructions

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector for each text, asked for in batches as large as the provider takes.

        Raises:
            ZhiwenError: the provider does not answer, refuses, or answers with something else.
        """
        size = self.endpoint.preset.batch
        given = [self.before.passage + text for text in texts]
        batches = (given[start : start + size] for start in range(0, len(given), size))
        return [vector for batch in batches for vector in self._vectors(batch)]

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question. Raises like `embed_documents`."""
        return self._vectors([self.before.query + text])[0]

    def _vectors(self, texts: list[str]) -> list[list[float]]:
        answer = call(self.name, self.endpoint, "/embeddings", {"model": self.model, "input": texts})
        try:
            entries = sorted(answer["data"], key=lambda entry: entry["index"])
            vectors = [[float(number) for number in entry["embedding"]] for entry in entries]
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFailed(name=self.name, reason="its answer holds no vectors") from error
        if len(vectors) != len(texts):
            raise ModelFailed(name=self.name, reason=f"it gave {len(vectors)} vectors for {len(texts)} texts")
        return vectors


def load(settings: Settings, choice: Choice) -> Embedder:
    """See `server.llm.embedders.load_embedder`; asks once, to learn the number of dimensions."""
    config = choice.model
    if not isinstance(config, EmbedModel):
        raise ModelFailed(name=choice.name, reason="it is not an embedding model")
    model = config.model or choice.name
    found = family((choice.name, model))
    endpoint = endpoint_of(settings, config.provider, choice.name)
    embeddings = ProviderEmbeddings(choice.name, model, endpoint, instructions(config, found, {}))
    dimension = len(embeddings.embed_query("dimension"))
    return Embedder(choice.name, embeddings, dimension, device=config.provider, floor=found.floor)
