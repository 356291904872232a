"""The best hits read again by a rerank model, within a time limit.

A reranked hit has the model's score in `rerank`, and a `relevance` that follows from it so that the threshold keeps its
meaning: the score at which a text answers the question (`border` of the model) becomes 0.5, 0 stays 0 and 1 stays 1.
`dense` and `lexical` stay what the indexes said.

    odds(relevance) = odds(score) / odds(border)

When the time is over, or the model fails, the hits keep the order and relevance of the two indexes, and a notice says
so.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimeIsOver
from dataclasses import dataclass, replace

from configs.settings import Settings
from server.errors import ModelUnavailable, RerankSkipped, ZhiwenError
from server.llm.catalog import Choice, choose_reranker
from server.llm.rerank_base import Reranker
from server.llm.rerankers import load_reranker
from server.types import Hit, Noticed

SLICE = 8
"""Hits given to the model at a time: between two slices it is seen that nobody waits any more."""
AT_A_TIME = 2
LOOK_AGAIN_S = 5.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reranked:
    """The best hits, best first; `notice` is set when they were not reranked."""

    hits: list[Hit]
    notice: Noticed | None = None


class Reranking:
    """Reranks with the model of the settings, loaded once, on first use. Safe for threads.

    A model that is fetched while everything runs is used as soon as it is seen, without a new start.
    """

    def __init__(self, settings: Settings, load: Callable[[Settings, Choice], Reranker] = load_reranker) -> None:
        self._settings = settings
        self._load = load
        self._loading = threading.Lock()
        self._model: Reranker | None = None
        self._workers = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="rerank")
        self._is_here = False
        self._looked = float("-inf")

    def present(self) -> "Reranking | None":
        """This, where a model can rerank here; None where the settings want none. It is looked for every few seconds
        until there is one. Raises like `choice`."""
        if not self._is_here and time.monotonic() - self._looked > LOOK_AGAIN_S:
            self._looked = time.monotonic()
            self._is_here = self.choice(self._settings) is not None
        return self if self._is_here else None

    @staticmethod
    def choice(settings: Settings) -> Choice | None:
        """The model that reranks here; None when there is none and the settings do not insist on one.

        Raises:
            ModelUnavailable: `retrieval.rerank` is true, and none can run here.
            ModelNotFound: a preferred one is not configured.
        """
        if settings.retrieval.rerank is False or not settings.models.rerank_preference:
            return None
        try:
            return choose_reranker(settings)
        except ModelUnavailable:
            if settings.retrieval.rerank is True:
                raise
            return None

    def __call__(self, question: str, hits: Sequence[Hit], top_k: int) -> Reranked:
        """The best `top_k` of the hits."""
        seconds = self._settings.retrieval.rerank_timeout_s
        ends = time.monotonic() + seconds
        work = self._workers.submit(self._scores, question, [hit.chunk.text for hit in hits], ends)
        try:
            name, border, scores = work.result(seconds)
        except (TimeIsOver, TimeoutError):
            work.cancel()
            return self._kept(hits, top_k, f"it took longer than {seconds:g} s", f"超过 {seconds:g} 秒")
        except ZhiwenError as error:
            logger.warning("not reranked: %s", error)
            return self._kept(hits, top_k, str(error), error.message("zh"))
        logger.debug("%s reranked %d hits", name, len(hits))
        found = [
            replace(hit, rerank=score, relevance=relevance(score, border))
            for hit, score in zip(hits, scores, strict=True)
        ]
        return Reranked(sorted(found, key=lambda hit: (-hit.relevance, hit.chunk.id))[:top_k])

    @property
    def name(self) -> str:
        """The name of the model, which need not be loaded yet."""
        return choose_reranker(self._settings).name

    def model(self) -> Reranker:
        """The model, loaded on first use. Raises `ModelUnavailable` when it cannot be loaded."""
        with self._loading:
            if self._model is None:
                self._model = self._load(self._settings, choose_reranker(self._settings))
            return self._model

    def close(self) -> None:
        """Wait for no one: what still computes ends after its slice."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _scores(self, question: str, texts: Sequence[str], ends: float) -> tuple[str, float, list[float]]:
        model = self.model()
        scores: list[float] = []
        for start in range(0, len(texts), SLICE):
            if time.monotonic() > ends:
                raise TimeoutError
            scores += model.score(question, texts[start : start + SLICE])
        return model.name, model.border, scores

    def _kept(self, hits: Sequence[Hit], top_k: int, reason_en: str, reason_zh: str) -> Reranked:
        return Reranked(
            list(hits[:top_k]), Noticed(RerankSkipped.code, {"reason_en": reason_en, "reason_zh": reason_zh})
        )


def relevance(score: float, border: float) -> float:
    """See the module docstring."""
    up, down = score * (1 - border), (1 - score) * border
    return up / (up + down) if up + down else 0.0
