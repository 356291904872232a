"""A rerank model of a provider: a fake service on loopback that answers as services do, well and badly."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from configs import load_settings
from server.errors import ModelFailed, ModelTimeout, ModelUnavailable, ProviderBusy
from server.llm.catalog import choose_reranker
from server.llm.rerank_base import Reranker
from server.llm.rerankers import load_reranker

KEY = "sk-secret-of-the-test"
TEXTS = ["refund policy", "", "报销 " * 20, "the cat"]


def scored(*pairs: tuple[Any, Any]) -> dict[str, Any]:
    return {"results": [{"index": index, "relevance_score": score} for index, score in pairs]}


def best_first(body: dict[str, Any]) -> dict[str, Any]:
    """As services do it: sorted by score, which here is the length of the text."""
    found = [(index, len(text) / 100) for index, text in enumerate(body["documents"])]
    return scored(*sorted(found, key=lambda pair: -pair[1]))


class Service:
    """`answer` makes the body of an answer from that of the request; `status` 200 unless a test wants trouble."""

    def __init__(self) -> None:
        self.answer: Callable[[dict[str, Any]], Any] = best_first
        self.status = 200
        self.headers: dict[str, str] = {}
        self.pause_s = 0.0
        self.port = 0
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def reply(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["content-length"])))
        self.asked.append((request.path, request.headers.get("authorization", ""), body))
        time.sleep(self.pause_s)
        answer = self.answer(body)
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        request.send_response(self.status)
        for name, value in {**self.headers, "Content-Length": str(len(content))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.reply(self)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # what the base class calls it
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.port = server.server_address[1]
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def reranker(service: Service, monkeypatch: pytest.MonkeyPatch) -> Reranker:
    address = f"http://127.0.0.1:{service.port}/v1"
    provider = {"base_url": address, "api_key": KEY, "max_retries": 0, "timeout_s": 1.5}
    table = {"engine": "provider", "provider": "service", "model": "bge-reranker", "border": 0.3}
    monkeypatch.setenv("ZHIWEN__PROVIDERS", json.dumps({"service": provider}))
    monkeypatch.setenv("ZHIWEN__MODELS__RERANK", json.dumps({"mine": table}))
    monkeypatch.setenv("ZHIWEN__MODELS__RERANK_PREFERENCE", '["mine"]')
    settings = load_settings()
    return load_reranker(settings, choose_reranker(settings))


def test_scores_stand_in_the_order_of_the_texts(reranker: Reranker) -> None:
    assert reranker.score("refund", TEXTS) == pytest.approx([len(text) / 100 for text in TEXTS])
    assert (reranker.name, reranker.border) == ("mine", 0.3)


def test_the_service_is_asked_in_its_own_words_for_all_texts(service: Service, reranker: Reranker) -> None:
    reranker.score("报销", TEXTS)
    body = {"model": "bge-reranker", "query": "报销", "documents": TEXTS, "top_n": len(TEXTS)}
    assert service.asked == [("/v1/rerank", f"Bearer {KEY}", body)]


def test_without_texts_nobody_is_asked(service: Service, reranker: Reranker) -> None:
    assert reranker.score("q", []) == []
    assert service.asked == []


def test_what_a_model_computes_becomes_scores_in_the_same_order(service: Service, reranker: Reranker) -> None:
    service.answer = lambda _: scored((2, 7.5), (0, 0.0), (3, -2.5), (1, -800.0))
    scores = reranker.score("q", TEXTS)
    assert scores == pytest.approx([0.5, 0.0, 0.99945, 0.07586], abs=1e-4)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": None},
        {"results": 3},
        {"results": ["0.5"] * 4},
        scored((0, None), (1, 0.1), (2, 0.1), (3, 0.1)),
        scored((0, "high"), (1, 0.1), (2, 0.1), (3, 0.1)),
        scored(("first", 0.1), (1, 0.1), (2, 0.1), (3, 0.1)),
        {"results": [{"index": 0, "score": 0.1}]},
    ],
)
def test_an_answer_of_another_shape_is_an_error(service: Service, reranker: Reranker, answer: Any) -> None:
    service.answer = lambda _: answer
    with pytest.raises(ModelFailed, match="holds no scores"):
        reranker.score("q", TEXTS)


@pytest.mark.parametrize(
    "answer",
    [
        scored(),
        scored((0, 0.9), (2, 0.8)),  # only the best
        scored((0, 0.1), (1, 0.1), (2, 0.1), (4, 0.1)),  # a text that was not asked for
        scored((0, 0.1), (1, 0.1), (2, 0.1), (-1, 0.1)),
        scored((0, 0.1), (1, 0.1), (2, 0.1), (3, 0.1), (3, 0.9)),
    ],
)
def test_each_text_has_one_score_or_none_counts(service: Service, reranker: Reranker, answer: Any) -> None:
    service.answer = lambda _: answer
    with pytest.raises(ModelFailed, match="one score for each of 4 texts"):
        reranker.score("q", TEXTS)


def test_a_score_that_is_no_number_is_an_error(service: Service, reranker: Reranker) -> None:
    service.answer = lambda _: b'{"results": [{"index": 0, "relevance_score": NaN}]}'
    with pytest.raises(ModelFailed, match="no number"):
        reranker.score("q", ["one"])


def test_an_answer_that_is_no_json_is_an_error(service: Service, reranker: Reranker) -> None:
    service.answer = lambda _: b"<html>gateway</html>"
    with pytest.raises(ModelFailed, match="no JSON"):
        reranker.score("q", TEXTS)


@pytest.mark.parametrize(
    ("status", "headers", "wanted"),
    [
        (401, {}, ModelUnavailable),
        (404, {}, ModelUnavailable),
        (429, {"Retry-After": "7"}, ProviderBusy),
        (500, {}, ModelFailed),
    ],
)
def test_a_refusal_is_told_with_its_reason_and_without_the_key(
    service: Service, reranker: Reranker, status: int, headers: dict[str, str], wanted: type[Exception]
) -> None:
    service.status, service.headers = status, headers
    service.answer = lambda _: {"error": {"message": f"no luck with {KEY} today"}}
    with pytest.raises(wanted, match="no luck") as caught:
        reranker.score("q", TEXTS)
    assert KEY not in str(caught.value)


def test_a_silent_service_is_given_up_in_time(service: Service, reranker: Reranker) -> None:
    service.pause_s = 60
    began = time.monotonic()
    with pytest.raises(ModelTimeout):
        reranker.score("q", TEXTS)
    assert time.monotonic() - began < 30


def test_a_service_that_is_not_there_is_told(
    service: Service, reranker: Reranker, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        monkeypatch.setenv("ZHIWEN__PROVIDERS", json.dumps({"service": {"base_url": address, "max_retries": 0}}))
        settings = load_settings()
        gone = load_reranker(settings, choose_reranker(settings))
        with pytest.raises(ModelUnavailable, match="does not answer"):
            gone.score("q", TEXTS)


def test_many_threads_get_their_own_scores(reranker: Reranker) -> None:
    found: dict[int, list[float]] = {}

    def ask(number: int) -> None:
        found[number] = reranker.score("q", ["x" * number, "y" * (number + 1)])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {n: [pytest.approx(n / 100), pytest.approx((n + 1) / 100)] for n in range(8)}
