"""The part of the fake API behind the page of knowledge bases: chunks, rebuilds, checks, searches, summaries.

A test changes what it finds here: `rebuilds_end`, `checkups_end`, `report`, `found`, `chunks`, `summaries`.
"""

import re
from typing import Any
from urllib.parse import parse_qs

MOMENT = "2025-03-04T05:06:07+00:00"
SEARCH = {"top_k": 5, "score_threshold": 1.0, "rerank": True}
CHECKED = "2025-03-04T05:06:07+00:00"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f00010401005fe5c34b0000000049454e44ae426082"
)


def chunk_entry(number: int, file: str = "支持的文件格式.md", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "file": file,
        "ordinal": number,
        "text": f"第 {number} 块：知问能读取 PDF 和 Word。",
        "metadata": {"headings": ["支持的文件格式"], "page": 2},
        "state": "shown",
        "edited": False,
        "by_hand": False,
    } | changes


def hit(number: int, dense: int | None, lexical: int | None, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"c{number}",
        "knowledge_base": "samples",
        "file": "支持的文件格式.md",
        "ordinal": number,
        "text": f"第 {number} 块：保修期两年。",
        "metadata": {"page": number},
        "score": 1 - number / 10,
        "explanation": {
            "dense": {"rank": dense, "score": 0.7},
            "lexical": {"rank": lexical, "score": 0.3},
            "fused": 1 - number / 10,
            "rerank": None,
        },
    } | changes


def summary_entry(file: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "knowledge_base": "samples",
        "file": file,
        "state": "done",
        "done": 1,
        "total": 1,
        "text": f"{file or '整个知识库'}的摘要。",
        "parts": [],
        "model": "builtin-extractive",
        "extractive": True,
        "description": "",
        "stale": False,
        "created": MOMENT,
        "finished": MOMENT,
    } | changes


class FakeDocuments:
    """Answers what the older part of the fake does not know."""

    def __init__(self) -> None:
        self.chunks = [chunk_entry(number) for number in range(12)]
        self.rebuilds: list[dict[str, Any]] = []
        self.rebuilds_end = True
        self.checkups: list[dict[str, Any]] = []
        self.checkups_end = True
        self.report: dict[str, list[str] | int] = {}
        self.found = [hit(1, 1, 2), hit(2, None, 1)]
        self.summaries: list[dict[str, Any]] = []

    def handle(self, api: Any, method: str, path: str, sent: Any) -> Any:
        """The `data` of an answer, bytes of a picture, or None where the path is not known here."""
        route = path.removeprefix("/knowledge_base/")
        name = re.sub(r"\d+", "N", route).replace("/", "_")
        answer = getattr(self, f"{method.lower()}_{name}", None)
        if not path.startswith("/knowledge_base/") or answer is None:
            return None
        return answer(api, sent, route)

    def get_formats(self, api: Any, query: dict[str, str], _: str) -> Any:
        from webui_fake_api import SETTINGS

        return {
            "suffixes": [".md", ".txt", ".pdf", ".exe", ".zip"],
            "splitters": [SETTINGS["splitter"], "MarkdownHeaderTextSplitter"],
            "settings": SETTINGS,
            "search": SEARCH,
            "embedders": [
                {"name": "m3e-base", "available": False, "default": False, "reason": "本机没有权重"},
                {"name": "builtin-ngram", "available": True, "default": True, "reason": ""},
            ],
            "vector_stores": ["faiss", "memory"],
        }

    def get_jobs(self, api: Any, query: dict[str, str], _: str) -> Any:
        base, states = query.get("knowledge_base_name"), [query["state"], *query["state"]]
        return [job for job in api.jobs if base in (None, job["knowledge_base"]) and job["state"] in states]

    def get_chunks(self, api: Any, query: dict[str, str], _: str) -> Any:
        wanted = [
            chunk
            for chunk in self.chunks
            if query.get("file_name", chunk["file"]) == chunk["file"]
            and query.get("state", chunk["state"]) == chunk["state"]
            and query.get("text", "") in chunk["text"]
        ]
        page, size = int(query["page"]), int(query["page_size"])
        shown = wanted[(page - 1) * size : page * size]
        return {"total": len(wanted), "page": page, "page_size": size, "chunks": shown}

    def get_chunks_cN(self, api: Any, query: dict[str, str], route: str) -> Any:  # noqa: N802  # a number stands here
        return next(chunk for chunk in self.chunks if chunk["id"] == route.split("/")[1])

    def post_chunks(self, api: Any, body: dict[str, Any], _: str) -> Any:
        self.chunks.append(chunk_entry(len(self.chunks), body["file_name"], text=body["text"], by_hand=True))
        return True

    def post_chunks_update(self, api: Any, body: dict[str, Any], _: str) -> Any:
        by_id = {chunk["id"]: chunk for chunk in self.chunks}
        for change in body["chunks"]:
            chunk = by_id[change["id"]]
            if "text" in change:
                chunk |= {"text": change["text"], "edited": True}
            if "enabled" in change:
                chunk["state"] = "shown" if change["enabled"] else "disabled"
        return True

    def post_chunks_delete(self, api: Any, body: dict[str, Any], _: str) -> Any:
        self.chunks = [chunk for chunk in self.chunks if chunk["id"] not in body["ids"]]
        return True

    def get_page_image(self, api: Any, query: dict[str, str], _: str) -> Any:
        return PIXEL

    def post_preview_chunks(self, api: Any, body: str, _: str) -> Any:
        from webui_fake_api import SETTINGS

        text = parse_qs(body).get("text", ["来自文件"])[0]
        chunks = [{"text": text[:10], "indexed": text[:10], "metadata": {}}]
        lengths = {"shortest": 3, "longest": 10, "average": 7}
        made = {"loader": "MarkdownLoader", "splitter": "s", "pages": 1, "settings": SETTINGS, "chunks": chunks}
        return {"total": 3, **lengths, **made}

    def get_rebuilds(self, api: Any, query: dict[str, str], _: str) -> Any:
        base = query.get("knowledge_base_name")
        return [each for each in reversed(self.rebuilds) if base in (None, each["knowledge_base"])]

    def post_rebuilds(self, api: Any, body: dict[str, Any], _: str) -> Any:
        files = api.bases[body["knowledge_base_name"]]
        failed = {file["name"]: file["error"] for file in files if file["state"] == "failed"}
        self.rebuilds.append(
            {
                "id": len(self.rebuilds) + 1,
                "knowledge_base": body["knowledge_base_name"],
                "state": "done" if self.rebuilds_end else "running",
                "total": len(files),
                "finished": len(files) if self.rebuilds_end else 1,
                "file": files[0]["name"],
                "failed_files": failed,
                "edits_lost": 0,
                "unchanged": False,
                "created": MOMENT,
            }
        )
        return self.rebuilds[-1]

    def post_rebuilds_N_cancel(self, api: Any, _: Any, route: str) -> Any:  # noqa: N802  # a number stands here
        rebuild = self.rebuilds[int(route.split("/")[1]) - 1]
        rebuild["state"] = "cancelled"
        return rebuild

    def get_checkups(self, api: Any, query: dict[str, str], _: str) -> Any:
        return self.checkups[::-1]

    def post_checkups(self, api: Any, body: dict[str, Any], _: str) -> Any:
        self._check(body["knowledge_base_name"], "check")
        return True

    def post_checkups_repair(self, api: Any, body: dict[str, Any], _: str) -> Any:
        self.report = {}
        self._check(body["knowledge_base_name"], "repair")
        return True

    def _check(self, base: str, kind: str) -> None:
        numbers = {"files": 4, "chunks": 43, "findings": self.report, "agrees": not self.report}
        done = {"chunks_removed": 0, "entries_removed": 0, "entries_added": 3, "files_moved": 0, "indexes_removed": 1}
        made = {"id": len(self.checkups) + 1, "knowledge_base": base, "kind": kind, "created": CHECKED}
        if self.checkups_end:
            made |= {"state": "done", "stage": "comparing", "done": 0, "total": 0, "ended": CHECKED}
            made |= {"report": {"name": base, "state": "checked", **numbers}}
            made |= {"repairs": {"name": base, **done}} if kind == "repair" else {}
        else:
            made |= {"state": "running", "stage": "embedding", "done": 32, "total": 100}
        self.checkups.append(made)

    def post_search(self, api: Any, body: dict[str, Any], _: str) -> Any:
        timings = {"embedding": 1.2, "index": 0.8, "lookup": 0.5, "total": 2.6}
        return {"hits": self.found, "timings": timings}

    def get_summaries(self, api: Any, query: dict[str, str], _: str) -> Any:
        return self.summaries

    def post_summaries(self, api: Any, body: dict[str, Any], _: str) -> Any:
        files = body.get("file_names") or [file["name"] for file in api.bases[body["knowledge_base_name"]]]
        wanted = [*files, *([""] if body.get("whole") else [])]
        self.summaries = [each for each in self.summaries if each["file"] not in wanted]
        self.summaries += [summary_entry(file) for file in wanted]
        return self.summaries

    def post_delete_summary(self, api: Any, body: dict[str, Any], _: str) -> Any:
        self.summaries = [each for each in self.summaries if each["file"] != body["file_name"]]
        return True

    def post_update_info(self, api: Any, body: dict[str, Any], _: str) -> Any:
        api.infos[body["knowledge_base_name"]] = body["kb_info"]
        return True

    def post_update_docs(self, api: Any, body: dict[str, Any], _: str) -> Any:
        return {"jobs": [job for name in body["file_names"] for job in api.queue(body["knowledge_base_name"], name)]}

    def post_delete_docs(self, api: Any, body: dict[str, Any], _: str) -> Any:
        files = api.bases[body["knowledge_base_name"]]
        gone = [file for file in files if file["name"] in body["file_names"]]
        files[:] = [file for file in files if file not in gone]
        chunks = sum(file["chunks"] for file in gone)
        numbers = {"chunks": chunks, "vectors": chunks, "words": chunks, "cache_entries": 2}
        size = sum(file["size"] for file in gone)
        return {"failed_files": {}, "receipt": {"files": len(gone), "bytes": size, **numbers}}

    def post_update_settings(self, api: Any, body: dict[str, Any], _: str) -> Any:
        kept = api.settings.setdefault(body["knowledge_base_name"], {})
        for name in body.get("reset", []):
            kept.pop(name, None)
        kept.update({name: value for name, value in body.items() if name not in ("knowledge_base_name", "reset")})
        return True
