"""What is said of exceptions that nobody foresaw: a full disk is named, whatever layer tells of it."""

import errno
import sqlite3

import pytest
from sqlalchemy.exc import OperationalError

from server.errors import StorageFailed, ZhiwenError
from server.errors.unforeseen import unforeseen


def wrapped(inner):
    try:
        try:
            raise inner
        except Exception as error:
            raise RuntimeError("while publishing") from error
    except RuntimeError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full")),
        ValueError("An IO error occurred: 'No space left on device (os error 28)'"),
        wrapped(OSError(errno.ENOSPC, "x")),
    ],
)
def test_a_full_disk_is_named(error):
    known = unforeseen(error, request_id="7")
    assert isinstance(known, StorageFailed)
    assert known.detail["request_id"] == "7"
    assert "请清理磁盘" in known.message("zh")


def test_anything_else_is_internal():
    known = unforeseen(KeyError("x"))
    assert type(known) is ZhiwenError
