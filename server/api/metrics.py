"""What `/metrics` tells: requests counted as they pass, everything else looked up when somebody asks.

Plain dictionaries count; Prometheus' library, which takes 50 ms to load, is imported by the first scrape. Labels are
bounded: templates of routes, methods we know, states and error codes, never a name from a request.
"""

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.container import Container
from server.db.statistics import Statistics, statistics

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
JOB_STATES = ("queued", "running", "done", "failed", "cancelled")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"


class Requests:
    """Counts of one application, which are only touched in its event loop."""

    def __init__(self) -> None:
        self.answered: Counter[tuple[str, str, int]] = Counter()
        self.waited: dict[str, list[int]] = {}
        self.seconds: Counter[str] = Counter()
        self.streams = 0

    def note(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answer has begun."""
        self.answered[method if method in METHODS else OTHER, route, status] += 1
        self.waited.setdefault(route, [0] * (len(BUCKETS) + 1))[bisect_left(BUCKETS, seconds)] += 1
        self.seconds[route] += seconds  # pyright: ignore[reportArgumentType]  # a Counter adds any number


class Watch:
    """ASGI middleware that counts."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note when the answer begins, which for a stream is its first event, and whether it is a stream."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        streams = False

        async def observe(message: Message) -> None:
            nonlocal streams
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", OTHER)
                self._requests.note(scope["method"], route, message["status"], time.perf_counter() - began)
                streams = any(value.startswith(b"text/event-stream") for _, value in message["headers"])
                self._requests.streams += streams
            await send(message)

        try:
            await self._app(scope, receive, observe)
        finally:
            self._requests.streams -= streams


def exposition(container: Container, requests: Requests) -> bytes:
    """Everything in Prometheus' text format; reads SQL and the folders of the indexes, so call it in a thread."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
    from prometheus_client.registry import Collector

    class Everything(Collector):
        def collect(self) -> Iterator["Metric"]:
            """See the function."""
            yield from _requests(requests)
            with container.database.read() as session:
                yield from _stored(statistics(session))
            yield from _used(container)

    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(Everything())
    return generate_latest(registry)


def _requests(requests: Requests) -> Iterable["Metric"]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    answered = CounterMetricFamily("zhiwen_requests", "Answers begun", labels=("method", "route", "status"))
    for (method, route, status), number in list(requests.answered.items()):
        answered.add_metric((method, route, str(status)), number)
    waited = HistogramMetricFamily(
        "zhiwen_request_seconds",
        "Time to the beginning of the answer, of a stream to its first event",
        labels=("route",),
    )
    for route, counts in list(requests.waited.items()):
        sums = [sum(counts[: index + 1]) for index in range(len(counts))]
        names = [*(str(bound) for bound in BUCKETS), "+Inf"]
        waited.add_metric((route,), list(zip(names, sums, strict=True)), requests.seconds[route])
    return answered, waited, GaugeMetricFamily("zhiwen_streams", "Streams open now", requests.streams)


def _stored(counts: Statistics) -> Iterable["Metric"]:
    from prometheus_client.metrics_core import GaugeMetricFamily

    jobs = GaugeMetricFamily("zhiwen_jobs", "Jobs that are remembered", labels=("state",))
    for state in JOB_STATES:
        jobs.add_metric((state,), counts.jobs.get(state, 0))
    files = GaugeMetricFamily("zhiwen_files", "Files", labels=("state",))
    for state, number in counts.files.items():
        files.add_metric((state,), number)
    failures = GaugeMetricFamily("zhiwen_parse_failures", "Files that could not be read", labels=("error",))
    for code, number in counts.failures.items():
        failures.add_metric((code,), number)
    return (
        jobs,
        files,
        failures,
        GaugeMetricFamily("zhiwen_queue_depth", "Files waiting to be read", counts.jobs.get("queued", 0)),
        GaugeMetricFamily("zhiwen_knowledge_bases", "Knowledge bases", counts.knowledge_bases),
        GaugeMetricFamily("zhiwen_chunks", "Chunks", counts.chunks),
    )


def _used(container: Container) -> Iterable["Metric"]:
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    spent = container.chat_models.spent
    tokens = CounterMetricFamily("zhiwen_tokens", "Tokens of answers", labels=("kind",))
    tokens.add_metric(("prompt",), spent.prompt_tokens)
    tokens.add_metric(("completion",), spent.completion_tokens)
    root = container.settings.paths.knowledge_base
    size = sum(path.stat().st_size for path in root.glob("*/index/**/*") if path.is_file())
    return tokens, GaugeMetricFamily("zhiwen_index_bytes", "Size of all indexes on disk", size)
