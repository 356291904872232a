"""The page “System” on a fake API: without a launcher, full, failing, and for keys without the right to it."""

from types import SimpleNamespace

import pytest
from webui_fake_api import running_fake_api
from webui_page import open_page, texts

from webui_pages.components.system import ages

SERVICE = {"model": "", "address": "http://127.0.0.1:7861", "seconds": 1.0, "restarts": 0, "log": "api", "failure": ""}


@pytest.fixture
def api(data_paths):
    with running_fake_api() as running:
        running.data["/system/services"] = {"launcher": False, "services": [], "logs": []}
        running.data["/system/logs/api"] = {"name": "api", "lines": ["first", "<b>second</b>"]}
        yield running


def test_without_a_launcher_and_logs_the_page_says_so(api):
    said = texts(open_page(api, "system"))
    assert "不是由 startup.py 启动" in said.replace("\\", "")
    assert "还没有日志" in said


def test_services_show_state_uptime_memory_and_the_reason_of_a_failure(api):
    running = SERVICE | {"name": "api", "state": "ready", "uptime_s": 3725.0, "memory_mb": 137}
    failed = SERVICE | {"name": "webui", "state": "failed", "failure": "端口被占用。", "restarts": 2}
    api.data["/system/services"] = {"launcher": True, "services": [running, failed], "logs": ["api"]}
    page = open_page(api, "system")
    assert not page.exception
    said = texts(page)
    assert "已运行 1 小时 2 分" in said
    assert "137 MB" in said
    assert page.error[0].value == "端口被占用。"
    assert page.code[0].value == "first\n<b>second</b>"


def test_a_failure_is_one_sentence_with_a_way_on(api):
    api.fail["/system/services"] = (503, {"code": 503, "msg": "启动器没有响应。", "data": {"error": "x"}})
    page = open_page(api, "system")
    assert [error.value for error in page.error] == ["启动器没有响应。"]
    api.fail.clear()
    page.button(key="retry").click().run()
    assert not page.error


@pytest.mark.parametrize(
    ("written", "behind", "shown"),
    [
        ("2025-03-04T20:06:07+00:00", -480, "2025-03-05 04:06:07"),
        ("2025-03-04T20:06:07", 300, "2025-03-04 15:06:07"),
        ("2025-03-04T20:06:07.123Z", None, "2025-03-04 20:06:07"),
    ],
)
def test_moments_are_told_by_the_clock_of_the_reader(monkeypatch, written, behind, shown):
    monkeypatch.setattr(ages, "st", SimpleNamespace(context=SimpleNamespace(timezone_offset=behind)))
    assert ages.moment(written) == shown
