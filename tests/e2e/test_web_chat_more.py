"""More of the chat page in a browser: many conversations, the web, several knowledge bases, tools, languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_hands import PATIENCE_S, choose, confirm, dialog, fill, flip, key, pick, press, said, unfold, until
from web_product import Product, browser_page, running_product, settle

from tests.integration.websearch_servers import Answer, Site, as_json, site

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

MANY = 45
OTHER = "售后"
WARRANTY = "知问的保修期为购买之日起二十四个月。"
PAGE = f"<html><head><title>售后说明</title></head><body><main><h1>售后</h1><p>{WARRANTY}</p></main></body></html>"
SETTINGS = """
[search]
engine = "searxng"
[search.engines.searxng]
url = "{url}"
[fetching]
allow_private = ["{address}"]
[models]
llm_preference = ["builtin-extractive"]
[models.llm.script]
engine = "fake"
"""


@pytest.fixture(scope="module")
def web() -> Iterator[Site]:
    """A SearXNG with one result, and the page that it names."""
    with site() as running:
        found = {"title": "售后 [说明]", "url": f"{running.url}/after-sales", "content": "关于售后。"}
        running.answers["/search"] = as_json({"results": [found]})
        running.answers["/after-sales"] = Answer(PAGE.encode())
        yield running


@pytest.fixture(scope="module")
def product(web: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("zhiwen")
    (folder / "local.toml").write_text(SETTINGS.format(url=web.url, address=web.address), "utf-8")
    with running_product(folder) as running:
        for number in range(MANY):
            made = {"id": f"talk{number}", "title": f"第{number}次谈话"}
            ask(running, "POST", "/conversations", json=made)
        ask(running, "POST", "/knowledge_base/create_knowledge_base", json={"knowledge_base_name": OTHER})
        files = [("files", ("退货.md", "# 退货\n\n退货须在收货后七天内提出。\n".encode()))]
        ask(running, "POST", "/knowledge_base/upload_docs", data={"knowledge_base_name": OTHER}, files=files)
        ask(running, "POST", "/llm_model/start", json={"model_name": "script"})
        yield running


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator[Any]:
    """One session for the module; the tests follow each other in it."""
    with browser_page(product) as opened:
        opened.set_default_timeout(PATIENCE_S * 1000)
        key(opened, "question").wait_for()
        yield opened


def ask(product: Product, method: str, path: str, **options: Any) -> Any:
    """`data` of what the API answers."""
    answer = httpx.request(method, f"{product.api}{path}", trust_env=False, timeout=PATIENCE_S, **options)
    answer.raise_for_status()
    return answer.json()["data"]


def talks(product: Product) -> int:
    answer = httpx.get(f"{product.api}/conversations", trust_env=False, timeout=PATIENCE_S)
    return answer.json()["total"]


def kept(product: Product, page: Any) -> dict[str, Any]:
    """The open conversation as the API has it, once it has an answer."""
    until(page, lambda: "conversation=" in page.url)
    path = f"/conversations/{page.url.rpartition('conversation=')[2]}/messages"
    until(page, lambda: ask(product, "GET", path)["history"])
    return ask(product, "GET", path)


def say(page: Any, text: str) -> None:
    box = key(page, "question").locator("textarea")
    box.fill(text)
    box.press("Enter")
    settle(page)


def answered(page: Any, number: int) -> Any:
    key(page, f"actions_{number}").wait_for()
    settle(page)
    return key(page, f"answer_{number}")


def shut(page: Any) -> None:
    page.keyboard.press("Escape")
    settle(page)


def chosen_in_menu(page: Any, number: int, item: str) -> None:
    press(page, f"conversation_menu_{number}")
    page.get_by_role("menuitem", name=item).click()
    dialog(page).wait_for()


def test_many_conversations_have_pages(page: Any) -> None:
    said(page, "第 1 / 3 页")
    assert key(page, "page_before").locator("button").first.is_disabled()
    press(page, "page_after")
    said(page, "第 2 / 3 页")
    press(page, "page_after")
    said(page, "第 3 / 3 页")
    key(page, "open_conversation_4").get_by_text("第0次谈话").wait_for()
    assert key(page, "page_after").locator("button").first.is_disabled()
    press(page, "page_before")
    said(page, "第 2 / 3 页")
    fill(page, "search_conversations", "次谈话")
    said(page, "第 1 / 3 页")
    fill(page, "search_conversations", "")


def test_one_is_renamed_and_others_are_deleted_from_the_last_page(product: Product, page: Any) -> None:
    press(page, "page_after")
    press(page, "page_after")
    said(page, "第 3 / 3 页")
    chosen_in_menu(page, 0, "重命名")
    key(page, "title_").locator("input").fill("改过的标题")
    confirm(page, "save_title")
    assert ask(product, "GET", "/conversations/talk4/messages")["title"] == "改过的标题"
    chosen_in_menu(page, 0, "删除")
    dialog(page).locator(".st-key-confirm_delete_conversation_cancel button").click()
    dialog(page).wait_for(state="detached")
    assert talks(product) == MANY
    for left in range(MANY - 1, MANY - 6, -1):
        chosen_in_menu(page, 0, "删除")
        confirm(page, "confirm_delete_conversation")
        until(page, lambda left=left: talks(product) == left)
    said(page, "第 2 / 2 页")
    key(page, "open_conversation_0").wait_for()


def test_deleting_the_open_one_leaves_a_new_one(product: Product, page: Any) -> None:
    press(page, "open_conversation_0")
    until(page, lambda: "conversation=" in page.url)
    chosen_in_menu(page, 0, "删除")
    confirm(page, "confirm_delete_conversation")
    said(page, "对话已删除")
    until(page, lambda: "conversation=" not in page.url)
    assert talks(product) == MANY - 6
    key(page, "welcome").wait_for()


def test_the_web_is_asked_and_its_page_opened(product: Product, page: Any, web: Site) -> None:
    press(page, "new_conversation")
    pick(page, "mode", "联网")
    choose(page, "search_engine", "searxng")
    press(page, "options")
    flip(page, "read_pages")
    shut(page)
    say(page, "知问的保修期是多久？")
    assert "二十四个月" in answered(page, 0).inner_text()
    unfold(page, "sources_0")
    card = key(page, "source_0_1")
    card.get_by_text("售后").first.wait_for()
    press(page, "open_0_1")
    key(page, "passage").get_by_text("二十四个月").first.wait_for()
    dialog(page).locator("button[aria-label='Close']").click()
    dialog(page).wait_for(state="detached")
    with page.context.expect_page() as opened:
        key(page, "link_0_1").locator("a").click()
    opened.value.get_by_text(WARRANTY).wait_for()
    opened.value.close()
    message = kept(product, page)["history"][0]
    assert (message["mode"], message["options"]["search_engine_name"]) == ("search_engine_chat", "searxng")
    assert message["sources"][0]["url"] == f"{web.url}/after-sales"


def test_a_search_engine_that_is_away_is_told_in_words(page: Any, web: Site) -> None:
    was, web.answers["/search"] = web.answers["/search"], Answer(b"Forbidden", 403)
    say(page, "还有别的说明吗？")
    answered(page, 1).get_by_text("search.formats").wait_for()
    web.answers["/search"] = was
    press(page, "regenerate_1")
    answered(page, 1).get_by_text("来源").first.wait_for()


def test_two_knowledge_bases_answer_together(product: Product, page: Any) -> None:
    press(page, "new_conversation")
    pick(page, "mode", "知识库")
    choose(page, "chat_knowledge_bases", OTHER)
    shut(page)
    say(page, "退货要在几天内提出？")
    answered(page, 0).get_by_text("七天").first.wait_for()
    assert sorted(kept(product, page)["knowledge_bases"]) == sorted(["samples", OTHER])
    page.reload()
    answered(page, 0)
    for name in ("samples", OTHER):
        key(page, "chat_knowledge_bases").get_by_text(name).wait_for()


def test_tools_of_an_agent_are_chosen(product: Product, page: Any) -> None:
    press(page, "new_conversation")
    pick(page, "mode", "智能体")
    press(page, "options")
    choose(page, "chat_model", "script")
    shut(page)
    press(page, "agent_tools")
    key(page, "tools").locator("[data-baseweb='tag'] [role='presentation'], [aria-label='Clear all']").last.click()
    settle(page)
    choose(page, "tools", "计算")
    shut(page)
    said(page, "工具 (1)")
    say(page, "37 × 91 是多少？")
    answered(page, 0)
    assert kept(product, page)["history"][0]["options"]["tools"] == ["calculate"]


def test_several_dropped_files_go_at_once(product: Product, page: Any, tmp_path: Path) -> None:
    press(page, "new_conversation")
    pick(page, "mode", "文件")
    press(page, "options")
    choose(page, "chat_model", "默认")
    shut(page)
    files = [tmp_path / "火星.md", tmp_path / "木星.md"]
    for file in files:
        file.write_text(f"# {file.stem}\n\n{file.stem}基地每天检修一次。\n", "utf-8")
    page.locator("input[type=file]").first.set_input_files(files)
    page.get_by_text("木星.md").first.wait_for()
    until(page, lambda: not page.get_by_test_id("stFileChipIconSpinner").count())
    say(page, "木星基地多久检修一次？")
    answered(page, 0).get_by_text("每天检修一次").first.wait_for()
    dropped = kept(product, page)["history"][0]["options"]["knowledge_id"]
    key(page, "dropped_1").wait_for()
    press(page, "drop_all")
    key(page, "dropped").wait_for(state="detached")
    said(page, "请先添加可以读取的文件")
    url, asked = f"{product.api}/knowledge_base/temp_docs", {"knowledge_id": dropped}
    gone = httpx.get(url, params=asked, trust_env=False, timeout=PATIENCE_S)
    assert gone.json()["data"]["error"] == "temporary_not_found"


def test_the_language_is_switched_and_back(page: Any) -> None:
    pick(page, "language", "English")
    page.get_by_role("button", name="New chat").wait_for()
    said(page, "Add files that can be read")
    pick(page, "language", "中文")
    page.get_by_role("button", name="新对话").wait_for()
