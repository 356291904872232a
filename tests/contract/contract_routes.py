"""The 32 API routes of 0.2.10 with their fields, as the reference lists them; a mark tells how the body travels."""

from dataclasses import dataclass, field
from typing import Any

_ANSWERING = ("history", "stream", "model_name", "temperature", "max_tokens", "prompt_name")
_SPLITTING = ("chunk_size", "chunk_overlap", "zh_title_enhance")
_SUMMARY = ("vs_type", "embed_model", "file_description", "model_name", "temperature", "max_tokens")


@dataclass(frozen=True)
class Route:
    """`valid` holds values of the required fields with which the route can be asked any number of times."""

    path: str
    valid: dict[str, Any] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    method: str = "POST"
    kind: str = "json"


_KB = {"knowledge_base_name": "samples"}
_ASKED = {"query": "知问支持哪些文件格式？"}
_SUMMARIES = "/knowledge_base/kb_summary_api"

ROUTES = (
    Route("/chat/chat", _ASKED, ("conversation_id", "history_len", *_ANSWERING)),
    Route(
        "/chat/search_engine_chat",
        {**_ASKED, "search_engine_name": "searxng"},
        ("top_k", *_ANSWERING, "split_result"),
    ),
    Route("/chat/feedback", {}, ("message_id", "score", "reason")),
    Route("/chat/knowledge_base_chat", {**_ASKED, **_KB}, ("top_k", "score_threshold", *_ANSWERING)),
    Route("/chat/file_chat", {**_ASKED, "knowledge_id": "none"}, ("top_k", "score_threshold", *_ANSWERING)),
    Route("/chat/agent_chat", _ASKED, _ANSWERING),
    Route("/knowledge_base/list_knowledge_bases", method="GET", kind="query"),
    Route("/knowledge_base/create_knowledge_base", _KB, ("vector_store_type", "embed_model")),
    Route("/knowledge_base/delete_knowledge_base", kind="bare"),
    Route("/knowledge_base/list_files", _KB, method="GET", kind="query"),
    Route("/knowledge_base/search_docs", _KB, ("query", "top_k", "score_threshold", "file_name", "metadata")),
    Route("/knowledge_base/update_docs_by_id", {**_KB, "docs": {}}),
    Route(
        "/knowledge_base/upload_docs",
        {"files": None, **_KB},
        ("override", "to_vector_store", *_SPLITTING, "docs", "not_refresh_vs_cache"),
        kind="form",
    ),
    Route("/knowledge_base/delete_docs", {**_KB, "file_names": []}, ("delete_content", "not_refresh_vs_cache")),
    Route("/knowledge_base/update_info", {**_KB, "kb_info": "你好"}),
    Route(
        "/knowledge_base/update_docs",
        {**_KB, "file_names": []},
        (*_SPLITTING, "override_custom_docs", "docs", "not_refresh_vs_cache"),
    ),
    Route("/knowledge_base/download_doc", {**_KB, "file_name": "x.md"}, ("preview",), method="GET", kind="query"),
    Route(
        "/knowledge_base/recreate_vector_store",
        {"knowledge_base_name": "contract_empty"},
        ("allow_empty_kb", "vs_type", "embed_model", *_SPLITTING, "not_refresh_vs_cache"),
    ),
    Route("/knowledge_base/upload_temp_docs", {"files": None}, ("prev_id", *_SPLITTING), kind="form"),
    Route(f"{_SUMMARIES}/summary_file_to_vector_store", {**_KB, "file_name": "x.md"}, ("allow_empty_kb", *_SUMMARY)),
    Route(f"{_SUMMARIES}/summary_doc_ids_to_vector_store", _KB, ("doc_ids", *_SUMMARY)),
    Route(
        f"{_SUMMARIES}/recreate_summary_vector_store",
        {"knowledge_base_name": "contract_empty"},
        ("allow_empty_kb", *_SUMMARY),
    ),
    Route("/llm_model/list_running_models", {}, ("controller_address", "placeholder")),
    Route("/llm_model/list_config_models", {}, ("types", "placeholder")),
    Route("/llm_model/get_model_config", {"model_name": "first"}, ("placeholder",)),
    Route("/llm_model/stop", {"model_name": "second"}, ("controller_address",)),
    Route("/llm_model/change", {"model_name": "second", "new_model_name": "first"}, ("controller_address",)),
    Route("/server/configs", kind="none"),
    Route("/server/list_search_engines", kind="none"),
    Route("/server/get_prompt_template", {}, ("type", "name")),
    Route(
        "/other/completion",
        {"query": "从前"},
        ("stream", "echo", "model_name", "temperature", "max_tokens", "prompt_name"),
    ),
    Route("/other/embed_texts", {"texts": ["知问"]}, ("embed_model", "to_query")),
)
BODIES = tuple(route for route in ROUTES if route.kind == "json")
STREAMS = frozenset(
    {
        "/chat/chat",
        "/chat/search_engine_chat",
        "/chat/knowledge_base_chat",
        "/chat/file_chat",
        "/chat/agent_chat",
        "/knowledge_base/recreate_vector_store",
        f"{_SUMMARIES}/summary_file_to_vector_store",
        f"{_SUMMARIES}/recreate_summary_vector_store",
        "/other/completion",
    }
)
EMPTY = "contract_empty"
