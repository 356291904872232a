"""Turns and the lock that readers share: who may go, who waits, and in which order."""

import threading
from collections.abc import Callable

import pytest

from server.knowledge_base.shared_lock import SharedLock
from server.knowledge_base.turns import Turns

PATIENCE_S = 20


def begun(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def waiting(turns: Turns, count: int) -> None:
    """Until so many wait for a turn."""
    reached = threading.Event()
    while len(turns._waiting) != count:
        reached.wait(0.001)


def test_turns_come_in_the_order_of_asking() -> None:
    turns, order = Turns(1), []

    def work(number: int) -> None:
        with turns.taken():
            order.append(number)

    with turns.taken():
        threads = []
        for number in range(8):
            threads.append(begun(lambda number=number: work(number)))
            waiting(turns, number + 1)
    for thread in threads:
        thread.join(PATIENCE_S)
    assert order == list(range(8))


def test_so_many_compute_at_once_and_no_more() -> None:
    turns, together, third = Turns(2), threading.Barrier(3), threading.Event()

    def work() -> None:
        with turns.taken():
            together.wait(PATIENCE_S)
            together.wait(PATIENCE_S)

    def late() -> None:
        with turns.taken():
            third.set()

    threads = [begun(work), begun(work)]
    together.wait(PATIENCE_S)
    threads.append(begun(late))
    waiting(turns, 1)
    assert not third.is_set()
    together.wait(PATIENCE_S)
    assert third.wait(PATIENCE_S)
    for thread in threads:
        thread.join(PATIENCE_S)


def test_a_turn_that_is_left_is_taken_by_others_meanwhile() -> None:
    turns, done = Turns(1), threading.Event()

    def other() -> None:
        with turns.taken():
            done.set()

    with turns.taken(), turns.left():
        begun(other)
        assert done.wait(PATIENCE_S)


def test_a_turn_is_given_back_when_the_work_fails() -> None:
    turns = Turns(1)
    with pytest.raises(ValueError, match="broken"), turns.taken(), turns.left():
        raise ValueError("broken")
    with turns.taken():
        assert turns._free == 0


def test_readers_read_side_by_side() -> None:
    lock, together = SharedLock(), threading.Barrier(3)

    def read() -> None:
        with lock.shared():
            together.wait(PATIENCE_S)

    threads = [begun(read) for _ in range(3)]
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not together.broken


def test_a_writer_is_alone_and_goes_before_readers_that_come_later() -> None:
    lock, order, reading, end = SharedLock(), [], threading.Event(), threading.Event()

    def first() -> None:
        with lock.shared():
            reading.set()
            end.wait(PATIENCE_S)
            order.append("first reader")

    def write() -> None:
        with lock.exclusive():
            order.append("writer")

    def later() -> None:
        with lock.shared():
            order.append("later reader")

    threads = [begun(first)]
    assert reading.wait(PATIENCE_S)
    threads.append(begun(write))
    while not lock._writers_waiting:
        end.wait(0.001)
    threads.append(begun(later))
    assert order == []
    end.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert order == ["first reader", "writer", "later reader"]


def test_the_lock_is_free_again_when_a_block_fails() -> None:
    lock = SharedLock()
    for block in (lock.shared, lock.exclusive):
        with pytest.raises(ValueError, match="broken"), block():
            raise ValueError("broken")
    with lock.exclusive():
        pass
