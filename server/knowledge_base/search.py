"""A question to hits: embed, ask both indexes, join, look up in SQL what may be shown, filter, cut, rerank.

Whatever an index knows and SQL does not is not found. When such leftovers, or chunks that a filter forbids, take places
among the best, the indexes are asked again for more, until there is enough or nothing is left. So are they where chunks
with the same text take places that are wanted for others (`Query.distinct`).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

from configs import Settings
from server.db import repositories as rows
from server.db.session import Database
from server.db.tables import KnowledgeBaseRow
from server.errors import IndexDamaged, KnowledgeBaseNotFound
from server.knowledge_base.choices import SearchChoices
from server.knowledge_base.embedders import Embedders
from server.knowledge_base.filters import Filters
from server.knowledge_base.index import Answers, Index, IndexPool
from server.knowledge_base.lookup import find, named
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import open_index
from server.knowledge_base.turns import Turns
from server.retrieval.asked import Asked, ask
from server.retrieval.fusion import Candidate, fuse
from server.retrieval.rerank import Reranked
from server.types import Chunk, Hit, Noticed

MAX_DISTANCE = 2.0
GROWTH = 4
MOST_REPEATED = 500
"""Chunks that repeat a better one; after so many there is next to nothing else, and looking on would take long."""
Reranker = Callable[[str, Sequence[Hit], int], Reranked]
"""(question, hits, top_k) → the best of them, best first; see `server.retrieval.rerank.Reranking`."""
FindReranker = Callable[[], Reranker | None]
"""The reranker, asked for at each search: it may arrive while everything runs."""


@dataclass(frozen=True)
class Query:
    """What is looked for. None means what the knowledge bases say, or else the settings.

    `max_distance` runs from 0 to 2, smaller is stricter; `default_distance` takes the place of that of the settings for
    knowledge bases that name none. With `distinct`, only the best of chunks with the same text is found: one file under
    two names must not take two of the three places of an answer.
    """

    text: str
    top_k: int | None = None
    max_distance: float | None = None
    filters: Filters = field(default_factory=Filters)
    rerank: bool | None = None
    default_distance: float | None = None
    distinct: bool = False


@dataclass
class Found:
    """Hits, best first, how long each stage took in milliseconds, and whether something did not go as asked.

    `fused` is the relevance of each by its id, before it was reranked.
    """

    hits: list[Hit] = field(default_factory=list)
    fused: dict[int, float] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    notice: Noticed | None = None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the block's time to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.timings[name] = self.timings.get(name, 0.0) + (time.perf_counter() - begun) * 1000


@dataclass(frozen=True)
class _Plan:
    """How many hits are asked for, how many the reranker gets, and how far those of a knowledge base may be."""

    top_k: int
    wanted: int
    reranker: Reranker | None
    limits: Mapping[str, float]


class _Pick:
    """The best chunks that may be shown, as they are met; where `distinct`, the first of those with the same text."""

    def __init__(self, wanted: int, *, distinct: bool) -> None:
        self.chosen: list[tuple[Candidate, Chunk]] = []
        self._wanted = wanted
        self._repeated = 0
        self._texts: set[str] | None = set() if distinct else None

    def add(self, shown: Sequence[tuple[Candidate, Chunk]]) -> None:
        if self._texts is None:
            self.chosen += shown
            return
        for candidate, chunk in shown:
            text = _folded(chunk.text)
            if text in self._texts:
                self._repeated += 1
            else:
                self._texts.add(text)
                self.chosen.append((candidate, chunk))

    @property
    def is_full(self) -> bool:
        return len(self.chosen) >= self._wanted or self._repeated >= MOST_REPEATED


class Searcher:
    """Searches any of the knowledge bases."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        indexes: IndexPool,
        embedders: Embedders,
        find_reranker: FindReranker = lambda: None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._indexes = indexes
        self._embedders = embedders
        self._find_reranker = find_reranker
        self._turns = Turns()

    def search(self, names: Sequence[str], query: Query) -> Found:
        """The best chunks of the knowledge bases together, none farther than the limit of its knowledge base.

        Raises:
            KnowledgeBaseNotFound, BadName: about the names.
        """
        found = Found()
        with found.stage("total"):
            with self._turns.taken():
                targets = [named(self._database, name) for name in names]
                plan = self._plan(targets, query)
                asked = self._ask(targets, query.text, found)
                for kb in targets:
                    found.hits += self._search_one(kb, asked[kb.embed_model], query, plan.wanted, found)
            found.hits.sort(key=lambda hit: (-hit.relevance, hit.chunk.id))
            if query.distinct and len(targets) > 1:
                found.hits = _each_text_once(found.hits, plan)
            found.fused = {hit.chunk.id: hit.relevance for hit in found.hits}
            if plan.reranker is not None and found.hits:
                with found.stage("rerank"):
                    reranked = plan.reranker(query.text, found.hits[: plan.wanted], plan.top_k)
                found.hits, found.notice = reranked.hits, reranked.notice
            # Limits come last: what a rerank model finds relevant may have looked far away before.
            best = found.hits[: plan.top_k]
            found.hits = [hit for hit in best if _within(hit, plan.limits[hit.chunk.knowledge_base])]
        return found

    def _plan(self, targets: Sequence[KnowledgeBaseRow], query: Query) -> _Plan:
        defaults = self._settings.retrieval
        choices = [SearchChoices.of(kb.settings) for kb in targets]
        top_k = query.top_k or max((choice.top_k or 0 for choice in choices), default=0) or defaults.top_k
        reranker = self._find_reranker() if self._reranks(query, choices) else None
        return _Plan(
            top_k=top_k,
            wanted=max(top_k, defaults.rerank_candidates) if reranker else top_k,
            reranker=reranker,
            limits={kb.name: self._limit(query, choice) for kb, choice in zip(targets, choices, strict=True)},
        )

    def _reranks(self, query: Query, choices: Sequence[SearchChoices]) -> bool:
        if not choices:
            return False
        if query.rerank is not None:
            return query.rerank
        default = self._settings.retrieval.rerank is not False
        return any(default if choice.rerank is None else choice.rerank for choice in choices)

    def _limit(self, query: Query, choices: SearchChoices) -> float:
        if query.max_distance is not None:
            return query.max_distance
        default = query.default_distance
        if default is None:
            default = self._settings.retrieval.score_threshold
        return default if choices.score_threshold is None else choices.score_threshold

    def _ask(self, targets: Sequence[KnowledgeBaseRow], question: str, found: Found) -> dict[str, Asked]:
        """The question for each embedding model."""
        quick = all(self._embedders.is_quick(kb.embed_model) for kb in targets)
        # A model, perhaps of another service, must not be waited for in the place of another search.
        with found.stage("embedding"), nullcontext() if quick else self._turns.left():
            embedders = {kb.embed_model: self._embedders.for_index(kb) for kb in targets}
            return {name: ask(embedder, question) for name, embedder in embedders.items()}

    def _search_one(self, kb: KnowledgeBaseRow, asked: Asked, query: Query, wanted: int, found: Found) -> list[Hit]:
        index = open_index(self._indexes, Layout.of(self._settings.paths.knowledge_base, kb.name), kb)
        k = max(self._settings.retrieval.candidates, wanted)
        while True:
            with found.stage("index"):
                answers = self._answers(kb, index, asked, k)
                candidates = fuse(answers.dense, answers.lexical, floor=asked.floor, weight=asked.weight)
            with found.stage("lookup"):
                pick = self._allowed(kb, candidates, query, wanted)
            if pick.is_full or answers.exhausted:
                return [_hit(candidate, chunk, answers) for candidate, chunk in pick.chosen[:wanted]]
            k *= GROWTH

    def _answers(self, kb: KnowledgeBaseRow, index: Index, asked: Asked, k: int) -> Answers:
        try:
            return index.search(asked.vector, asked.terms, k)
        except IndexDamaged:
            still = find(self._database, kb.name)
            if still is None or still.id != kb.id:
                # It was deleted meanwhile, and its folder was going while the index was opened.
                raise KnowledgeBaseNotFound(name=kb.name) from None
            raise

    def _allowed(self, kb: KnowledgeBaseRow, candidates: Sequence[Candidate], query: Query, wanted: int) -> _Pick:
        """The best candidates that may be shown; rows are read in small steps, as the first ones are mostly enough."""
        pick, filters = _Pick(wanted, distinct=query.distinct), query.filters
        if filters.files:
            ids = self._ids_of_files(kb, filters)
            candidates = [candidate for candidate in candidates if candidate.id in ids]
        start, step = 0, wanted
        while not pick.is_full and start < len(candidates):
            part = candidates[start : start + step]
            with self._database.statement() as connection:
                visible = rows.visible_chunks(connection, [candidate.id for candidate in part])
            pick.add([(c, visible[c.id]) for c in part if c.id in visible and filters.allow(visible[c.id])])
            start, step = start + step, rows.BATCH
        return pick

    def _ids_of_files(self, kb: KnowledgeBaseRow, filters: Filters) -> set[int]:
        with self._database.read() as session:
            names = [file.name for file in rows.files(session, kb.id) if filters.allow_file(file.name)]
            return rows.visible_ids_of(session, kb.id, names)


def _folded(text: str) -> str:
    """The text without regard to case and to which blanks separate its words.

    Nothing more is folded: texts that differ in a number alone are as near to each other as rows of a price list are.
    """
    return " ".join(text.lower().split())


def _each_text_once(hits: Sequence[Hit], plan: _Plan) -> list[Hit]:
    """Without those that repeat a better one; what is too far for its knowledge base does not stand for another."""
    kept: list[Hit] = []
    texts: set[str] = set()
    for hit in hits:
        text = _folded(hit.chunk.text)
        if text in texts:
            continue
        kept.append(hit)
        if plan.reranker is not None or _within(hit, plan.limits[hit.chunk.knowledge_base]):
            texts.add(text)
    return kept


def _within(hit: Hit, limit: float) -> bool:
    return limit >= MAX_DISTANCE or hit.distance <= limit


def _hit(candidate: Candidate, chunk: Chunk, answers: Answers) -> Hit:
    return Hit(
        chunk,
        candidate.relevance,
        candidate.dense,
        candidate.lexical,
        answers.dense_rank.get(candidate.id),
        answers.lexical_rank.get(candidate.id),
    )
