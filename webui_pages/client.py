"""The knowledge API as methods: requests and answers are the schemas, failures are `ApiFailed`.

Every call is made once; nothing is retried. Closing the iterator of a stream closes its connection, which makes the
API stop generating. Streams and uploads hold one piece in memory, never the whole.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import IO, Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from server.api.schemas.base import BaseResponse
from server.api.schemas.chat import ChatRequest, KnowledgeBaseChatRequest, Source
from server.api.schemas.files import DeleteFiles, FileDetails
from server.api.schemas.health import Health
from server.api.schemas.jobs import JobDetails, Queued
from server.api.schemas.knowledge_bases import (
    CreateKnowledgeBase,
    Formats,
    KnowledgeBaseDetails,
    RebuildRequest,
    UpdateSettings,
)
from server.errors import Language, ServiceUnavailable
from webui_pages.labels import Labels
from webui_pages.sse import data_events

CONNECT_TIMEOUT_S = 5.0
HEALTH_TIMEOUT_S = 3.0

T = TypeVar("T")


class ApiFailed(Exception):
    """A call did not succeed. `code` is the stable code of the error, `message` its text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class AnswerPart(BaseModel):
    """One event of an answer: a piece of text, or the sources (empty when no document matches)."""

    text: str = ""
    sources: list[Source] | None = None


class RebuildStep(BaseModel):
    """One event of a rebuild: one file is through. `code` is 200, or `msg` says why the file failed."""

    code: int
    msg: str
    total: int = 0
    finished: int = 0
    doc: str = ""


class Envelope(BaseModel, Generic[T]):
    """`data` of the API's envelope, typed."""

    data: T


class FailedFiles(BaseModel):
    """`data` of the routes that work on many files: name to reason."""

    failed_files: dict[str, str] = Field(default_factory=dict)


def open_http(url: str, api_key: str, read_timeout_s: float) -> httpx.Client:
    """The connections to the API; shared by all sessions. The API is ours and near: a proxy set for the internet
    must not swallow its calls."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    timeout = httpx.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=8)
    return httpx.Client(base_url=url, headers=headers, timeout=timeout, limits=limits, trust_env=False)


class ApiClient:
    """Calls in the language of one session. Every method raises `ApiFailed`."""

    def __init__(self, http: httpx.Client, language: Language) -> None:
        self._http = http
        self._headers = {"Accept-Language": language}
        self._labels = Labels(language)
        self.url = str(http.base_url).rstrip("/")

    def health(self) -> Health:
        """State of the services and which models are in use."""
        with self._call("GET", "/health", timeout=HEALTH_TIMEOUT_S) as response:
            return self._parse(Health, response.read())

    def knowledge_bases(self) -> list[KnowledgeBaseDetails]:
        """All knowledge bases with their counts."""
        return self._list(KnowledgeBaseDetails, "/knowledge_base/list_knowledge_bases", {})

    def create_knowledge_base(self, request: CreateKnowledgeBase) -> None:
        """Make an empty knowledge base."""
        self._post("/knowledge_base/create_knowledge_base", request.model_dump())

    def delete_knowledge_base(self, name: str) -> None:
        """Remove a knowledge base and its files."""
        self._post("/knowledge_base/delete_knowledge_base", name)

    def files(self, knowledge_base: str) -> list[FileDetails]:
        """All files of a knowledge base."""
        return self._list(FileDetails, "/knowledge_base/list_files", {"knowledge_base_name": knowledge_base})

    def formats(self) -> Formats:
        """What can be uploaded and how it can be split."""
        with self._call("GET", "/knowledge_base/formats", timeout=HEALTH_TIMEOUT_S) as response:
            return self._parse(Envelope[Formats], response.read()).data

    def update_settings(self, request: UpdateSettings) -> None:
        """Change how a knowledge base reads files from now on."""
        self._post("/knowledge_base/update_settings", request.model_dump())

    def upload(self, knowledge_base: str, name: str, content: IO[bytes], *, overwrite: bool) -> Queued:
        """Send one file, or an archive of files; returns the jobs that read it as soon as it is stored."""
        fields = {"knowledge_base_name": knowledge_base, "override": str(overwrite).lower(), "wait": "false"}
        with self._call(
            "POST",
            "/knowledge_base/upload_docs",
            data=fields,
            files={"files": (name, content, "application/octet-stream")},
        ) as response:
            return self._parse(Envelope[Queued], response.read()).data

    def jobs(self, knowledge_base: str, *states: str) -> list[JobDetails]:
        """Jobs of a knowledge base in these states, the newest first."""
        params = {"knowledge_base_name": knowledge_base, "state": states}
        with self._call("GET", "/knowledge_base/jobs", params=params) as response:
            return self._parse(Envelope[list[JobDetails]], response.read()).data

    def job(self, job_id: int) -> JobDetails:
        """One job."""
        with self._call("GET", f"/knowledge_base/jobs/{job_id}") as response:
            return self._parse(Envelope[JobDetails], response.read()).data

    def cancel(self, job_id: int) -> None:
        """Cancel a job that waits or is being read."""
        self._post(f"/knowledge_base/jobs/{job_id}/cancel", None)

    def retry_failed(self, knowledge_base: str) -> Queued:
        """Read all failed files again."""
        body = {"knowledge_base_name": knowledge_base}
        with self._call("POST", "/knowledge_base/retry_failed", json=body) as response:
            return self._parse(Envelope[Queued], response.read()).data

    def retry(self, job_id: int) -> Queued:
        """Read the file of a failed job again."""
        with self._call("POST", f"/knowledge_base/jobs/{job_id}/retry") as response:
            return self._parse(Envelope[Queued], response.read()).data

    def delete_files(self, knowledge_base: str, names: list[str]) -> dict[str, str]:
        """Remove files from the knowledge base and the disk; returns the reasons of failure by file name."""
        request = DeleteFiles(knowledge_base_name=knowledge_base, file_names=names, delete_content=True)
        with self._call("POST", "/knowledge_base/delete_docs", json=request.model_dump()) as response:
            return self._failed_files(response)

    def download(self, knowledge_base: str, name: str) -> Iterator[bytes]:
        """The file as it was uploaded, piece by piece."""
        params = {"knowledge_base_name": knowledge_base, "file_name": name}
        with self._call("GET", "/knowledge_base/download_doc", params=params) as response:
            yield from response.iter_bytes()

    def rebuild(self, request: RebuildRequest) -> Generator[RebuildStep, None, None]:
        """Rebuild the index from the files on disk; one step for each file, failed ones included."""
        for event in self._events("/knowledge_base/recreate_vector_store", request.model_dump(exclude_none=True)):
            if event.get("code", 200) != 200 and "doc" not in event:
                raise _failure(event)
            yield RebuildStep.model_validate(event)

    def chat(self, request: ChatRequest) -> Generator[AnswerPart, None, None]:
        """Answer without documents."""
        for event in self._events("/chat/chat", request.model_dump(exclude_none=True) | {"stream": True}):
            _raise_if_failed(event)
            yield AnswerPart(text=event.get("text", ""))

    def ask_knowledge_base(self, request: KnowledgeBaseChatRequest) -> Generator[AnswerPart, None, None]:
        """Answer from documents; the sources come before the text."""
        body = request.model_dump(exclude_none=True) | {"stream": True, "sources_first": True}
        for event in self._events("/chat/knowledge_base_chat", body):
            _raise_if_failed(event)
            yield AnswerPart.model_validate({"text": event.get("answer", ""), "sources": event.get("sources")})

    def _post(self, path: str, body: Any) -> None:
        with self._call("POST", path, json=body) as response:
            self._parse(BaseResponse, response.read())

    def _list(self, kind: type[T], path: str, params: dict[str, str]) -> list[T]:
        with self._call("GET", path, params=params | {"details": "true"}) as response:
            return self._parse(Envelope[list[kind]], response.read()).data

    def _failed_files(self, response: httpx.Response) -> dict[str, str]:
        data = self._parse(Envelope[FailedFiles | None], response.read()).data
        return data.failed_files if data else {}

    def _events(self, path: str, body: Any) -> Iterator[dict[str, Any]]:
        with self._call("POST", path, json=body) as response:
            for data in data_events(response.iter_bytes()):
                yield self._parse(dict[str, Any], data)

    @contextmanager
    def _call(self, method: str, path: str, **options: Any) -> Iterator[httpx.Response]:
        try:
            with self._http.stream(method, path, headers=self._headers, **options) as response:
                if response.status_code >= 400:
                    raise self._refusal(response)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout):
            error = ServiceUnavailable(name=self._labels.api_name, url=self.url, log="logs/api.log")
            raise ApiFailed(error.code, error.message(self._labels.language)) from None
        except httpx.TimeoutException:
            raise self._failed("api_timeout", self._labels.api_timeout) from None
        except httpx.HTTPError:
            raise self._failed("api_cut", self._labels.api_cut) from None

    def _refusal(self, response: httpx.Response) -> ApiFailed:
        body = self._parse(dict[str, Any], response.read())
        if isinstance(body.get("detail"), list):
            reasons = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in body["detail"]]
            return self._failed("api_refused", self._labels.api_refused, reason="; ".join(reasons))
        return _failure(body)

    def _parse(self, kind: type[T], body: str | bytes) -> T:
        try:
            return TypeAdapter(kind).validate_json(body)
        except ValidationError:
            raise self._failed("api_garbled", self._labels.api_garbled) from None

    def _failed(self, code: str, label: str, **places: str) -> ApiFailed:
        return ApiFailed(code, label.format(url=self.url, **places))


def _raise_if_failed(event: dict[str, Any]) -> None:
    if event.get("code", 200) != 200:
        raise _failure(event)


def _failure(body: dict[str, Any]) -> ApiFailed:
    """From an answer `{"code", "msg", "data": {"error": ...}}` or an event `{"code", "msg", "error"}`."""
    data = body.get("data")
    code = (data if isinstance(data, dict) else body).get("error") or body.get("code", "")
    return ApiFailed(str(code), str(body.get("msg", code)))
