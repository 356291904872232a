"""A knowledge API on a free loopback port with canned answers, for tests of the web page; nothing of the server runs.

What a test wants to be different it sets on `FakeApi`: `data` maps a path to what it answers, `fail` to the error it
answers with, `keys` are those it knows with their scopes; `answer` and `sources` are what a question gets, `think_s` is
waited before an answer, `pause_s` between its pieces.
"""

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from webui_fake_chat import MODES, FakeChat
from webui_fake_documents import SEARCH, FakeDocuments

UPDATED = "2025-03-04T05:06:07+00:00"
SETTINGS = {
    "splitter": "ChineseRecursiveTextSplitter",
    "chunk_size": 250,
    "chunk_overlap": 50,
    "zh_title_enhance": False,
    "ocr": True,
}


def file_entry(name: str, state: str = "ready", chunks: int = 12, size: int = 34567, error: str = "") -> dict[str, Any]:
    return {
        "name": name,
        "state": state,
        "size": size,
        "chunks": chunks,
        "loader": "MarkdownLoader",
        "splitter": "ChineseRecursiveTextSplitter",
        "error_code": "no_text" if error else "",
        "error": error,
        "updated": UPDATED,
        "vectors": chunks,
        "words": chunks,
        "settings": {**SETTINGS, "tokenizer": ""},
    }


def job_entry(number: int, file: str, state: str = "running", **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "knowledge_base": "samples",
        "file": file,
        "state": state,
        "stage": "parsing",
        "page": 3,
        "pages": 10,
        "percent": 27,
        "created": UPDATED,
    } | changes


def source(index: int, **changes: Any) -> dict[str, Any]:
    return {
        "index": index,
        "knowledge_base": "samples",
        "file": "支持的文件格式.md",
        "score": 0.87,
        "text": "知问能读取 PDF、Word（docx）、CSV、HTML、Markdown 和纯文本文件。\n扫描件需要先识别文字。",
        "page": None,
        "row": None,
        "headings": ["支持的文件格式", "从每种格式里读出什么"],
        "url": "http://127.0.0.1:9/knowledge_base/download_doc?knowledge_base_name=samples&file_name=x",
    } | changes


class FakeApi:
    """The canned world."""

    def __init__(self) -> None:
        self.bases: dict[str, list[dict[str, Any]]] = {
            "samples": [
                file_entry("支持的文件格式.md"),
                file_entry("troubleshooting.md", size=9123, chunks=31),
                file_entry(
                    "扫描合同.pdf",
                    "failed",
                    0,
                    2_345_678,
                    "“扫描合同.pdf”里没有文字（可能是扫描件），请上传带文字层的版本。",
                ),
                file_entry("年度报告 2024.docx", "waiting", 0),
            ],
            "空知识库": [],
        }
        self.jobs: list[dict[str, Any]] = []
        self.settings: dict[str, dict[str, Any]] = {}
        self.infos = {"samples": "随知问附带的示例"}
        self.documents = FakeDocuments()
        self.work_ends = True
        self.fail: dict[str, tuple[int, dict[str, Any]]] = {}
        self.answer = [
            "知问支持 ",
            "**PDF**、Word、Excel、CSV、HTML、",
            "Markdown 和纯文本。[1]",
            "\n\n扫描件要先识别文字。[2]",
        ]
        self.sources = [source(1), source(2, file="年度报告 2024.docx", score=0.41, page=3, headings=[])]
        self.steps: list[dict[str, Any]] = []
        self.extra: list[dict[str, Any]] = []
        self.chats = FakeChat()
        self.fail_after: int | None = None
        self.answers = 0
        self.think_s = 0.0
        self.pause_s = 0.0
        self.keys: dict[str, str] = {}
        self.data: dict[str, Any] = {}
        self.requests: list[tuple[str, Any, dict[str, str]]] = []
        self.stream_left = threading.Event()
        self.url = ""

    def details(self, name: str) -> dict[str, Any]:
        files = self.bases[name]
        return {
            "name": name,
            "info": self.infos.get(name, ""),
            "vector_store": "faiss",
            "embed_model": "builtin-ngram",
            "files": len(files),
            "chunks": sum(file["chunks"] for file in files),
            "failed": sum(file["state"] == "failed" for file in files),
            "created": UPDATED,
            "file_bytes": sum(file["size"] for file in files),
            "settings": {key: self.settings.get(name, {}).get(key, value) for key, value in SETTINGS.items()},
            "search": {key: self.settings.get(name, {}).get(key, value) for key, value in SEARCH.items()},
            "own": list(self.settings.get(name, {})),
        }

    def queue(self, base: str, file: str) -> list[dict[str, Any]]:
        """A job on a file of this knowledge base; over by now where `work_ends`."""
        job = job_entry(len(self.jobs) + 1, file, "done" if self.work_ends else "running", knowledge_base=base)
        self.jobs.append(job)
        return [{"id": job["id"], "file": file}]

    def bodies(self, path: str) -> list[Any]:
        return [body for where, body, _ in self.requests if where == path]


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        pass

    def do_GET(self) -> None:
        path, query = self._target()
        self._record(path, query)
        if (
            self._refused(path)
            or self._failed(path)
            or self._canned(path)
            or self._chat_handled("GET", path, query, None)
        ):
            return
        api = self.server.api
        if path == "/health":
            self._json(
                {
                    "status": "ok",
                    "version": "0.1.0",
                    "llm": "builtin-extractive",
                    "embed_model": "builtin-ngram",
                    "language": "zh",
                    "services": {"database": {"ok": True, "detail": ""}},
                }
            )
        elif path == "/knowledge_base/list_knowledge_bases":
            self._ok([api.details(name) for name in api.bases])
        elif path == "/knowledge_base/list_files":
            self._ok(api.bases[query["knowledge_base_name"]])
        elif path == "/knowledge_base/download_doc":
            self._bytes(f"content of {query['file_name']}".encode(), "application/octet-stream")
        else:
            self._get_work(path, query)

    def _get_work(self, path: str, query: dict[str, str]) -> None:
        api = self.server.api
        if self._documents("GET", path, query):
            return
        if path == "/keys/current":
            scope = api.keys.get(self._key(), "admin")
            self._ok({"name": f"{scope} key" if api.keys else "", "scope": scope, "needed": bool(api.keys)})
        elif path.startswith("/knowledge_base/jobs/"):
            self._ok(api.jobs[int(path.rsplit("/", 1)[-1]) - 1])
        else:
            self._json({"code": 404, "msg": f"no route {path}", "data": None}, 404)

    def do_POST(self) -> None:
        path, _ = self._target()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or self._chunked()
        is_json = "json" in self.headers.get("Content-Type", "")
        body = json.loads(raw) if is_json and raw else raw.decode("utf-8", "replace")
        self._record(path, body)
        if (
            not self._failed(path)
            and not self._canned(path)
            and not self._chat_handled("POST", path, {}, body)
            and not self._documents("POST", path, body)
        ):
            getattr(self, path.rsplit("/", 1)[-1])(body)

    def create_knowledge_base(self, body: dict[str, Any]) -> None:
        self.server.api.bases[body["knowledge_base_name"]] = []
        self._keep(body)
        self._ok(None)

    def _documents(self, method: str, path: str, sent: Any) -> bool:
        """Whether the part behind the page of knowledge bases has answered."""
        found = self.server.api.documents.handle(self.server.api, method, path, sent)
        if isinstance(found, bytes):
            self._bytes(found, "image/png")
        elif found is not None:
            self._ok(found)
        return found is not None

    def _keep(self, body: dict[str, Any]) -> None:
        asked = {name: body[name] for name in SETTINGS if body.get(name) is not None}
        self.server.api.settings.setdefault(body["knowledge_base_name"], {}).update(asked)

    def cancel(self, _: Any) -> None:
        job = self.server.api.jobs[int(self._target()[0].split("/")[-2]) - 1]
        job |= {"state": "cancelled", "error": "读取已取消。", "percent": 100}
        self._ok(job)

    def retry(self, _: Any) -> None:
        job = self.server.api.jobs[int(self._target()[0].split("/")[-2]) - 1]
        self._ok({"jobs": self.server.api.queue(job["knowledge_base"], job["file"])})

    def retry_failed(self, body: dict[str, Any]) -> None:
        base = body["knowledge_base_name"]
        failed = [file for file in self.server.api.bases[base] if file["state"] == "failed"]
        self._ok({"jobs": [job for file in failed for job in self.server.api.queue(base, file["name"])]})

    def delete_knowledge_base(self, body: str) -> None:
        del self.server.api.bases[body]
        self._ok(None)

    def upload_docs(self, body: str) -> None:
        name = re.search(r'filename="([^"]*)"', body)
        base = re.search(r'name="knowledge_base_name"\r\n\r\n([^\r]*)', body)
        assert name
        assert base
        if name[1].endswith(".exe"):
            self._ok({"failed_files": {name[1]: "无法读取这种类型的文件。"}})
            return
        self.server.api.bases[base[1]].append(file_entry(name[1], chunks=2, size=20))
        jobs = self.server.api.queue(base[1], name[1])
        self._json({"code": 202, "msg": "success", "data": {"jobs": jobs, "failed_files": {}}}, 202)

    def do_PATCH(self) -> None:
        path, _ = self._target()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._record(path, body)
        self._chat_handled("PATCH", path, {}, body)

    def do_DELETE(self) -> None:
        path, query = self._target()
        self._record(path, query)
        self._chat_handled("DELETE", path, query, None)

    def _chat_handled(self, method: str, path: str, query: dict[str, str], body: Any) -> bool:
        route = path.removeprefix("/chat/")
        if method == "POST" and route in MODES:
            self._answer(route, body)
            return True
        found = self.server.api.chats.handle(method, path, query, body)
        if found is None:
            return False
        status, data = found
        is_whole = isinstance(data, dict) and data.pop("whole", False)
        self._json(data if is_whole else {"code": 200, "msg": "success", "data": data}, status)
        return True

    def _answer(self, route: str, body: dict[str, Any]) -> None:
        """The events of an answer, which is kept when they end."""
        api = self.server.api
        api.answers += 1
        message_id = f"{api.answers:032x}"
        found = [{"sources": api.sources}] if body.get("sources_first") and "knowledge" in route else []
        name = "text" if route == "chat" else "answer"
        pieces = [] if body.get("return_direct") else api.answer
        tokens = [{name: text} for text in pieces]
        last: dict[str, Any] = {"message_id": message_id, "finish_reason": "stop"}
        if found:
            last["sources"] = api.sources
        if route == "agent_chat":
            last["final_answer"] = "".join(pieces)
        if self._stream([{"message_id": message_id}, *api.extra, *api.steps, *found, *tokens, last]):
            api.chats.keep(route, body, message_id, "".join(pieces), api.sources if found else [])

    def _stream(self, events: list[dict[str, Any]]) -> bool:
        """Send the events; False when the stream broke off."""
        api = self.server.api
        time.sleep(api.think_s)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.end_headers()
        self.wfile.write(b": ping\r\n\r\n")
        for number, event in enumerate(events):
            if number == api.fail_after:
                event = {
                    "code": 502,
                    "msg": "模型“builtin-extractive”出错：连接断开。请重试。",
                    "error": "model_failed",
                }
            try:
                self.wfile.write(f"data: {json.dumps(event, ensure_ascii=False)}\r\n\r\n".encode())
                self.wfile.flush()
            except OSError:
                api.stream_left.set()
                return False
            if number == api.fail_after:
                return False
            time.sleep(api.pause_s)
        return True

    def _target(self) -> tuple[str, dict[str, Any]]:
        parts = urlsplit(self.path)
        return parts.path, {
            name: values if len(values) > 1 else values[0] for name, values in parse_qs(parts.query).items()
        }

    def _record(self, path: str, body: Any) -> None:
        self.server.api.requests.append((path, body, dict(self.headers)))

    def _failed(self, path: str) -> bool:
        if path not in self.server.api.fail:
            return False
        status, body = self.server.api.fail[path]
        self._json(body, status)
        return True

    def _canned(self, path: str) -> bool:
        """Answer with what a test put into `data` for this path."""
        if path in self.server.api.data:
            self._ok(self.server.api.data[path])
        return path in self.server.api.data

    def _key(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _refused(self, path: str) -> bool:
        """Whether the request lacks a key, where `keys` (text to scope) says that one is needed."""
        api = self.server.api
        if not api.keys or path == "/health" or self._key() in api.keys:
            return False
        self._json({"code": 401, "msg": "该服务需要 API 密钥。", "data": {"error": "api_key_required"}}, 401)
        return True

    def _chunked(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return b""
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        return b"".join(parts)

    def _ok(self, data: Any) -> None:
        self._json({"code": 200, "msg": "success", "data": data})

    def _json(self, body: Any, status: int = 200) -> None:
        self._bytes(json.dumps(body, ensure_ascii=False).encode(), "application/json", status)

    def _bytes(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    api: FakeApi


@contextmanager
def running_fake_api(port: int = 0) -> Iterator[FakeApi]:
    """The API, listening until the block ends."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        server.api = FakeApi()
        server.api.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server.api
        finally:
            server.shutdown()
            thread.join()
