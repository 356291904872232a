"""Parts of knowledge bases in a browser: pages of cards, chunks beside their pages, bound searches, settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_hands import (
    PATIENCE_S,
    call,
    choose,
    confirm,
    dialog,
    fill,
    flip,
    key,
    part,
    pick,
    press,
    said,
    slide,
    unfold,
    until,
)
from web_product import Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

PDF = "员工手册-请假与考勤.pdf"
OWN = "own"
OTHERS = 12
FILES = 21
"""One more than a page of summaries shows."""
TEXT = "# 保修\n\n保修期为两年。\n\n# 退货\n\n退货须在收货后七天内提出。\n"
ROW_PX = 35


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("zhiwen")) as running:
        for name in (OWN, *(f"base{number}" for number in range(1, OTHERS))):
            call(running, "POST", "create_knowledge_base", json={"knowledge_base_name": name})
        files = [("files", ("保修.md", TEXT.encode()))]
        call(running, "POST", "upload_docs", data={"knowledge_base_name": OWN}, files=files)
        many = [("files", (f"第{number:02}篇.md", TEXT.encode())) for number in range(1, FILES + 1)]
        call(running, "POST", "upload_docs", data={"knowledge_base_name": "base1"}, files=many)
        yield running


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator[Any]:
    """One session for the module; the tests follow each other in it."""
    with browser_page(product) as opened:
        opened.set_default_timeout(PATIENCE_S * 1000)
        show(opened, "knowledge_base")
        yield opened


def chunks(product: Product, name: str) -> list[str]:
    found = call(product, "GET", "chunks", params={"knowledge_base_name": name, "page_size": 100})
    return [chunk["text"] for chunk in found["chunks"]]


def own_settings(product: Product) -> dict[str, Any]:
    bases = call(product, "GET", "list_knowledge_bases", params={"details": "true"})
    (found,) = [each for each in bases if each["name"] == OWN]
    return {name: (found["settings"] | found["search"])[name] for name in found["own"]}


def tab(page: Any, label: str) -> None:
    key(page, "tab_").get_by_text(label, exact=True).click()
    settle(page)


def give_up(page: Any, name: str) -> None:
    """Leave a dialog by its first button."""
    dialog(page).locator(f".st-key-{name} button").click()
    dialog(page).wait_for(state="detached")
    settle(page)


def test_many_knowledge_bases_have_pages(page: Any) -> None:
    key(page, "open_base11").wait_for()
    pick(page, "knowledge_base_page_", "2")
    press(page, "open_samples")
    until(page, lambda: "kb=samples" in page.url)


def test_summaries_of_many_files_have_pages(page: Any) -> None:
    press(page, "all_knowledge_bases")
    press(page, "open_base1")
    tab(page, "摘要")
    said(page, "第20篇.md")
    pick(page, "summary_page_", "2")
    said(page, "第21篇.md")
    choose(page, "manage_one_", "base2")
    until(page, lambda: "kb=base2" in page.url)
    press(page, "all_knowledge_bases")
    pick(page, "knowledge_base_page_", "2")
    press(page, "open_samples")


def test_a_search_is_bound_to_conditions(page: Any) -> None:
    tab(page, "检索测试")
    choose(page, "retrieval_bases_", OWN)
    page.keyboard.press("Escape")
    unfold(page, "retrieval_more")
    conditions = key(page, "retrieval_filters")
    conditions.locator("canvas").first.wait_for()
    conditions.scroll_into_view_if_needed()
    fill(page, "retrieval_floor_", "0")
    enter(page, conditions, 0, "页码")
    enter(page, conditions, 2, "2")
    fill(page, "retrieval_question", "请假要提前几天申请？")
    press(page, "retrieval_ask")
    found = key(page, "retrieval_found")
    found.get_by_text("找到").first.wait_for()
    key(page, "found_0").wait_for()
    told = [found.locator(f".st-key-found_{number}").inner_text() for number in range(3)]
    assert all("第 2 页" in text for text in told), told


def enter(page: Any, table: Any, column: int, text: str) -> None:
    """Type into a cell of the first row of a table, which is a canvas."""
    box = table.locator("canvas").first.bounding_box()
    page.mouse.click(box["x"] + 80, box["y"] + ROW_PX * 1.5)
    for _ in range(column):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.locator("#portal input, #portal textarea").first.fill(text)
    page.keyboard.press("Enter")
    page.locator("#portal input, #portal textarea").first.wait_for(state="detached")
    settle(page)


def test_chunks_lead_to_their_page(page: Any) -> None:
    tab(page, "分块")
    choose(page, "chunk_file_", PDF)
    picture = key(page, "chunk_picture")
    picture.get_by_text("第 1 页").wait_for()
    pick(page, "chunk_pages", "2")
    later = key(page, "chunk_page_of_")
    until(page, lambda: "第 1 页" not in later.inner_text())
    press(page, "chunk_page_of_")
    picture.get_by_text(later.inner_text().split("页")[0].split("第")[-1].strip()).first.wait_for()


def test_a_chunk_is_put_at_the_beginning_of_a_file(product: Product, page: Any) -> None:
    press(page, "all_knowledge_bases")
    press(page, f"open_{OWN}")
    tab(page, "分块")
    before = chunks(product, OWN)
    press(page, "chunk_add")
    fill(page, "chunk_add_text", "不会保存")
    give_up(page, "chunk_add_save_cancel")
    press(page, "chunk_add")
    choose(page, "chunk_add_file", "保修.md")
    pick(page, "chunk_add_where", "开头")
    fill(page, "chunk_add_text", "放在最前面的一块。")
    confirm(page, "chunk_add_save")
    until(page, lambda: chunks(product, OWN) == ["放在最前面的一块。", *before])


def test_what_is_given_up_changes_nothing(product: Product, page: Any) -> None:
    before = chunks(product, OWN)
    press(page, "chunk_edit_")
    fill(page, "chunk_text_", "不会保存")
    give_up(page, "chunk_save_cancel")
    press(page, "chunk_delete_")
    give_up(page, "confirm_delete_chunk_cancel")
    tab(page, "设置")
    press(page, "delete_knowledge_base")
    give_up(page, "confirm_delete_knowledge_base_cancel")
    assert chunks(product, OWN) == before


def test_how_files_are_read_is_tried_and_saved(product: Product, page: Any, tmp_path: Path) -> None:
    trial = tmp_path / "试.md"
    trial.write_text(TEXT, "utf-8")
    choose(page, "settings_splitter_", "MarkdownHeaderTextSplitter")
    fill(page, "settings_chunk_size_", "120")
    fill(page, "settings_chunk_overlap_", "10")
    flip(page, "settings_ocr_")
    flip(page, "settings_zh_title_enhance_")
    part(page, "preview_tabs", "选择文件")
    key(page, "preview_file").locator("input[type='file']").set_input_files(trial)
    key(page, "preview_chunks").get_by_text("保修期为两年。").wait_for()
    press(page, "settings_save")
    wanted = {"splitter": "MarkdownHeaderTextSplitter", "chunk_size": 120, "chunk_overlap": 10}
    until(page, lambda: own_settings(product).items() >= wanted.items())
    assert {"ocr", "zh_title_enhance"} <= own_settings(product).keys()


def test_how_it_is_searched_is_saved(product: Product, page: Any) -> None:
    slide(page, "top_k_", 3)
    slide(page, "floor_", 2)
    flip(page, "rerank_")
    press(page, "search_save")
    until(page, lambda: {"top_k", "score_threshold", "rerank"} <= own_settings(product).keys())
    press(page, "search_reset")
    until(page, lambda: "top_k" not in own_settings(product))


def test_a_trial_with_a_file_before_anything_is_made(page: Any, tmp_path: Path) -> None:
    trial = tmp_path / "试.md"
    trial.write_text(TEXT, "utf-8")
    press(page, "all_knowledge_bases")
    press(page, "new_knowledge_base")
    unfold(page, "new_settings")
    flip(page, "new_ocr")
    flip(page, "new_zh_title_enhance")
    part(page, "new_preview_tabs", "选择文件")
    key(page, "new_preview_file").locator("input[type='file']").set_input_files(trial)
    key(page, "new_preview_chunks").get_by_text("保修期为两年。").wait_for()
    dialog(page).locator("button[aria-label='Close']").click()
    dialog(page).wait_for(state="detached")
    said(page, "可以提问")
