"""The chat page in a real browser against the real services: every control is used once."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from test_whole_product import BROWSER_FLAGS, CHROMIUM, ROOT, Running, clean_environment, stop, wait_until_ready

pytestmark = pytest.mark.e2e

QUESTION = "员工每年有多少天年假？"
BOX = "[data-testid='stChatInputTextArea']"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("zhiwen")
    environment, ports = clean_environment(folder)
    content = folder / "knowledge_base" / "samples" / "content"
    content.mkdir(parents=True)
    for name in ("员工手册-请假与考勤.pdf", "知问使用指南.md"):
        shutil.copy(ROOT / "knowledge_base" / "samples" / "content" / name, content)
    subprocess.run(
        [sys.executable, "init_database.py", "--if-missing"], cwd=ROOT, env=environment, check=True, timeout=120
    )
    with (folder / "console.log").open("wb") as console:
        launcher = subprocess.Popen(
            [sys.executable, "startup.py", "-a"], cwd=ROOT, env=environment, stdout=console, stderr=subprocess.STDOUT
        )
    made = Running(
        api=f"http://127.0.0.1:{ports['API']}",
        webui=f"http://127.0.0.1:{ports['WEBUI']}",
        openai=f"http://127.0.0.1:{ports['OPENAI_API']}/v1",
        launcher=launcher,
    )
    try:
        wait_until_ready(made, folder / "console.log")
        yield made
    finally:
        stop(launcher)


@pytest.fixture(scope="module")
def page(running: Running) -> Iterator:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium (tests/install_browser.sh installs it)")
        pytest.skip("no chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_FLAGS)
        context = browser.new_context(
            locale="zh-CN",
            viewport={"width": 1440, "height": 1000},
            permissions=["clipboard-read", "clipboard-write"],
        )
        opened = context.new_page()
        opened.set_default_timeout(10_000)
        complaints: list[str] = []
        opened.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(running.webui)
        opened.locator(BOX).wait_for(timeout=30_000)
        yield opened
        assert complaints == []
        assert opened.locator('[data-testid="stException"]').count() == 0
        browser.close()


def say(page, text: str) -> None:
    box = page.locator(BOX).first
    box.fill(text)
    box.press("Enter")


def answered(page, number: int):
    answer = page.locator(f".st-key-answer_{number}")
    answer.locator(f".st-key-actions_{number}").wait_for(timeout=30_000)
    return answer


def kept(running: Running, page) -> dict:
    name = re.search(r"conversation=(\w+)", page.url)
    assert name
    return httpx.get(f"{running.api}/conversations/{name[1]}/messages").json()["data"]


def until(page, seen) -> None:
    """Wait until the function gives something true."""
    for _ in range(50):
        if seen():
            return
        page.wait_for_timeout(200)
    pytest.fail("it did not come about within 10 s")


def slide(page, key: str, presses: int) -> None:
    thumb = page.locator(f".st-key-{key} input[type=range]")
    thumb.focus()
    for _ in range(abs(presses)):
        thumb.press("ArrowRight" if presses > 0 else "ArrowLeft")


def test_settings_are_taken_along(running: Running, page) -> None:
    page.locator(".st-key-options button").first.click()
    slide(page, "top_k", 2)
    slide(page, "temperature", -2)
    slide(page, "history_length", 1)
    slide(page, "relevance_floor", -1)
    page.keyboard.press("Escape")
    say(page, QUESTION)
    assert "年" in answered(page, 0).inner_text()
    (message,) = kept(running, page)["history"]
    assert message["options"] == {
        "history_len": 4, "temperature": 0.6, "top_k": 5, "score_threshold": 1.1, "return_direct": False,
    }  # fmt: skip


def test_a_source_opens_on_its_page(page) -> None:
    sources = page.locator(".st-key-sources_0")
    sources.locator("summary").click()
    card = page.locator(".st-key-source_0_1")
    card.get_by_text("员工手册").first.wait_for()
    assert card.locator("[style*='background']").count(), "no word is marked"
    page.locator(".st-key-open_0_1 button").click()
    page.locator(".st-key-passage_page img").wait_for()
    page.locator(".st-key-passage_text summary").click()
    page.locator(".st-key-passage_text").get_by_text("年休假").first.wait_for()
    with page.expect_download() as download:
        page.locator(".st-key-passage_download button").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    page.keyboard.press("Escape")
    page.locator(".st-key-passage").wait_for(state="detached")


def test_an_answer_is_judged_with_a_reason(running: Running, page) -> None:
    page.locator(".st-key-feedback_0 button").first.click()
    page.locator(".st-key-reason_0 button").first.click()
    page.locator(".st-key-reason_text_0 textarea").fill("说得清楚")
    page.locator(".st-key-reason_send_0 button").click()
    page.get_by_text("谢谢").first.wait_for()
    page.keyboard.press("Escape")
    (message,) = kept(running, page)["history"]
    assert (message["feedback_score"], message["feedback_reason"]) == (100, "说得清楚")


def test_an_answer_is_copied_by_keyboard(page) -> None:
    opener = page.locator(".st-key-copy_0 button").first
    opener.focus()
    opener.press("Enter")
    copy = page.locator("[data-testid='stCode'] button").first
    copy.focus()
    copy.press("Enter")
    until(page, lambda: "[1]" in page.evaluate("navigator.clipboard.readText()"))
    page.keyboard.press("Escape")


def test_regenerated_and_edited(running: Running, page) -> None:
    before = kept(running, page)["history"][0]["id"]
    page.locator(".st-key-regenerate_0 button").first.click()
    until(page, lambda: [one["id"] for one in kept(running, page)["history"]] not in ([], [before]))
    answered(page, 0)
    page.locator(".st-key-edit_0 button").first.click()
    page.locator(".st-key-edit_cancel button").click()
    page.locator(".st-key-edit_0 button").first.click()
    page.locator(".st-key-edit_text textarea").fill("病假怎么请？")
    page.locator(".st-key-edit_send button").click()
    page.locator(".st-key-question_0").get_by_text("病假怎么请？").wait_for()
    answered(page, 0)
    until(page, lambda: [one["question"] for one in kept(running, page)["history"]] == ["病假怎么请？"])


def test_a_reload_brings_everything_back(page) -> None:
    page.reload()
    answered(page, 0)
    assert "病假" in page.locator(".st-key-question_0").inner_text()
    page.locator(".st-key-sources_0").wait_for()
    page.locator(".st-key-options button").first.click()
    assert page.locator(".st-key-top_k input[type=range]").input_value() == "5"
    page.keyboard.press("Escape")


def test_exported(page) -> None:
    page.locator(".st-key-export button").first.click()
    for form, holds in (("markdown", "## 病假怎么请？"), ("json", '"question"')):
        with page.expect_download() as download:
            page.locator(f".st-key-export_{form} button").click()
        assert holds in Path(download.value.path()).read_text("utf-8")
    page.keyboard.press("Escape")


def test_commands_and_the_list_of_conversations(page) -> None:
    say(page, "/help")
    page.get_by_role("dialog").get_by_text("/clear").wait_for()
    page.get_by_role("dialog").locator("button[aria-label='Close']").click()
    page.get_by_role("dialog").wait_for(state="detached")
    say(page, "/new 周报")
    page.locator(".st-key-open_conversation_0").get_by_text("周报").wait_for()
    page.locator(".st-key-search_conversations input").fill("年假")
    page.locator(".st-key-search_conversations input").press("Enter")
    page.locator(".st-key-open_conversation_1").wait_for(state="detached")
    page.locator(".st-key-open_conversation_0 button").click()
    answered(page, 0)
    page.locator(".st-key-search_conversations input").fill("")
    page.locator(".st-key-search_conversations input").press("Enter")
    page.locator(".st-key-open_conversation_1").wait_for()
    page.locator(".st-key-conversation_menu_0 button").first.click()
    page.get_by_role("menuitem", name="重命名").click()
    page.get_by_role("dialog").locator("input").fill("请假")
    page.locator(".st-key-save_title button").click()
    page.locator(".st-key-conversations").get_by_text("请假").wait_for()
    say(page, "/del 请假")
    page.locator(".st-key-confirm_delete_conversation button").click()
    page.locator(".st-key-conversations").get_by_text("请假").wait_for(state="detached")
    page.locator(".st-key-new_conversation button").click()
    page.locator(".st-key-suggestion_0 button").wait_for()


def test_the_model_alone_and_stopping(page) -> None:
    page.locator(".st-key-mode").get_by_text("模型").click()
    page.locator(".st-key-suggestion_0 button").click()
    answered(page, 0)
    say(page, "/clear")
    page.locator(".st-key-question_0").wait_for(state="detached")


def test_a_dropped_file_is_asked_and_removed(page, tmp_path: Path) -> None:
    own = tmp_path / "火星基地手册.md"
    own.write_text("# 火星基地手册\n\n火星基地的氧气由电解水装置供应，每天检修一次。\n", "utf-8")
    page.locator("input[type=file]").first.set_input_files(own)
    page.get_by_text("火星基地手册.md").first.wait_for()
    say(page, "火星基地的氧气从哪里来？")
    answered(page, 0).get_by_text("电解水装置").first.wait_for()
    page.locator(".st-key-dropped").get_by_text("分钟").wait_for()
    page.locator(".st-key-drop_0 button").first.click()
    page.locator(".st-key-dropped").wait_for(state="detached")


def test_what_an_agent_and_a_search_engine_need_is_said(page) -> None:
    page.locator(".st-key-new_conversation button").click()
    page.locator(".st-key-mode").get_by_text("智能体").click()
    page.get_by_text("只会引用文档原文").first.wait_for()
    page.locator(".st-key-agent_tools button").first.click()
    page.get_by_text("计算").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-mode").get_by_text("联网").click()
    page.locator(".st-key-search_engine input").wait_for()
    page.locator(".st-key-options button").first.click()
    page.get_by_text("尚未配置").wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-mode").get_by_text("知识库").click()
    page.locator(".st-key-chat_knowledge_base").wait_for()
