"""Searching knowledge bases without an answer."""

import json

from fastapi import APIRouter, Response

from server.api.chunk_wire import found_chunk, found_document, query_of
from server.api.deps import KnowledgeBasesDep
from server.api.schemas.search import FoundDocument, HybridSearch, SearchAnswer, SearchRequest, SearchResponse
from server.errors import BadName, KnowledgeBaseNotFound
from server.knowledge_base.filters import Filters
from server.knowledge_base.search import MAX_DISTANCE, Query
from server.knowledge_base.service import KnowledgeBases

router = APIRouter(prefix="/knowledge_base", tags=["Knowledge Base Management"])
NO_QUESTION_SCORE = 3.0
"""What 0.2.10 puts in place of a distance when chunks are listed without a question."""


@router.post("/search_docs", response_model=list[FoundDocument])
def search_docs(body: SearchRequest, knowledge_bases: KnowledgeBasesDep) -> Response:
    """The chunks nearest to a question; without one, the chunks of a file or with certain metadata.

    As in 0.2.10 the answer is a bare array, and an empty one when no knowledge base has this name; without a
    `score_threshold`, here or of the knowledge base, there are always `top_k` where there are so many. With a question
    `file_name` and `metadata` limit what is found; their values may be conditions as in `/knowledge_base/search`.
    """
    try:
        found = _documents(body, knowledge_bases)
    except (KnowledgeBaseNotFound, BadName):
        found = []
    return Response(json.dumps(found, ensure_ascii=False), media_type="application/json")


def _documents(body: SearchRequest, knowledge_bases: KnowledgeBases) -> list[dict[str, object]]:
    name = body.knowledge_base_name
    files = [body.file_name.replace("[", "[[]").replace("%", "*")] if body.file_name else []
    filters = Filters.of(files, body.metadata)
    if body.query.strip():
        # No answer is made of these, so the border of "answers the question" would only hide what is nearest.
        query = Query(body.query, body.top_k, body.score_threshold, filters, default_distance=MAX_DISTANCE)
        hits = knowledge_bases.find([name], query).hits
        return [found_document(hit.chunk, hit.distance) for hit in hits]
    chunks = knowledge_bases.chunks(name, filters) if filters else []
    return [found_document(chunk, NO_QUESTION_SCORE) for chunk in chunks]


@router.post("/search")
def search(body: HybridSearch, knowledge_bases: KnowledgeBasesDep) -> SearchResponse:
    """The best chunks of one or several knowledge bases, each with the reason why it was found."""
    found = knowledge_bases.find(body.knowledge_base_names, query_of(body))
    chunks = [hit.chunk for hit in found.hits]
    around = knowledge_bases.chunk_desk.around(chunks, body.neighbours) if body.neighbours else {}
    hits = [found_chunk(hit, found.fused[hit.chunk.id], around.get(hit.chunk.id, ((), ()))) for hit in found.hits]
    timings = {stage: round(spent, 2) for stage, spent in found.timings.items()}
    return SearchResponse(data=SearchAnswer(hits=hits, timings=timings))
