"""An index that is searched while it changes."""

import threading
from pathlib import Path

import numpy as np
import pytest

from server.knowledge_base.index import Entries, Index
from server.stores.faiss_store import FaissStore

PATIENCE_S = 20
VECTORS = np.eye(4, dtype=np.float32)


def index_in(folder: Path) -> Index:
    index = Index("manual", folder, "faiss", 4)
    index.change(add=Entries([1, 2], VECTORS[:2], ["保修 两年", "退货 七天"]))
    return index


def test_searches_go_on_while_a_change_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index, saving, go = index_in(tmp_path), threading.Event(), threading.Event()
    save = FaissStore.save

    def slow(store: FaissStore) -> None:
        saving.set()
        assert go.wait(PATIENCE_S)
        save(store)

    monkeypatch.setattr(FaissStore, "save", slow)
    writer = threading.Thread(
        target=index.change, kwargs={"add": Entries([3], VECTORS[2:3], ["保修 三年"])}, daemon=True
    )
    writer.start()
    assert saving.wait(PATIENCE_S)
    assert set(index.search(VECTORS[0], ["保修"], 5).lexical) == {1}
    go.set()
    writer.join(PATIENCE_S)
    assert set(index.search(VECTORS[0], ["保修"], 5).lexical) == {1, 3}


def test_after_a_failed_save_the_disk_is_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = index_in(tmp_path)

    def full(_: FaissStore) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FaissStore, "save", full)
        with pytest.raises(OSError, match="No space"):
            index.change(add=Entries([3], VECTORS[2:3], ["保修 三年"]))
    assert index.ids() == ({1, 2}, {1, 2})
    index.change(add=Entries([3], VECTORS[2:3], ["保修 三年"]))
    assert index.ids() == ({1, 2, 3}, {1, 2, 3})


def test_many_search_while_others_change(tmp_path: Path) -> None:
    index, failures = index_in(tmp_path), []

    def search() -> None:
        try:
            for _ in range(150):
                assert 1 in index.search(VECTORS[0], ["保修"], 5).dense
        except Exception as error:  # noqa: BLE001  # told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=search, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(3, 20):
        index.change(add=Entries([number], VECTORS[number % 4 : number % 4 + 1], ["退货"]), remove=[number - 1])
    for thread in threads:
        thread.join(PATIENCE_S)
    assert failures == []
    assert index.ids() == ({1, 19}, {1, 19})
