"""The part of the fake API that keeps conversations, dropped files and choices in memory."""

import re
from typing import Any

CREATED = "2025-03-04T05:06:07+00:00"
MODEL = "builtin-extractive"
CONVERSATION = re.compile(r"/conversations/(?P<id>[^/]+)(?P<rest>/messages|/export|/messages/(?P<message>[^/]+))?")
MODES = {"chat", "knowledge_base_chat", "file_chat", "search_engine_chat", "agent_chat"}
OPTIONS = (
    "temperature",
    "history_len",
    "top_k",
    "score_threshold",
    "return_direct",
    "knowledge_id",
    "search_engine_name",
    "split_result",
    "tools",
)
Answer = tuple[int, Any]


def model_state(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "local",
        "engine": "builtin",
        "state": "running",
        "default": name == MODEL,
        "address": "",
        "seconds": 0,
        "restarts": 0,
        "percent": None,
        "log": "",
        "reason": "",
        "can_start": False,
        "can_stop": False,
    } | changes


def tool(name: str, title: str, **changes: Any) -> dict[str, Any]:
    entry = {"name": name, "title": title, "description": "", "args": {}, "input_schema": {}, "state": "ready"}
    return entry | {"reason": "", "server": ""} | changes


class FakeChat:
    """What a chat page asks for besides knowledge bases."""

    def __init__(self) -> None:
        self.conversations: dict[str, dict[str, Any]] = {}
        self.dropped: dict[str, Any] | None = None
        self.refused: list[dict[str, str]] = []
        self.models = [model_state(MODEL), model_state("qwen", engine="transformers")]
        self.tools = {
            "calculate": tool("calculate", "计算器"),
            "search": tool("search", "知识库检索"),
            "weather": tool("weather", "天气", state="unavailable", reason="缺少密钥"),
        }
        self.choices: dict[str, Any] = {
            "prompts": {
                "llm_chat": ["default", "py", "with_history"],
                "knowledge_base_chat": ["default", "empty", "text"],
                "search_engine_chat": ["default", "empty"],
                "agent_chat": ["default"],
            },
            "search_engines": [
                {"name": "duckduckgo", "missing": "", "default": True},
                {"name": "bing", "missing": "BING_SUBSCRIPTION_KEY", "default": False},
            ],
            "agent_model": MODEL,
            "no_agents": {MODEL: "这个模型只会引用文档原文，请换一个模型。"},
        }

    def keep(self, route: str, body: dict[str, Any], message_id: str, answer: str, sources: list[Any]) -> None:
        """Write down a question with its answer, as the API does when the stream ends."""
        if not body.get("conversation_id"):
            return
        mode = "llm_chat" if route == "chat" else route
        kept = self._made(body["conversation_id"], body["query"])
        names = [body.get("knowledge_base_name", ""), *body.get("knowledge_base_names", [])]
        kept |= {"mode": mode, "knowledge_bases": [name for name in names if name]}
        kept["history"].append(
            {
                "id": message_id,
                "mode": mode,
                "question": body["query"],
                "answer": answer,
                "sources": [] if route == "chat" else sources,
                "model": body.get("model_name") or MODEL,
                "prompt": body.get("prompt_name", "default"),
                "options": {name: body[name] for name in OPTIONS if name in body},
                "total_ms": 5,
                "finish": "complete",
                "created": CREATED,
            }
        )

    def handle(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer | None:
        """Status and `data`, or a whole body for a list with a total; None for a path of others."""
        plain = {
            ("GET", "/server/chat_choices"): lambda: self.choices,
            ("GET", "/llm_model/states"): lambda: self.models,
            ("GET", "/tools"): lambda: self.tools,
            ("POST", "/chat/feedback"): lambda: None,
            ("POST", "/knowledge_base/upload_temp_docs"): lambda: self._drop(body),
            ("POST", "/knowledge_base/delete_temp_docs"): lambda: self._forget(body),
        }
        if (method, path) in plain:
            return 200, plain[method, path]()
        if path == "/knowledge_base/temp_docs":
            return (200, [self.dropped]) if self.dropped else missing("temporary_not_found")
        if path == "/conversations":
            return self._listed(query) if method == "GET" else (200, self._shown(self._made(**_named(body))))
        found = CONVERSATION.fullmatch(path)
        return self._one(method, found, body) if found else None

    def _one(self, method: str, found: re.Match[str], body: Any) -> Answer:
        kept = self.conversations.get(found["id"])
        if kept is None:
            return missing("conversation_not_found")
        if found["message"]:
            return self._taken_back(kept, found["message"])
        if method == "DELETE":
            del self.conversations[found["id"]]
        elif method == "PATCH":
            kept["title"] = body["title"]
        return 200, {**self._shown(kept), "history": kept["history"]}

    def _taken_back(self, kept: dict[str, Any], message_id: str) -> Answer:
        ids = [message["id"] for message in kept["history"]]
        if message_id not in ids:
            return missing("message_not_found")
        del kept["history"][ids.index(message_id) :]
        return 200, []

    def _listed(self, query: dict[str, str]) -> Answer:
        wanted = [kept for kept in self.conversations.values() if query.get("search", "") in kept["title"]]
        first = int(query["offset"])
        page = [self._shown(kept) for kept in reversed(wanted)][first : first + int(query["limit"])]
        return 200, {"whole": True, "code": 200, "msg": "success", "data": page, "total": len(wanted)}

    def _made(self, id: str, title: str) -> dict[str, Any]:  # noqa: A002  # the name of the field
        fresh = {"id": id, "title": title, "mode": "", "knowledge_bases": [], "history": []}
        return self.conversations.setdefault(id, fresh)

    def _shown(self, kept: dict[str, Any]) -> dict[str, Any]:
        rest = {name: value for name, value in kept.items() if name != "history"}
        return {**rest, "messages": len(kept["history"]), "created": CREATED, "updated": CREATED}

    def _drop(self, body: str) -> dict[str, Any]:
        names = re.findall(r'filename="([^"]*)"', body)
        files = [{"name": name, "state": "ready", "size": 5, "chunks": 1} for name in names]
        before = self.dropped["files"] if self.dropped else []
        self.dropped = {"id": "tmp1", "files": [*before, *files], "chunks": 1, "expires_in_s": 3600}
        return {"id": "tmp1", "failed_files": self.refused}

    def _forget(self, body: dict[str, Any]) -> None:
        left = (
            [file for file in self.dropped["files"] if file["name"] not in body["file_names"]] if self.dropped else []
        )
        self.dropped = self.dropped | {"files": left} if self.dropped and body["file_names"] and left else None


def missing(code: str) -> Answer:
    return 404, {"whole": True, "code": 404, "msg": f"没有找到（{code}）", "data": {"error": code}}


def _named(body: dict[str, Any]) -> dict[str, str]:
    return {"id": body["id"], "title": body["title"]}
