"""A client in the manner of 0.2.10's own: what it sends, nulls included, and how it reads what comes back.

It is careless where that one is: each network chunk is taken for one event, of which it cuts six characters in front
and two behind; what is no event is parsed as JSON; the HTTP status is not looked at.
"""

import json
import os
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

RETRIES = 3
TIMEOUT_S = 300.0
TOP_K, THRESHOLD = 3, 1.0
CHUNK_SIZE, CHUNK_OVERLAP = 250, 50
Given = str | Path | bytes


class PeerClient:
    """Defaults are those of the configuration it was shipped with, model names excepted."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=TIMEOUT_S, trust_env=False)
        self.unreadable: list[str] = []
        """Chunks that were no whole event; that client only logs them."""

    def __enter__(self) -> "PeerClient":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.close()

    def post(self, path: str, **options: Any) -> httpx.Response:
        for left in reversed(range(RETRIES)):
            try:
                return self._http.post(path, **options)
            except httpx.TransportError:
                if not left:
                    raise
        raise AssertionError

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self._http.get(path, params=params)

    def events(self, path: str, body: dict[str, Any], timeout: float | None = TIMEOUT_S) -> Iterator[Any]:
        """Items of a stream as that client sees them."""
        try:
            with self._http.stream("POST", path, json=body, timeout=timeout) as response:
                for chunk in response.iter_text(None):
                    if not chunk or chunk.startswith(":"):
                        continue
                    try:
                        yield json.loads(chunk[6:-2] if chunk.startswith("data: ") else chunk)
                    except ValueError:
                        self.unreadable.append(chunk)
        except httpx.HTTPError as error:
            yield {"code": 500, "msg": f"{type(error).__name__}: {error}"}

    def server_configs(self) -> dict[str, Any]:
        return self.post("/server/configs").json()

    def search_engines(self) -> list[str]:
        return self.post("/server/list_search_engines").json()["data"]

    def prompt_template(self, kind: str = "llm_chat", name: str = "default") -> str:
        return self.post("/server/get_prompt_template", json={"type": kind, "name": name}).text

    def chat(self, query: str, history: Sequence[dict[str, str]] = (), **given: Any) -> Iterator[Any]:
        body = {
            "query": query,
            "conversation_id": None,
            "history_len": -1,
            "history": list(history),
            "stream": True,
            "model_name": None,
            "temperature": 0.7,
            "max_tokens": None,
            "prompt_name": "default",
        }
        return self.events("/chat/chat", body | given)

    def agent_chat(self, query: str, model: str, **given: Any) -> Iterator[Any]:
        return self.events("/chat/agent_chat", self._asked(query, "default", model_name=model) | given)

    def knowledge_base_chat(self, query: str, knowledge_base: str, **given: Any) -> Iterator[Any]:
        own = {"knowledge_base_name": knowledge_base, "top_k": TOP_K, "score_threshold": THRESHOLD}
        return self.events("/chat/knowledge_base_chat", self._asked(query, "default") | own | given)

    def file_chat(self, query: str, knowledge_id: str, **given: Any) -> Iterator[Any]:
        own = {"knowledge_id": knowledge_id, "top_k": TOP_K, "score_threshold": THRESHOLD}
        return self.events("/chat/file_chat", self._asked(query, "default") | own | given)

    def search_engine_chat(self, query: str, engine: str, **given: Any) -> Iterator[Any]:
        own = {"search_engine_name": engine, "top_k": TOP_K, "split_result": False}
        return self.events("/chat/search_engine_chat", self._asked(query, "default") | own | given)

    @staticmethod
    def _asked(query: str, prompt: str, model_name: str | None = None) -> dict[str, Any]:
        settings = {"stream": True, "model_name": model_name, "temperature": 0.7, "max_tokens": None}
        return {"query": query, "history": [], **settings, "prompt_name": prompt}

    def feedback(self, message_id: str, score: int, reason: str = "") -> dict[str, Any]:
        body = {"message_id": message_id, "score": score, "reason": reason}
        return self.post("/chat/feedback", json=body).json()

    def list_knowledge_bases(self) -> list[str]:
        return self.get("/knowledge_base/list_knowledge_bases").json().get("data", [])

    def create_knowledge_base(self, name: str, embed_model: str | None = None) -> dict[str, Any]:
        body = {"knowledge_base_name": name, "vector_store_type": "faiss", "embed_model": embed_model}
        return self.post("/knowledge_base/create_knowledge_base", json=body).json()

    def delete_knowledge_base(self, name: str) -> dict[str, Any]:
        return self.post("/knowledge_base/delete_knowledge_base", json=name).json()

    def list_files(self, knowledge_base: str) -> list[str]:
        return self.get("/knowledge_base/list_files", knowledge_base_name=knowledge_base).json().get("data", [])

    def search_docs(self, knowledge_base: str, query: str = "", **given: Any) -> list[dict[str, Any]]:
        body = {"query": query, "knowledge_base_name": knowledge_base, "top_k": TOP_K, "score_threshold": THRESHOLD}
        body |= {"file_name": "", "metadata": {}}
        return self.post("/knowledge_base/search_docs", json=body | given).json()

    def update_docs_by_id(self, knowledge_base: str, docs: dict[str, Any]) -> httpx.Response:
        body = {"knowledge_base_name": knowledge_base, "docs": docs}
        return self.post("/knowledge_base/update_docs_by_id", json=body)

    def upload_docs(
        self, files: Sequence[Given], knowledge_base: str, *, override: bool = False, docs: Any = None, **given: Any
    ) -> dict[str, Any]:
        data = {
            "knowledge_base_name": knowledge_base,
            "override": override,
            "to_vector_store": True,
            "chunk_size": CHUNK_SIZE,
            "chunk_overlap": CHUNK_OVERLAP,
            "zh_title_enhance": False,
            "docs": json.dumps(docs or {}, ensure_ascii=False),
            "not_refresh_vs_cache": False,
        }
        named = [("files", self._named(file)) for file in files]
        return self.post("/knowledge_base/upload_docs", data=data | given, files=named).json()

    def upload_temp_docs(self, files: Sequence[Given], knowledge_id: str | None = None) -> dict[str, Any]:
        data = {"knowledge_id": knowledge_id, "chunk_size": CHUNK_SIZE, "chunk_overlap": CHUNK_OVERLAP}
        data["zh_title_enhance"] = False
        named = [("files", self._named(file)) for file in files]
        return self.post("/knowledge_base/upload_temp_docs", data=data, files=named).json()

    @staticmethod
    def _named(file: Given) -> tuple[str, BytesIO]:
        if isinstance(file, bytes):
            return "dropped.txt", BytesIO(file)
        path = Path(file)
        return os.path.split(path)[-1], BytesIO(path.read_bytes())

    def delete_docs(self, knowledge_base: str, names: Sequence[str], *, delete_content: bool = False) -> dict[str, Any]:
        body = {"knowledge_base_name": knowledge_base, "file_names": list(names), "delete_content": delete_content}
        return self.post("/knowledge_base/delete_docs", json=body | {"not_refresh_vs_cache": False}).json()

    def update_info(self, knowledge_base: str, info: str) -> dict[str, Any]:
        body = {"knowledge_base_name": knowledge_base, "kb_info": info}
        return self.post("/knowledge_base/update_info", json=body).json()

    def update_docs(self, knowledge_base: str, names: Sequence[str], docs: Any = None, **given: Any) -> dict[str, Any]:
        body = {
            "knowledge_base_name": knowledge_base,
            "file_names": list(names),
            "override_custom_docs": False,
            "chunk_size": CHUNK_SIZE,
            "chunk_overlap": CHUNK_OVERLAP,
            "zh_title_enhance": False,
            "docs": json.dumps(docs or {}, ensure_ascii=False),
            "not_refresh_vs_cache": False,
        }
        return self.post("/knowledge_base/update_docs", json=body | given).json()

    def recreate_vector_store(self, knowledge_base: str, **given: Any) -> Iterator[Any]:
        body = {
            "knowledge_base_name": knowledge_base,
            "allow_empty_kb": True,
            "vs_type": "faiss",
            "embed_model": None,
            "chunk_size": CHUNK_SIZE,
            "chunk_overlap": CHUNK_OVERLAP,
            "zh_title_enhance": False,
        }
        return self.events("/knowledge_base/recreate_vector_store", body | given, None)

    def running_models(self) -> dict[str, Any]:
        body = {"controller_address": None}
        return self.post("/llm_model/list_running_models", json=body).json().get("data", [])

    def default_model(self, configured: str) -> tuple[str, bool]:
        """The configured model when it runs, else a local one, else any; and whether it is local."""
        running = self.running_models()
        local = [name for name, known in running.items() if not known.get("online_api")]
        ordered = [name for name in (configured, *local, *running) if name in running]
        return (ordered[0], ordered[0] in local) if ordered else ("", False)

    def config_models(self, types: Sequence[str] = ("local", "online")) -> dict[str, Any]:
        return self.post("/llm_model/list_config_models", json={"types": list(types)}).json().get("data", {})

    def model_config(self, name: str) -> dict[str, Any]:
        return self.post("/llm_model/get_model_config", json={"model_name": name}).json().get("data", {})

    def stop_model(self, name: str) -> dict[str, Any]:
        return self.post("/llm_model/stop", json={"model_name": name, "controller_address": None}).json()

    def change_model(self, name: str, new_name: str) -> dict[str, Any]:
        """Checks first what can be known, as that client does."""
        running = self.running_models()
        if new_name == name or new_name in running:
            return {"code": 200, "msg": "无需切换"}
        if name not in running or new_name not in self.config_models()["local"]:
            return {"code": 500, "msg": "this client would not even ask"}
        body = {"model_name": name, "new_model_name": new_name, "controller_address": None}
        return self.post("/llm_model/change", json=body).json()

    def embed_texts(self, texts: Sequence[str], embed_model: str | None = None) -> list[list[float]]:
        body = {"texts": list(texts), "embed_model": embed_model, "to_query": False}
        return self.post("/other/embed_texts", json=body).json()["data"]
