"""What each family of embedding models wants in front of questions and documents, and how near unrelated texts lie.

The texts are those of the model cards. Settings win over the model's own `prompts`, which win over this table.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from configs.sections.models import EmbedModel

_BGE_ZH = "为这个句子生成表示以用于检索相关文章："
_PASSAGES = "Represent this sentence for searching relevant passages: "
_WEB_SEARCH = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: "


@dataclass(frozen=True)
class Family:
    """Models whose name holds `pattern`; `floor` is the cosine that unrelated everyday texts reach."""

    pattern: str
    query: str = ""
    passage: str = ""
    floor: float = 0.5


# The first that fits counts, so the particular stand before the general.
FAMILIES = (
    Family(r"bge-m3", floor=0.4),
    Family(r"bge-multilingual-gemma2", "<instruct>Given a question, retrieve passages that answer it.\n<query>"),
    Family(r"bge-.*zh", _BGE_ZH),
    Family(r"bge-.*en", _PASSAGES),
    Family(r"bce-embedding", floor=0.4),
    Family(r"gte-qwen|e5-mistral|multilingual-e5.*instruct", _WEB_SEARCH),
    Family(r"qwen3-embedding", _WEB_SEARCH.rstrip(), floor=0.3),
    Family(r"embeddinggemma", "task: search result | query: ", "title: none | text: ", floor=0.3),
    Family(r"(^|[-_/])e5-", "query: ", "passage: ", floor=0.75),
    Family(r"gte-|m3e|text2vec|all-minilm|all-mpnet|paraphrase-|all-distilroberta"),
    Family(r"piccolo-.*v2"),
    Family(r"piccolo", "查询: ", "结果: "),
    Family(
        r"jina-embeddings-v3",
        "Represent the query for retrieving evidence documents: ",
        "Represent the document for retrieval: ",
        floor=0.3,
    ),
    Family(r"stella_en", _WEB_SEARCH.replace(" the query\n", " the query.\n")),
    Family(r"stella-(base|large)-zh$", "查询: ", "结果: "),
    Family(r"arctic-embed.*v2", "query: ", floor=0.3),
    Family(r"arctic-embed|mxbai-embed", _PASSAGES),
    Family(r"nomic-embed-text", "search_query: ", "search_document: "),
)
UNKNOWN = Family("")


@dataclass(frozen=True)
class Instructions:
    """What is put in front of questions and of documents."""

    query: str
    passage: str


def family(names: Iterable[str]) -> Family:
    """The family that the first telling one of these names (as configured, repository, folder) belongs to."""
    for name in names:
        for known in FAMILIES:
            if re.search(known.pattern, name.lower()):
                return known
    return UNKNOWN


def instructions(config: EmbedModel, found: Family, prompts: Mapping[str, str]) -> Instructions:
    """The settings', else the model's own `prompts` as sentence-transformers keeps them, else the family's."""
    query = config.query_instruction
    passage = config.passage_instruction
    own_passage = prompts.get("document") or prompts.get("passage")
    return Instructions(
        query=query if query is not None else prompts.get("query") or found.query,
        passage=passage if passage is not None else own_passage or found.passage,
    )
