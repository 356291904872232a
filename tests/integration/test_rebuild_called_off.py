"""A rebuild that is called off ends at once, however slow its files are, and leaves everything as it was."""

import io
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from configs import Settings
from server.container import Container, build_container
from server.knowledge_base import ingest
from server.knowledge_base.parsers import InlineParser, ParsingCancelled
from server.knowledge_base.reading import Report, Task, Text
from server.knowledge_base.rebuilds import RebuildInfo
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.uploads import Upload

KB = "重建"
LEAVE = "员工每年有十天年假。"
PATIENCE_S = 60
COARSE = IngestOptions(chunk_size=5, chunk_overlap=0, force=True)


class Door:
    """A parser that does not get through `shut` files until nobody wants them any more."""

    def __init__(self, settings: Settings) -> None:
        self._inner = InlineParser(settings)
        self.shut: set[str] = set()
        self.waiting = threading.Event()

    def parse(self, task: Task, report: Report, cancelled: Callable[[], bool]) -> Text:
        while task.name in self.shut:
            self.waiting.set()
            if cancelled():
                raise ParsingCancelled
            time.sleep(0.01)
        return self._inner.parse(task, report, cancelled)

    def close(self) -> None:
        self.shut.clear()


@pytest.fixture
def door(settings: Settings) -> Door:
    return Door(settings)


@pytest.fixture
def built(settings: Settings, door: Door) -> Iterator[Container]:
    container = build_container(settings, parser=door)
    kbs = container.knowledge_bases
    kbs.create(KB)
    files = [Upload(f"{number}.txt", io.BytesIO(f"{number}：{LEAVE}".encode())) for number in range(4)]
    assert not any(kbs.add_files(KB, files, IngestOptions()).values())
    yield container
    container.close()


def state_of(container: Container) -> tuple[list[str], list[tuple[str, str, int]], int]:
    kbs = container.knowledge_bases
    files = [(file.name, file.state, file.chunks) for file in kbs.files(KB)]
    return [chunk.text for chunk in kbs.chunks(KB)], files, len(kbs.search([KB], "年假", top_k=9))


def settled(container: Container, rebuild_id: int) -> RebuildInfo:
    deadline = time.monotonic() + PATIENCE_S
    while (found := container.rebuilds.get(rebuild_id)).state == "running":
        assert time.monotonic() < deadline, "the rebuild goes on"
        time.sleep(0.01)
    return found


def test_it_does_not_wait_for_the_files_that_are_being_read(built: Container, door: Door) -> None:
    before = state_of(built)
    door.shut = {"2.txt"}
    started = built.rebuilds.start(KB, COARSE)
    assert door.waiting.wait(PATIENCE_S)
    built.rebuilds.cancel(started.id)
    assert settled(built, started.id).state == "cancelled"
    assert state_of(built) == before
    assert not any(built.knowledge_bases.maintenance.repair().values())
    door.shut = set()
    again = settled(built, built.rebuilds.start(KB, COARSE).id)
    assert (again.state, again.finished) == ("done", 4)
    assert state_of(built) != before


def test_it_tells_how_far_it_is_while_a_slow_file_is_read(
    built: Container, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "BATCH_S", 0.0)
    door.shut = {"2.txt"}
    started = built.rebuilds.start(KB, COARSE)
    deadline = time.monotonic() + PATIENCE_S
    while (seen := built.rebuilds.get(started.id)).finished < 2:
        assert time.monotonic() < deadline, "nothing is told"
        time.sleep(0.01)
    assert (seen.finished, seen.total, seen.file) == (2, 4, "1.txt")
    built.rebuilds.cancel(started.id)
    assert settled(built, started.id).state == "cancelled"


def test_calling_off_one_that_is_over_changes_nothing(built: Container) -> None:
    done = settled(built, built.rebuilds.start(KB, COARSE).id)
    built.rebuilds.cancel(done.id)
    assert built.rebuilds.get(done.id) == done


def test_leaving_ends_the_readers(built: Container, door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "BATCH_S", 0.0)
    before = state_of(built)
    door.shut = {"3.txt"}
    steps = built.knowledge_bases.rebuild(KB, COARSE, create=False)
    assert next(steps).finished == 1
    assert door.waiting.wait(PATIENCE_S)
    steps.close()
    assert state_of(built) == before
