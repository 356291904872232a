"""What is kept of answers that end well, fail, or are left."""

import asyncio
import contextlib
import threading
from concurrent.futures import Future

import pytest

from server.chat.journal import Journal
from server.chat.recording import recorded
from server.chat.records import Asked, hit_of, stored_hit
from server.errors import KnowledgeBaseNotFound, ModelFailed, ServiceUnavailable
from server.types import Chunk, Done, Hit, Noticed, QuestionRewritten, SourcesFound, Token, ToolFinished, Usage

HIT = Hit(Chunk(7, "kb", "a.pdf", 3, "text", {"page": 3, "boxes": [[0, 0.1, 1, 0.2]]}), 0.9, 0.8, 0.7)
ASKED = Asked("m" * 32, "knowledge_base_chat", "问", "c")
EVENTS = (
    QuestionRewritten("全问"),
    SourcesFound((HIT,)),
    Token("想"),
    ToolFinished("1", "calculate", {"x": 1}, "2"),
    Token("答"),
    Token("案"),
    Done("stop", Usage(5, 2, exact=True)),
)


class Store:
    def __init__(self, error=None):
        self.kept, self.error = [], error

    def put(self, answered):
        self.kept.append(answered)
        done = Future()
        done.set_exception(self.error) if self.error else done.set_result(None)
        return done


async def told(*events, error=None):
    for event in events:
        await asyncio.sleep(0)
        yield event
    if error:
        raise error


def record(*events, error=None, store=None, stop_after=None):
    store = store or Store()
    seen = []

    async def run():
        async with contextlib.aclosing(recorded(told(*events, error=error), store, ASKED)) as passing:
            async for event in passing:
                seen.append(event)
                if len(seen) == stop_after:
                    return

    with contextlib.suppress(Exception):
        asyncio.run(run())
    return seen, store.kept


def test_events_pass_untouched_and_are_kept():
    seen, (kept,) = record(*EVENTS)
    assert seen == list(EVENTS)
    assert (kept.answer, kept.rewritten, kept.hits, kept.finish, kept.finish_reason) == (
        "答案", "全问", (HIT,), "complete", "stop",
    )  # fmt: skip
    assert (kept.tools, kept.thoughts) == ([EVENTS[3]], {"1": "想"})
    assert kept.usage == Usage(5, 2, exact=True)
    assert 0 <= kept.first_token_ms <= kept.total_ms


def test_a_failure_in_the_midst_keeps_the_part():
    seen, (kept,) = record(*EVENTS[:3], error=ModelFailed(name="m", reason="r"))
    assert seen == list(EVENTS[:3])
    assert (kept.answer, kept.finish, kept.error_code) == ("想", "failed", "model_failed")


def test_an_unforeseen_failure_is_kept_as_internal():
    _, (kept,) = record(*EVENTS[:3], error=RuntimeError("secret"))
    assert (kept.finish, kept.error_code) == ("failed", "internal")


def test_a_client_that_leaves_keeps_the_part():
    _, (kept,) = record(*EVENTS, stop_after=3)
    assert (kept.answer, kept.finish, kept.error_code) == ("想", "stopped", "")


def test_a_cancelled_task_keeps_the_part():
    store, reached = Store(), asyncio.Event()

    async def endless():
        yield Token("一")
        await asyncio.sleep(60)
        yield Token("二")

    async def run():
        async def read():
            async for _ in recorded(endless(), store, ASKED):
                reached.set()

        task = asyncio.ensure_future(read())
        await reached.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert [(kept.answer, kept.finish) for kept in store.kept] == [("一", "stopped")]


@pytest.mark.parametrize(
    ("error", "kept"),
    [(KnowledgeBaseNotFound(name="x"), 0), (ServiceUnavailable(name="x", url="u", log="l"), 1)],
)
def test_a_mistake_in_the_request_is_no_message_a_model_that_is_down_is(error, kept):
    assert len(record(error=error)[1]) == kept


def test_an_answer_that_cannot_be_kept_is_still_an_answer():
    seen, _ = record(*EVENTS, store=Store(OSError("disk full")))
    assert seen[:-1] == list(EVENTS)
    assert isinstance(seen[-1], Noticed)
    assert seen[-1].code == "storage_failed"


def test_hits_come_back_as_they_were():
    assert hit_of(stored_hit(HIT)) == HIT


def test_the_journal_writes_in_batches_and_ends_after_the_last():
    gate, batches = threading.Event(), []

    def write(batch):
        gate.wait(5)
        batches.append(list(batch))

    journal = Journal(write)
    futures = [journal.put(number) for number in range(50)]
    gate.set()
    journal.close()
    assert all(future.done() for future in futures)
    assert [number for batch in batches for number in batch] == list(range(50))
    assert len(batches) <= 3


def test_one_bad_record_does_not_take_the_others_along():
    written = []

    def write(batch):
        if 2 in batch:
            raise ValueError("bad")
        written.extend(batch)

    journal = Journal(write)
    futures = [journal.put(number) for number in range(5)]
    journal.close()
    assert sorted(written) == [0, 1, 3, 4]
    assert [future.exception() is None for future in futures] == [True, True, False, True, True]


def test_a_slow_database_does_not_hold_up_the_end(monkeypatch):
    class Slow(Store):
        def put(self, answered):
            self.kept.append(answered)
            return Future()

    monkeypatch.setattr("server.chat.recording.PATIENCE_S", 0.01)
    seen, kept = record(*EVENTS, store=Slow())
    assert seen == list(EVENTS)
    assert len(kept) == 1
