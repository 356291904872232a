"""Which scope a route needs. One table: reading is `read`, changing is `write`, and what differs stands here.

Answers, searches and whatever belongs to the one who asks (conversations, dropped files, feedback) change no knowledge
base, so `read` is enough for them. Keys, running models and the settings of the server are for `admin`.
"""

import re

from server.caller import Scope

READING = frozenset({"GET", "HEAD", "OPTIONS"})
OPEN_PATHS = frozenset({"/", "/health", "/ready", "/docs", "/docs/oauth2-redirect", "/redoc", "/openapi.json"})
STATIC_DOCS = "/static-offline-docs/"
METRICS = "/metrics"
OWN_KEY = "/keys/current"
_ADMIN = re.compile(
    r"/(keys|system|llm_model/(stop|change|start|test_provider|download|cancel_download)|server/configs)(/.*)?",
    re.DOTALL,  # a decoded path may hold a line break
)
_READ_BY_CHANGING = re.compile(
    r"/(chat|v1|conversations|other|feedback)(/.*)?"
    r"|/knowledge_base/(search|search_docs|check|checkups|preview_chunks|(upload|search|delete)_temp_docs)"
    r"|/knowledge_base/[^/]+/[^/]+/chat/completions"
    r"|/llm_model/(list_running_models|list_config_models|get_model_config)"
    r"|/server/(list_search_engines|get_prompt_template)",
    re.DOTALL,
)


def needed_scope(method: str, path: str) -> Scope:
    """The scope for a request, by its decoded path or by the template of its route."""
    if path.rstrip("/") == OWN_KEY:
        return "read"
    if _ADMIN.fullmatch(path):
        return "admin"
    return "read" if method in READING or _READ_BY_CHANGING.fullmatch(path) else "write"


def is_open(path: str) -> bool:
    """Whether the path is answered without a key where others need one."""
    return path in OPEN_PATHS or path.startswith(STATIC_DOCS)
