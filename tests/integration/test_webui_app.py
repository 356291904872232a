"""The entry script: language, gate, the net under everything, and what it costs to load."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import streamlit as st
from free_ports import free_port
from streamlit.testing.v1 import AppTest
from webui_fake_api import running_fake_api

from webui_pages.logins import Logins

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "webui_pages" / "app.py"


@pytest.fixture
def listen_on(monkeypatch):
    """Lets Streamlit listen, as far as the page can see, on another address than the loopback of its own settings."""
    get_option = st.get_option

    def listen(address):
        monkeypatch.setattr(st, "get_option", lambda name: address if name == "server.address" else get_option(name))

    listen("127.0.0.1")
    # The harness has no browser, and a mock in the place of its cookies.
    monkeypatch.setattr("webui_pages.components.remembered.cookie_of_browser", str)
    return listen


@pytest.fixture
def api(monkeypatch, data_paths, listen_on):
    with running_fake_api() as running:
        monkeypatch.setenv("ZHIWEN_API_URL", running.url)
        st.cache_resource.clear()
        yield running
        st.cache_resource.clear()


def opened() -> AppTest:
    return AppTest.from_file(str(APP), default_timeout=20).run()


def test_the_frame_shows_health_version_and_both_languages(api):
    page = opened()
    assert not page.exception
    assert "服务正常" in page.sidebar.markdown[0].value
    assert [caption.value for caption in page.sidebar.caption][-2:] == [
        r"模型 builtin\-extractive · 向量 builtin\-ngram",
        r"知问 0\.1\.0",
    ]
    page.segmented_control(key="language").set_value("en").run()
    assert "All services up" in page.sidebar.markdown[0].value
    assert page.button(key="suggestion_0").label == "Which file formats can Zhiwen read?"


def test_the_language_of_the_settings_wins_over_the_browser(api, monkeypatch):
    monkeypatch.setenv("ZHIWEN__WEB__LANGUAGE", "en")
    assert opened().button(key="suggestion_0").label == "Which file formats can Zhiwen read?"


def test_health_is_not_asked_for_at_each_run(api):
    page = opened()
    page.run()
    page.run()
    assert len(api.bodies("/health")) == 1


def asked_for_a_key(page: AppTest, given: str) -> AppTest:
    page.text_input(key="gate_key").set_value(given)
    return page.button(key="gate_enter").click().run()


def test_a_page_open_to_others_asks_for_the_key_before_anything_else(api, listen_on, monkeypatch):
    monkeypatch.setattr("webui_pages.components.login.WRONG_KEY_DELAY_S", 0)
    listen_on("0.0.0.0")
    api.keys = {"right": "read", "of the settings": "admin"}
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "of the settings")
    page = opened()
    assert not page.chat_input
    assert asked_for_a_key(page, "钥匙").error[0].value.startswith("密钥或密码不正确")
    assert {path for path, _, _ in api.requests} == {"/keys/current"}
    asked_for_a_key(page, "right")
    assert page.chat_input
    assert api.requests[-1][2]["Authorization"] == "Bearer right"


def test_logging_out_forgets_the_key(api, listen_on):
    listen_on("0.0.0.0")
    api.keys = {"right": "write"}
    page = asked_for_a_key(opened(), "right")
    assert r"write key · write" in [caption.value for caption in page.sidebar.caption]
    page.button(key="log_out").click().run()
    assert page.text_input(key="gate_key").value == ""
    assert not page.chat_input


@pytest.fixture
def served(monkeypatch):
    """Logins as where the route for their cookies is there."""
    logins = Logins()
    logins.served = True
    for module in ("login", "remembered"):
        monkeypatch.setattr(f"webui_pages.components.{module}.LOGINS", logins)
    return logins


def reloaded(monkeypatch, cookie) -> AppTest:
    monkeypatch.setattr("webui_pages.components.remembered.cookie_of_browser", lambda: cookie)
    return opened()


def scripts(page: AppTest) -> str:
    return "".join(element.proto.body for element in page.get("html") if element.proto.unsafe_allow_javascript)


def test_a_login_outlasts_a_reload_until_somebody_logs_out(api, listen_on, served, monkeypatch):
    listen_on("0.0.0.0")
    api.keys = {"right": "write"}
    page = asked_for_a_key(opened(), "right")
    script = scripts(page)
    assert "right" not in script
    cookie, seconds = served.redeem(script.split('ticket: "')[1].split('"')[0])
    assert 7 * 86400 - 60 < seconds <= 7 * 86400
    assert not scripts(page.run())
    again = reloaded(monkeypatch, cookie)
    assert again.chat_input
    assert api.requests[-1][2]["Authorization"] == "Bearer right"
    left = again.button(key="log_out").click().run()
    assert left.text_input(key="gate_key")
    assert "DELETE" in scripts(left)
    assert page.run().text_input(key="gate_key")
    assert reloaded(monkeypatch, cookie).text_input(key="gate_key")


def test_who_logs_in_after_a_key_was_revoked_finds_nothing_of_its_owner(api, listen_on):
    listen_on("0.0.0.0")
    api.keys = {"of Alice": "write"}
    page = asked_for_a_key(opened(), "of Alice")
    page.chat_input(key="question").set_value("Alice 的秘密").run()
    assert [text.value for text in page.text] == ["Alice 的秘密"]
    api.keys = {"of Bob": "write"}
    api.chats.conversations.clear()  # which the API itself shows to nobody but their owner
    page.run()
    assert page.button(key="retry")
    asked_for_a_key(page.run(), "of Bob")
    assert page.chat_input
    assert "Alice" not in "".join(text.value for text in page.text)


def test_who_came_by_a_password_where_no_key_is_needed_has_a_scope_and_no_name(api, listen_on, monkeypatch):
    listen_on("0.0.0.0")
    monkeypatch.setenv("ZHIWEN__WEB__PASSWORD", "open sesame")
    page = asked_for_a_key(opened(), "open sesame")
    assert "admin" in [caption.value for caption in page.sidebar.caption]


def test_a_remembered_key_that_was_revoked_is_asked_for(api, listen_on, served, monkeypatch):
    listen_on("0.0.0.0")
    api.keys = {"other": "admin"}
    _, ticket = served.begin("revoked", 60)
    cookie, _ = served.redeem(ticket)
    assert reloaded(monkeypatch, cookie).text_input(key="gate_key")
    assert served.of_cookie(cookie) is None


def test_a_remembered_login_waits_for_an_api_that_is_away(api, listen_on, served, monkeypatch):
    listen_on("0.0.0.0")
    monkeypatch.setenv("ZHIWEN_API_URL", "http://127.0.0.1:9")
    _, ticket = served.begin("good", 60)
    page = reloaded(monkeypatch, served.redeem(ticket)[0])
    assert ["没有响应" in box.value for box in page.error] == [True]
    assert not page.text_input


def test_nothing_is_remembered_where_the_settings_say_so(api, listen_on, served, monkeypatch):
    listen_on("0.0.0.0")
    monkeypatch.setenv("ZHIWEN__WEB__LOGIN_HOURS", "0")
    api.keys = {"right": "write"}
    page = opened()
    assert "刷新页面后需要重新输入。" in [caption.value for caption in page.caption]
    assert not scripts(asked_for_a_key(page, "right"))


def test_tickets_and_logins_end(monkeypatch):
    logins, now = Logins(), 1000.0
    monkeypatch.setattr("webui_pages.logins.time.time", lambda: now)
    login, ticket = logins.begin("key", 100)
    assert logins.redeem("guessed") is None
    cookie, seconds = logins.redeem(ticket)
    assert seconds == 100
    assert logins.redeem(ticket) is None
    assert logins.of_cookie(cookie) == login
    _, late = logins.begin("key", 100)
    now += 61
    assert logins.redeem(late) is None
    assert logins.of_cookie(cookie) == login
    now += 40
    assert logins.of_cookie(cookie) is None
    assert logins.get(login.id) is None


def test_the_password_of_the_page_stands_for_the_key_of_the_settings(api, listen_on, monkeypatch):
    listen_on("0.0.0.0")
    monkeypatch.setenv("ZHIWEN__WEB__PASSWORD", "open sesame")
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "of the settings")
    api.keys = {"of the settings": "admin"}
    page = asked_for_a_key(opened(), "open sesame")
    assert page.chat_input
    assert api.requests[-1][2]["Authorization"] == "Bearer of the settings"


def test_an_api_without_keys_takes_no_text_for_a_password(api, listen_on, monkeypatch):
    monkeypatch.setattr("webui_pages.components.login.WRONG_KEY_DELAY_S", 0)
    listen_on("0.0.0.0")
    monkeypatch.setenv("ZHIWEN__WEB__PASSWORD", "open sesame")
    page = asked_for_a_key(opened(), "anything")
    assert page.error[0].value.startswith("密钥或密码不正确")
    assert not page.chat_input


def test_accounts_without_authlib_say_what_to_install(api, listen_on, monkeypatch):
    listen_on("0.0.0.0")
    api.keys = {"mine": "write"}
    monkeypatch.setenv("ZHIWEN__WEB__USERS", '{"li@example.org": "mine"}')
    monkeypatch.setattr("webui_pages.components.login._oidc_configured", lambda: True)
    monkeypatch.setattr("webui_pages.components.login.find_spec", lambda name: None)
    page = opened()
    assert "pip install" in page.error[0].value
    assert asked_for_a_key(page, "mine").chat_input


def test_on_loopback_a_key_is_asked_for_only_where_the_settings_have_none(api, monkeypatch):
    api.keys = {"mine": "write"}
    assert opened().text_input(key="gate_key")
    monkeypatch.setenv("ZHIWEN__SECURITY__API_KEY", "mine")
    st.cache_resource.clear()
    assert opened().chat_input


@pytest.mark.parametrize("address", ["0.0.0.0", None])
def test_listening_to_others_without_a_key_serves_nobody(api, listen_on, address):
    listen_on(address)
    page = opened()
    assert "security.api_key" in page.error[0].value
    assert not page.chat_input
    assert {path for path, _, _ in api.requests} == {"/keys/current"}


def test_a_fault_of_ours_is_a_sentence_not_a_traceback(api, monkeypatch, caplog):
    def broken(ui):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("webui_pages.views.chat.render", broken)
    page = opened()
    assert not page.exception
    assert page.error[0].value.startswith("页面内部出错")
    assert "secret detail" in caplog.text


def test_a_fault_of_ours_is_told_in_the_language_of_the_page(api, monkeypatch):
    page = opened()
    page.segmented_control(key="language").set_value("en").run()

    def broken(ui):
        raise RuntimeError

    monkeypatch.setattr("webui_pages.views.chat.render", broken)
    assert page.run().error[0].value.startswith("Something went wrong")


def test_the_page_loads_nothing_heavy():
    code = """
import sys
import webui_pages.client
from webui_pages.views import chat, knowledge_base, models, system
heavy = "torch transformers faiss sqlalchemy langchain_core openai fastapi pandas pyarrow numpy"
print([name for name in heavy.split() if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("wanted", ["auto", "en"])
def test_the_page_is_served_in_the_language_of_its_reader(data_paths, monkeypatch, wanted):
    monkeypatch.setenv("ZHIWEN__WEB__LANGUAGE", wanted)
    with served_page() as url:
        for path in ("", "models"):
            for asked, tag in (("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("en-GB,zh;q=0.5", "en"), ("", "zh-CN")):
                page = httpx.get(f"{url}/{path}", headers={"Accept-Language": asked}, trust_env=False)
                expected = tag if wanted == "auto" else wanted
                assert f'<html lang="{expected}">' in page.text
                assert ("BACKEND_BASE_URL: new URL" in page.text) == bool(path)


@contextmanager
def served_page() -> Iterator[str]:
    port = free_port()
    argv = [sys.executable, "-m", "streamlit", "run", str(APP.with_name("serve.py")), "--server.port", str(port)]
    process = subprocess.Popen(argv, cwd=ROOT, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert _answers(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_it_starts_from_another_folder_and_listens_on_loopback_only(api, tmp_path):
    port = free_port()
    argv = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    process = subprocess.Popen(argv, cwd=tmp_path, env=os.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert _answers(f"http://127.0.0.1:{port}/_stcore/health")
        with pytest.raises(OSError, match="refused"), socket.create_connection(("127.0.0.2", port), timeout=2):
            pass
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            return httpx.get(url, trust_env=False).status_code == 200
        except httpx.TransportError:
            time.sleep(0.1)
    return False
