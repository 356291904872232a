"""The chat page in a real browser against the real services: every control is used at least once."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from web_hands import PATIENCE_S, choose, key, press, slide, until
from web_product import Product, browser_page, running_product, settle

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

QUESTION = "员工每年有多少天年假？"
BOX = "[data-testid='stChatInputTextArea']"
TURNS = 12
SCRIPTED = '[models.llm.script]\nengine = "fake"\n'
ACTION = {"action": "calculate", "action_input": {"expression": "37*91"}}
CALL = "script: " + json.dumps({"reply": f"我先算一下。\n```json\n{json.dumps(ACTION)}\n```"}, ensure_ascii=False)
SLOW = "script: " + json.dumps({"reply": " ".join(f"第{number}句" for number in range(100)), "delay_s": 0.3})

SILENT = "script: " + json.dumps({"reply": "终于", "delay_s": 150}, ensure_ascii=False)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("zhiwen")
    (folder / "local.toml").write_text(SCRIPTED, "utf-8")
    with running_product(folder) as running:
        started = httpx.post(
            f"{running.api}/llm_model/start", json={"model_name": "script"}, trust_env=False, timeout=PATIENCE_S
        )
        assert started.status_code == 200, started.text
        yield running


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator:
    with browser_page(product, permissions=["clipboard-read", "clipboard-write"]) as opened:
        opened.set_default_timeout(PATIENCE_S * 1000)
        opened.locator(BOX).wait_for()
        yield opened


def say(page, text: str) -> None:
    box = page.locator(BOX)
    box.fill(text)
    box.press("Enter")
    settle(page)


def answered(page, number: int):
    key(page, f"actions_{number}").wait_for()
    settle(page)
    return key(page, f"answer_{number}")


def kept(product: Product, page) -> list[dict]:
    """The messages that the API has of the open conversation."""
    name = re.search(r"conversation=(\w+)", page.url)
    if not name:
        return []
    answer = httpx.get(f"{product.api}/conversations/{name[1]}/messages", trust_env=False).json()
    return answer["data"]["history"] if answer["code"] == 200 else []


def mode(page, name: str) -> None:
    key(page, "mode").get_by_text(name, exact=True).click()
    settle(page)


def close_dialog(page) -> None:
    page.get_by_role("dialog").locator("button[aria-label='Close']").click()
    page.get_by_role("dialog").wait_for(state="detached")


def close_popover(page) -> None:
    page.keyboard.press("Escape")
    settle(page)


def test_settings_are_taken_along(product: Product, page) -> None:
    press(page, "options")
    slide(page, "top_k", 2)
    slide(page, "temperature", -2)
    slide(page, "history_length", 1)
    slide(page, "relevance_floor", -1)
    close_popover(page)
    say(page, QUESTION)
    assert "年" in answered(page, 0).inner_text()
    until(page, lambda: kept(product, page))
    assert kept(product, page)[0]["options"] == {
        "history_len": 4, "temperature": 0.6, "top_k": 5, "score_threshold": 1.1, "return_direct": False,
    }  # fmt: skip


def test_a_source_opens_on_its_page(page) -> None:
    key(page, "sources_0").locator("summary").click()
    card = key(page, "source_0_1")
    card.get_by_text("员工手册").first.wait_for()
    card.locator(".stMarkdownColoredBackground", has_text="年").first.wait_for()
    press(page, "open_0_1")
    picture = key(page, "passage_page").locator("img")
    until(page, lambda: picture.evaluate("image => image.complete && image.naturalWidth") > 400)
    key(page, "passage_text").locator("summary").click()
    key(page, "passage_text").get_by_text("年休假").first.wait_for()
    with page.expect_download() as download:
        key(page, "passage_download").locator("button").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    close_dialog(page)


def test_an_answer_is_judged_with_a_reason(product: Product, page) -> None:
    press(page, "thumbs_")
    press(page, "reason_0")
    key(page, "reason_text_").locator("textarea").fill("说得清楚")
    press(page, "reason_send_")
    said = [(100, "说得清楚")]
    until(page, lambda: [(one["feedback_score"], one["feedback_reason"]) for one in kept(product, page)] == said)
    close_popover(page)


def test_an_answer_is_copied_by_keyboard(page) -> None:
    opener = key(page, "copy_0").locator("button").first
    opener.focus()
    opener.press("Enter")
    copy = key(page, "copied_0").locator("button")
    copy.focus()
    copy.press("Enter")
    until(page, lambda: "[1]" in page.evaluate("navigator.clipboard.readText()"))
    close_popover(page)


def test_regenerated_and_edited(product: Product, page) -> None:
    before = [one["id"] for one in kept(product, page)]
    press(page, "regenerate_0")
    until(page, lambda: [one["id"] for one in kept(product, page)] not in ([], before))
    answered(page, 0)
    press(page, "edit_0")
    press(page, "edit_cancel")
    press(page, "edit_0")
    key(page, "edit_text_0").locator("textarea").fill("病假怎么请？")
    press(page, "edit_send")
    key(page, "question_0").get_by_text("病假怎么请？").wait_for()
    until(page, lambda: [one["question"] for one in kept(product, page)] == ["病假怎么请？"])
    answered(page, 0)


def test_a_reload_brings_everything_back(page) -> None:
    page.reload()
    answered(page, 0)
    assert "病假" in key(page, "question_0").inner_text()
    key(page, "sources_0").wait_for()
    press(page, "options")
    assert key(page, "top_k").locator("input[type=range]").input_value() == "5"
    close_popover(page)


def test_exported(page) -> None:
    press(page, "export")
    for form, holds in (("markdown", "## 病假怎么请？"), ("json", '"question"')):
        with page.expect_download() as download:
            key(page, f"export_{form}").locator("button").click()
        assert holds in Path(download.value.path()).read_text("utf-8")
    close_popover(page)


def test_commands_and_the_list_of_conversations(page) -> None:
    say(page, "/help")
    page.get_by_role("dialog").get_by_text("/clear").wait_for()
    close_dialog(page)
    say(page, "/new 周报")
    key(page, "open_conversation_0").get_by_text("周报").wait_for()
    search = key(page, "search_conversations").locator("input")
    search.fill("年假")
    search.press("Enter")
    key(page, "open_conversation_1").wait_for(state="detached")
    press(page, "open_conversation_0")
    answered(page, 0)
    search.fill("")
    search.press("Enter")
    key(page, "open_conversation_1").wait_for()
    settle(page)
    press(page, "conversation_menu_0")
    page.get_by_role("menuitem", name="重命名").click()
    page.get_by_role("dialog").locator("input").fill("请假")
    press(page, "save_title")
    key(page, "conversations").get_by_text("请假").wait_for()
    say(page, "/del 请假")
    press(page, "confirm_delete_conversation")
    key(page, "conversations").get_by_text("请假").wait_for(state="detached")
    settle(page)
    press(page, "new_conversation")
    key(page, "suggestion_0").wait_for()


def test_only_searching_asks_no_model(product: Product, page) -> None:
    press(page, "options")
    key(page, "return_direct").locator("label").first.click()
    settle(page)
    close_popover(page)
    press(page, "suggestion_0")
    answered(page, 0).get_by_text("没有让模型回答").wait_for()
    key(page, "source_0_1").wait_for()
    until(page, lambda: [one["answer"] for one in kept(product, page)] == [""])


def test_a_slow_answer_of_the_chosen_model_and_template_is_stopped(product: Product, page) -> None:
    press(page, "new_conversation")
    mode(page, "模型")
    press(page, "options")
    choose(page, "chat_model", "script")
    choose(page, "prompt", "py")
    close_popover(page)
    page.locator(BOX).fill(SLOW)
    page.locator(BOX).press("Enter")
    key(page, "answer_0").get_by_text("第1句").wait_for()
    key(page, "stop").locator("button").click()
    answered(page, 0).get_by_text("已停止").wait_for()
    until(page, lambda: kept(product, page))
    (message,) = kept(product, page)
    assert (message["finish"], message["model"], message["prompt"]) == ("stopped", "script", "py")
    assert message["answer"].startswith("第0句 第1句")
    assert "第99句" not in message["answer"]
    say(page, "/clear")
    key(page, "question_0").wait_for(state="detached")
    until(page, lambda: not kept(product, page))


def test_a_model_that_has_said_nothing_yet_is_stopped_at_once(product: Product, page) -> None:
    press(page, "new_conversation")
    page.locator(BOX).fill(SILENT)
    page.locator(BOX).press("Enter")
    key(page, "stop").locator("button").click()
    answered(page, 0).get_by_text("已停止").wait_for()
    until(page, lambda: kept(product, page))
    (message,) = kept(product, page)
    assert (message["finish"], message["answer"]) == ("stopped", "")


def test_an_agent_shows_its_steps_apart_from_its_answer(product: Product, page) -> None:
    press(page, "new_conversation")
    mode(page, "智能体")
    say(page, CALL)
    for _ in range(2):
        steps = key(page, "steps_0")
        answered(page, 0).get_by_text("You asked").first.wait_for()
        assert not steps.get_by_text("我先算一下。").is_visible()
        steps.locator("summary").click()
        steps.get_by_text("我先算一下。").wait_for()
        steps.get_by_text("37*91 = 3367").wait_for()
        until(page, lambda: kept(product, page))
        (message,) = kept(product, page)
        assert "我先算一下" not in message["answer"]
        page.reload()


def test_a_long_conversation_shows_its_end_first(product: Product, page) -> None:
    for number in range(TURNS):
        body = {"query": f"第{number}问", "conversation_id": "long", "stream": False, "model_name": "script"}
        httpx.post(f"{product.api}/chat/chat", json=body, trust_env=False, timeout=PATIENCE_S).raise_for_status()
    page.goto(f"{product.webui}/?conversation=long")
    key(page, f"question_{TURNS - 1}").wait_for()
    assert key(page, "question_0").count() == 0
    press(page, "earlier")
    key(page, "question_0").get_by_text("第0问").wait_for()


def test_a_dropped_file_is_asked_and_removed(page, tmp_path: Path) -> None:
    own = tmp_path / "火星基地手册.md"
    own.write_text("# 火星基地手册\n\n火星基地的氧气由电解水装置供应，每天检修一次。\n", "utf-8")
    press(page, "new_conversation")
    press(page, "options")
    choose(page, "chat_model", "默认")
    close_popover(page)
    page.locator("input[type=file]").first.set_input_files(own)
    page.get_by_text("火星基地手册.md").first.wait_for()
    say(page, "火星基地的氧气从哪里来？")
    answered(page, 0).get_by_text("电解水装置").first.wait_for()
    key(page, "dropped").get_by_text("分钟").wait_for()
    press(page, "drop_0")
    key(page, "dropped").wait_for(state="detached")


def test_what_an_agent_and_a_search_engine_need_is_said(page) -> None:
    press(page, "new_conversation")
    mode(page, "智能体")
    page.get_by_text("只会引用文档原文").first.wait_for()
    press(page, "agent_tools")
    page.get_by_text("计算").first.wait_for()
    close_popover(page)
    mode(page, "联网")
    key(page, "search_engine").wait_for()
    press(page, "options")
    key(page, "read_pages").locator("label").first.click()
    page.get_by_text("尚未配置").wait_for()
    close_popover(page)
    mode(page, "知识库")
    key(page, "chat_knowledge_base").wait_for()


def test_a_download_that_fails_is_told_in_the_language_of_the_page(product: Product, page) -> None:
    say(page, "年假有几天？")
    answered(page, 0)
    talk = page.url.rpartition("conversation=")[2]
    httpx.delete(f"{product.api}/conversations/{talk}", trust_env=False).raise_for_status()
    press(page, "export")
    key(page, "export_json").locator("button").click()
    told = page.get_by_test_id("stDownloadButtonError")
    told.wait_for()
    assert "下载没有成功" in told.evaluate("node => getComputedStyle(node, '::after').content")
    close_popover(page)
