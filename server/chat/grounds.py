"""Where the text an answer rests on comes from: nowhere, knowledge bases, dropped files, or the internet.

Chat modes differ only here and in their group of prompt templates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from starlette.concurrency import run_in_threadpool

from configs.settings import Settings
from server.chat.file_list import file_list
from server.chat.file_questions import asks_for_files
from server.knowledge_base.dropped import TemporaryInfo
from server.knowledge_base.ledger import FileInfo
from server.knowledge_base.search import Found as SearchResult
from server.knowledge_base.search import Query
from server.types import Hit, Noticed

PLAIN = "llm_chat"
GROUNDED = "knowledge_base_chat"
SEARCHED = "search_engine_chat"


@dataclass(frozen=True, slots=True)
class Found:
    """What a ground holds on a question: hits, best first, and what the user should know about the search."""

    hits: tuple[Hit, ...] = ()
    notices: tuple[Noticed, ...] = ()


class Ground(Protocol):
    """One place to look into."""

    @property
    def prompts(self) -> str:
        """Group of prompt templates."""
        ...

    @property
    def searches(self) -> bool:
        """Whether anything is looked for."""
        ...

    @property
    def local(self) -> bool:
        """Whether looking asks nobody outside, so that even a greeting finds out that a knowledge base is missing."""
        ...

    async def find(self, question: str) -> Found:
        """Look for text on the question; raises the errors of the search."""
        ...


class Search(Protocol):
    """Finds chunks of knowledge bases."""

    def __call__(self, names: Sequence[str], query: Query) -> SearchResult:
        """Hits, best first, and perhaps a notice."""
        ...


class ListFiles(Protocol):
    """Tells the files of a knowledge base."""

    def __call__(self, name: str) -> Sequence[FileInfo]:
        """All of them by name; raises what looking up the name raises, also where the caller may not use it."""
        ...


class TemporarySearch(Protocol):
    """Finds chunks of dropped files, and tells the files."""

    def search(self, knowledge_id: str, question: str, /, *, top_k: int, max_distance: float) -> list[Hit]:
        """Best first; raises `NotFound` where the files are gone."""
        ...

    def get(self, knowledge_id: str, /) -> TemporaryInfo:
        """The files; raises `NotFound` where they are gone."""
        ...


class WebSearch(Protocol):
    """Finds pages of the internet. Their hits have no knowledge base; `meta["url"]` is the page."""

    async def find(self, question: str, *, engine: str, top_k: int | None, split_result: bool) -> Found:
        """Raises what the search engine raises; a replaced engine is a notice."""
        ...


@dataclass(frozen=True)
class Nothing:
    """The model answers from what it knows."""

    prompts: str = PLAIN
    searches: bool = False
    local: bool = True

    async def find(self, question: str) -> Found:
        """Nothing."""
        del question
        return Found()


@dataclass(frozen=True)
class KnowledgeBases:
    """One or several knowledge bases; `max_distance` is in [0, 2], smaller is stricter; None is up to them."""

    search: Search
    list_files: ListFiles
    names: tuple[str, ...]
    top_k: int | None
    max_distance: float | None
    prompts: str = GROUNDED
    searches: bool = True
    local: bool = True

    async def find(self, question: str) -> Found:
        """Their best chunks, no text twice; before them the list of files where that is what is asked for."""
        query = Query(question, self.top_k, self.max_distance, distinct=True)
        found = await run_in_threadpool(self.search, self.names, query)
        listed = [await run_in_threadpool(self._listed, question)] if asks_for_files(question, self.names) else []
        return Found((*listed, *found.hits), (found.notice,) if found.notice else ())

    def _listed(self, question: str) -> Hit:
        return file_list(question, {name: self.list_files(name) for name in self.names})


@dataclass(frozen=True)
class TemporaryFiles:
    """Files dropped into a chat."""

    files: TemporarySearch
    knowledge_id: str
    top_k: int
    max_distance: float
    prompts: str = GROUNDED
    searches: bool = True
    local: bool = True

    async def find(self, question: str) -> Found:
        """Their best chunks; before them the list of files where that is what is asked for."""
        hits = await run_in_threadpool(
            self.files.search, self.knowledge_id, question, top_k=self.top_k, max_distance=self.max_distance
        )
        if asks_for_files(question):
            hits = [file_list(question, {"": self.files.get(self.knowledge_id).files}), *hits]
        return Found(tuple(hits))


@dataclass(frozen=True)
class Web:
    """A search engine; with `split_result` its pages are read, split and ranked."""

    pages: WebSearch
    engine: str
    top_k: int | None
    split_result: bool
    prompts: str = SEARCHED
    searches: bool = True
    local: bool = False

    async def find(self, question: str) -> Found:
        """The best results, or the best parts of their pages."""
        return await self.pages.find(question, engine=self.engine, top_k=self.top_k, split_result=self.split_result)


@dataclass(frozen=True)
class Grounds:
    """Makes grounds; what is left out follows the knowledge bases, or else the settings."""

    settings: Settings
    search: Search
    list_files: ListFiles
    files: TemporarySearch
    pages: WebSearch

    def knowledge_bases(
        self, names: Sequence[str], *, top_k: int | None = None, max_distance: float | None = None
    ) -> Ground:
        """One or several knowledge bases, each counted once."""
        return KnowledgeBases(self.search, self.list_files, tuple(dict.fromkeys(names)), top_k, max_distance)

    def temporary_files(
        self, knowledge_id: str, *, top_k: int | None = None, max_distance: float | None = None
    ) -> Ground:
        """Files dropped into a chat."""
        default = self.settings.retrieval
        distance = default.score_threshold if max_distance is None else max_distance
        return TemporaryFiles(self.files, knowledge_id, top_k or default.top_k, distance)

    def web(self, engine: str, *, top_k: int | None = None, split_result: bool = False) -> Ground:
        """A search engine; an empty name means that of the settings."""
        return Web(self.pages, engine, top_k, split_result)
