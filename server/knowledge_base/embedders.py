"""One copy of each embedding model in this process, loaded on first use."""

import threading

from configs import Settings
from server.db.tables import KnowledgeBaseRow
from server.errors import IndexMismatch
from server.knowledge_base.same_model import is_same
from server.llm.base import Embedder
from server.llm.catalog import Choice, choose_embedder
from server.llm.embedders import load_embedder, prepare_embedder


class Embedders:
    """Embedding models by name. Safe for threads; two that ask for the same model load it once."""

    def __init__(self, settings: Settings, default: Choice) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._loaded: dict[str, Embedder] = {}
        self.default = default

    def get(self, name: str = "") -> Embedder:
        """The model of that name, or the default one.

        Raises:
            ModelNotFound: it is not configured.
            ModelUnavailable: it cannot run here; the reason is in the text.
        """
        wanted = name or self.default.name
        if wanted in self._loaded:
            return self._loaded[wanted]
        with self._turn(wanted):
            if wanted not in self._loaded:
                self._loaded[wanted] = load_embedder(self._settings, choose_embedder(self._settings, wanted))
            return self._loaded[wanted]

    def is_quick(self, name: str) -> bool:
        """Whether a question can be embedded at once: the model is loaded and none that has to be waited for."""
        loaded = self._loaded.get(name)
        return loaded is not None and loaded.quick

    def prepare(self) -> str:
        """Do what the default model needs once, such as bringing it into ONNX form; who asks for it meanwhile waits.

        Returns its name. A model that cannot be prepared is told when it is used.
        """
        with self._turn(self.default.name):
            prepare_embedder(self._settings, self.default)
        return self.default.name

    def for_index(self, kb: KnowledgeBaseRow) -> Embedder:
        """The model an index was built with. Raises `IndexMismatch` when the model of that name is another one now."""
        name = kb.embed_model
        embedder = self.get(name)
        if embedder.dimension != kb.dimension:
            built, wanted = f"{name} ({kb.dimension} dimensions)", f"{name} ({embedder.dimension} dimensions)"
            raise IndexMismatch(name=kb.name, built=built, wanted=wanted)
        if not is_same(kb.model_sign, embedder):
            raise IndexMismatch(name=kb.name, built=f"{name} (other weights)", wanted=f"{name} (present weights)")
        return embedder

    def _turn(self, name: str) -> threading.Lock:
        """Of this model only: while it loads, for half a minute perhaps, the others can be used."""
        with self._lock:
            return self._loading.setdefault(name, threading.Lock())
