"""One call to the knowledge API: sent once, never repeated, answered by a schema or by `ApiFailed`.

Closing the iterator of a stream closes its connection, which makes the API stop generating. Streams and uploads hold
one piece in memory, never the whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from server.api.schemas.base import BaseResponse
from server.errors import Language, ServiceUnavailable, by_code
from webui_pages.client.line import Line
from webui_pages.labels import Labels
from webui_pages.sse import data_events

CONNECT_TIMEOUT_S = 5.0
API_AWAY = "api_away"
"""Nobody answers at the address of the API; what the API itself says of other services has codes of its own."""
CONTRACT_WORDED = frozenset({"knowledge_base_exists", "search_engine_not_configured"})
"""Errors that the API tells in the words of 0.2.10, whatever language is asked for; the page tells them in its own."""

T = TypeVar("T")
C = TypeVar("C", bound="Transport")


class ApiFailed(Exception):
    """A call did not succeed. `code` is the stable code of the error, `message` its text for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Envelope(BaseModel, Generic[T]):
    """`data` of the API's envelope, typed."""

    data: T


def open_http(url: str, read_timeout_s: float) -> httpx.Client:
    """The connections to the API; shared by all sessions, so they carry nobody's key. The API is ours and near: a proxy
    set for the internet must not swallow its calls."""
    timeout = httpx.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=8)
    return httpx.Client(base_url=url, timeout=timeout, limits=limits, trust_env=False)


@lru_cache(maxsize=4)
def _streaming(url: str, read_timeout_s: float | None) -> httpx.Client:
    """Connections of which none is used twice, so that one can be cut without harm to a later call."""
    timeout = httpx.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S)
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.Client(base_url=url, timeout=timeout, limits=limits, trust_env=False)


class Transport:
    """Calls in the language and with the key of one session. Every method raises `ApiFailed`."""

    def __init__(self, http: httpx.Client, language: Language, api_key: str = "") -> None:
        self._http = http
        self._headers = {b"Accept-Language": language.encode()}
        if api_key:
            # Header values are bytes: a key in Chinese characters is a wrong key, not a fault of the page.
            self._headers[b"Authorization"] = f"Bearer {api_key}".encode()
        self._labels = Labels(language)
        self.url = str(http.base_url).rstrip("/")

    def with_key(self: C, api_key: str) -> C:
        """The same calls with another key."""
        return type(self)(self._http, self._labels.language, api_key)

    def _post(self, path: str, body: Any) -> None:
        with self._call("POST", path, json=body) as response:
            self._parse(BaseResponse, response.read())

    def _list(self, kind: type[T], path: str, params: dict[str, str]) -> list[T]:
        with self._call("GET", path, params=params | {"details": "true"}) as response:
            return self._parse(Envelope[list[kind]], response.read()).data

    def _events(self, path: str, body: Any, line: Line) -> Iterator[dict[str, Any]]:
        http = _streaming(self.url, self._http.timeout.read)
        with self._call("POST", path, http, json=body, extensions={"trace": line.trace}) as response:
            for data in data_events(response.iter_bytes()):
                yield self._parse(dict[str, Any], data)

    @contextmanager
    def _call(
        self, method: str, path: str, http: httpx.Client | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        try:
            with (http or self._http).stream(method, path, headers=self._headers, **options) as response:
                if response.status_code >= 400:
                    raise self._refusal(response)
                yield response
        except (httpx.ConnectError, httpx.ConnectTimeout):
            error = ServiceUnavailable(name=self._labels.api_name, url=self.url, log="logs/api.log")
            raise ApiFailed(API_AWAY, error.message(self._labels.language)) from None
        except httpx.TimeoutException:
            raise self._failed("api_timeout", self._labels.api_timeout) from None
        except httpx.HTTPError:
            raise self._failed("api_cut", self._labels.api_cut) from None

    def _refusal(self, response: httpx.Response) -> ApiFailed:
        body = self._parse(dict[str, Any], response.read())
        if isinstance(body.get("detail"), list):
            reasons = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in body["detail"]]
            return self._failed("api_refused", self._labels.api_refused, reason="; ".join(reasons))
        failure = failure_of(body)
        if not failure.message:  # some other service, or another version of ours
            return self._failed("api_garbled", self._labels.api_garbled)
        details = body.get("data")
        if failure.code in CONTRACT_WORDED and isinstance(details, dict):
            return ApiFailed(failure.code, by_code(failure.code, details).message(self._labels.language))
        return failure

    def _parse(self, kind: type[T], body: str | bytes) -> T:
        try:
            return TypeAdapter(kind).validate_json(body)
        except ValidationError:
            raise self._failed("api_garbled", self._labels.api_garbled) from None

    def _failed(self, code: str, label: str, **places: str) -> ApiFailed:
        return ApiFailed(code, label.format(url=self.url, **places))


def raise_if_failed(event: dict[str, Any]) -> None:
    """Raise what an event of a stream says went wrong."""
    if event.get("code", 200) != 200:
        raise failure_of(event)


def failure_of(body: dict[str, Any]) -> ApiFailed:
    """From an answer `{"code", "msg", "data": {"error": ...}}` or an event `{"code", "msg", "error"}`."""
    data = body.get("data")
    code = (data if isinstance(data, dict) else body).get("error") or body.get("code", "")
    return ApiFailed(str(code), str(body.get("msg", code)))
