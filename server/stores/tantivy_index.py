"""Words in Tantivy: an incremental BM25 index (k1 = 1.2, b = 0.75) over terms that we analyse ourselves.

Every change is one Tantivy commit, which is durable and atomic. Scores are divided by the summed inverse document
frequencies of the question's terms, so that a chunk that holds each term once at average length scores about 1.
"""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import tantivy

FOLDER = "words"
WRITER_BYTES = 16_000_000
MAX_TERMS = 256  # a pasted page as question needs no more than its first terms


class TantivyIndex:
    """One Tantivy folder with the fields id and terms."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._schema = index.schema
        index.register_tokenizer("terms", tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())

    @classmethod
    def open(cls, folder: Path) -> "TantivyIndex":
        """See `WordIndex.open`."""
        path = folder / FOLDER
        path.mkdir(parents=True, exist_ok=True)
        try:
            return cls(tantivy.Index(_schema(), path=str(path)))
        except (ValueError, OSError) as error:
            raise ValueError(f"the word index is damaged: {error}") from error

    @classmethod
    def in_memory(cls) -> "TantivyIndex":
        """See `WordIndex.in_memory`."""
        return cls(tantivy.Index(_schema()))

    def change(self, remove: Iterable[int], add: Iterable[tuple[int, Sequence[str]]]) -> None:
        """See `WordIndex.change`."""
        writer = self._index.writer(WRITER_BYTES, 1)
        try:
            for chunk_id in remove:
                writer.delete_documents_by_term("id", chunk_id)
            for chunk_id, terms in add:
                document = tantivy.Document()
                document.add_integer("id", chunk_id)
                document.add_text("terms", " ".join(terms))
                writer.add_document(document)
            writer.commit()
        finally:
            # Also gives the writer's lock back.
            writer.wait_merging_threads()
        self._index.reload()

    def search(self, terms: Sequence[str], k: int) -> list[tuple[int, float]]:
        """See `WordIndex.search`."""
        distinct = list(dict.fromkeys(terms))[:MAX_TERMS]
        searcher = self._index.searcher()
        if not distinct or k < 1 or searcher.num_docs == 0:
            return []
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Should, tantivy.Query.term_query(self._schema, "terms", term, "freq")) for term in distinct]
        )
        # Without counting all that match, Tantivy leaves out what cannot be among the best.
        hits = searcher.search(query, k, count=False).hits
        total = sum(self._idf(searcher, term) for term in distinct)
        ids = self._ids(searcher, hits)
        return [(chunk_id, score / total) for chunk_id, (score, _) in zip(ids, hits, strict=True)]

    @staticmethod
    def _ids(searcher: tantivy.Searcher, hits: Any) -> list[int]:
        values = searcher.fast_field_values("id", [address for _, address in hits])
        return [int(value) for value in values if value is not None]

    @staticmethod
    def _idf(searcher: tantivy.Searcher, term: str) -> float:
        """Inverse document frequency as BM25 defines it (Robertson and Zaragoza 2009), kept positive as Lucene does."""
        with_term = searcher.doc_freq("terms", term)
        return math.log(1 + (searcher.num_docs - with_term + 0.5) / (with_term + 0.5))

    def count(self) -> int:
        """See `WordIndex.count`."""
        return self._index.searcher().num_docs

    def ids(self) -> set[int]:
        """See `WordIndex.ids`."""
        searcher = self._index.searcher()
        hits = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
        return set(self._ids(searcher, hits))


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", stored=False, indexed=True, fast=True)
    builder.add_text_field("terms", stored=False, tokenizer_name="terms", index_option="freq")
    return builder.build()
