"""Clients that wait long for their files keep nobody else waiting."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import pytest
from api_app import ScriptedModel, make_settings
from api_server import serving

from server import container as container_module
from server.api.app import create_app
from server.container import build_container
from server.knowledge_base.parsers import ParserPool

KB = "k"
PATIENCE_S = 60
HELD_S = 4 * PATIENCE_S
MANY = 60
"""More than the threads that all routes share."""


@pytest.fixture
def stage(tmp_path, monkeypatch):
    """The application with readers that wait for a sign, and the sign."""
    go = threading.Event()
    monkeypatch.setattr(container_module, "ChatModels", lambda *_: ScriptedModel())
    settings = make_settings(tmp_path, ZHIWEN__LIMITS__REQUESTS_PER_MINUTE="0")
    container = build_container(settings)
    parse = ParserPool.parse

    def held(self, *args, **kwargs):
        assert go.wait(HELD_S)
        return parse(self, *args, **kwargs)

    monkeypatch.setattr(ParserPool, "parse", held)
    try:
        with serving(create_app(settings, container=container)) as port:
            url = f"http://127.0.0.1:{port}/knowledge_base"
            httpx.post(f"{url}/create_knowledge_base", json={"knowledge_base_name": KB})
            yield url, go
    finally:
        go.set()
        container.close()


def upload(url, number):
    files = [("files", (f"{number}.txt", f"第{number}个文件".encode()))]
    answer = httpx.post(f"{url}/upload_docs", data={"knowledge_base_name": KB}, files=files, timeout=HELD_S)
    return answer.json()["data"]["failed_files"]


def test_waiting_for_uploads_takes_no_thread_from_others(stage):
    url, go = stage
    with ThreadPoolExecutor(MANY) as pool:
        waiting = [pool.submit(upload, url, number) for number in range(MANY)]
        deadline = time.monotonic() + PATIENCE_S
        while len(httpx.get(f"{url}/jobs", timeout=PATIENCE_S).json()["data"]) < MANY:
            assert time.monotonic() < deadline
        answer = httpx.post(f"{url}/search_docs", json={"knowledge_base_name": KB, "query": "文件"}, timeout=PATIENCE_S)
        assert answer.json() == []
        assert not any(each.done() for each in waiting)
        asked = {"knowledge_base_name": KB, "file_names": ["0.txt"]}
        again = pool.submit(httpx.post, f"{url}/update_docs", json=asked, timeout=HELD_S)
        go.set()
        assert [each.result(HELD_S) for each in waiting] == [{}] * MANY
        assert again.result(HELD_S).status_code == 200
    listed = httpx.get(f"{url}/list_files", params={"knowledge_base_name": KB}, timeout=PATIENCE_S)
    assert len(listed.json()["data"]) == MANY


def test_waiting_for_dropped_files_neither(stage):
    url, go = stage
    files = [("files", ("条款.txt", "保修期为两年。".encode()))]
    with ThreadPoolExecutor(MANY) as pool:
        send = partial(httpx.post, f"{url}/upload_temp_docs", files=files, timeout=HELD_S)
        waiting = [pool.submit(send) for _ in range(MANY)]
        time.sleep(1)
        assert httpx.get(f"{url}/list_knowledge_bases", timeout=PATIENCE_S).json()["data"] == [KB]
        assert not any(each.done() for each in waiting)
        go.set()
        assert {each.result(HELD_S).status_code for each in waiting} == {200}
