"""The page of knowledge bases in a browser: every control once, against the real product with its built-ins."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_hands import choose, fill, key, part, press, said, tick, unfold, until
from web_product import Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")
OWN = "产品 手册"
TEXT = "# 保修\n\n保修期为两年。\n\n# 退货\n\n退货须在收货后七天内提出。\n"
PDF = "员工手册-请假与考勤.pdf"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("zhiwen")) as running:
        yield running


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator[object]:
    """One session for the module; the tests follow each other in it."""
    with browser_page(product) as opened:
        show(opened, "knowledge_base")
        yield opened


def tab(page, label: str) -> None:
    key(page, "tab_").get_by_text(label, exact=True).click()
    settle(page)


def test_the_list_is_searched_and_ordered(page) -> None:
    said(page, "可以提问")
    fill(page, "find_knowledge_base", "没有这个")
    said(page, "没有符合条件的知识库")
    fill(page, "find_knowledge_base", "")
    choose(page, "order_knowledge_bases", "按大小")
    key(page, "open_samples").wait_for()


def test_a_new_one_is_made_after_a_trial_of_its_splitting(page) -> None:
    press(page, "new_knowledge_base")
    fill(page, "new_name", OWN)
    fill(page, "new_info", "保修与退货")
    choose(page, "new_embedder", "m3e-base")
    said(page, "m3e-base 不可用")
    choose(page, "new_embedder", "默认")
    choose(page, "new_store", "默认")
    page.get_by_role("dialog").get_by_text("切分与识别").click()
    choose(page, "new_splitter", "MarkdownHeaderTextSplitter")
    fill(page, "new_chunk_size", "100")
    fill(page, "new_chunk_overlap", "0")
    fill(page, "new_preview_text", TEXT)
    said(page, "个分块，长度")
    press(page, "new_create")
    page.wait_for_url(re.compile("kb="))
    said(page, "这个知识库里还没有文件")


def test_files_are_uploaded_pasted_and_refused_with_a_reason(page, tmp_path: Path) -> None:
    good, bad = tmp_path / "保修.md", tmp_path / "空.txt"
    good.write_text(TEXT, "utf-8")
    bad.write_bytes(b"")
    for _ in range(2):
        unfold(page, "upload")
    page.locator(".st-key-upload_area input[type='file']").set_input_files([good, bad])
    press(page, "upload_start")
    key(page, "upload_outcomes").get_by_text("空.txt").wait_for()
    part(page, "upload_tabs", "粘贴文字")
    fill(page, "paste_name_", "会议纪要")
    fill(page, "paste_text_", "今天决定把保修期延长到三年。")
    press(page, "paste_start")
    said(page, "上传完成：成功 1，失败 0")
    press(page, "retry_failed")
    key(page, "failed_files").get_by_text("空.txt").wait_for()


def test_files_are_found_and_worked_on(page) -> None:
    settle(page)
    fill(page, "file_search", "会议")
    fill(page, "file_search", "")
    key(page, "file_states").get_by_text("失败").click()
    settle(page)
    key(page, "file_states").get_by_text("失败").click()
    settle(page)
    choose(page, "file_order", "最近更新")
    choose(page, "file_order", "按名称")
    tick(page, 1, "reindex_selected")
    press(page, "reindex_selected")
    press(page, "reindex_start")
    key(page, "upload_outcomes").wait_for()
    key(page, "reindex_selected").wait_for(state="detached")  # the ticks are gone with the work
    settle(page)
    tick(page, 1, "download")
    press(page, "download")
    with page.expect_download() as got:
        key(page, "download_selected_0").locator("button").click()
    assert Path(got.value.path()).stat().st_size > 0
    page.keyboard.press("Escape")


def test_deleting_files_gives_a_receipt(page) -> None:
    press(page, "delete_selected")
    press(page, "confirm_delete_files_cancel")
    press(page, "delete_selected")
    page.get_by_role("dialog").locator(".st-key-confirm_delete_files button").click()
    said(page, "删除回执")
    press(page, "receipt_dismiss")


def test_chunks_are_added_edited_hidden_and_deleted(page) -> None:
    tab(page, "分块")
    press(page, "chunk_add")
    fill(page, "chunk_add_text", "手写的一块：延保另议。")
    press(page, "chunk_add_save")
    said(page, "手工添加")
    fill(page, "chunk_search", "延保另议")
    press(page, "chunk_edit_")
    fill(page, "chunk_text_", "改过的一块：延保另议。")
    press(page, "chunk_save")
    said(page, "改过的一块")
    press(page, "chunk_switch_")
    said(page, "已停用，不参与检索")
    key(page, "chunk_state").get_by_text("停用").click()
    settle(page)
    press(page, "chunk_switch_")
    said(page, "没有符合条件的分块")
    key(page, "chunk_state").get_by_text("全部").click()
    settle(page)
    press(page, "chunk_delete_")
    page.get_by_role("dialog").locator(".st-key-confirm_delete_chunk button").click()
    said(page, "没有符合条件的分块")
    fill(page, "chunk_search", "")


def test_a_retrieval_test_tells_ranks_and_leads_to_the_chunks(page) -> None:
    tab(page, "检索测试")
    page.get_by_text("条件", exact=True).first.click()
    fill(page, "retrieval_k_", "4")
    fill(page, "retrieval_floor_", "10")
    fill(page, "retrieval_neighbours", "1")
    fill(page, "retrieval_files", "*.md")
    choose(page, "retrieval_rerank", "关")
    fill(page, "retrieval_question", "保修期多久？")
    if not key(page, "retrieval_found").count():
        press(page, "retrieval_ask")
    said(page, "找到")
    key(page, "retrieval_found").locator(".dvn-scroller").wait_for()
    press(page, "found_open_0")
    key(page, "chunk_controls").wait_for()


def test_summaries_are_made_renewed_and_deleted(page) -> None:
    tab(page, "摘要")
    press(page, "summary_make_all")
    key(page, "summary_whole").locator(".stMarkdownBadge").first.wait_for()
    settle(page)
    press(page, "summary_delete_")
    said(page, "摘要已删除")


def test_settings_are_saved_tried_and_reset(page) -> None:
    tab(page, "设置")
    fill(page, "info_of_", "新的说明")
    press(page, "info_save")
    said(page, "说明已保存")
    fill(page, "preview_text", TEXT)
    said(page, "个分块，长度")
    press(page, "settings_reset")
    said(page, "已恢复为服务的设置")
    key(page, "search_settings").locator("[data-testid='stCheckbox'] label").first.click()
    settle(page)
    press(page, "search_save")
    said(page, "检索设置已保存")
    press(page, "search_reset")
    press(page, "check")
    key(page, "check_report").wait_for()
    press(page, "repair")
    key(page, "repair_report").wait_for()


def test_a_rebuild_goes_on_and_tells_what_came_of_it(page) -> None:
    press(page, "rebuild")
    page.get_by_role("dialog").locator(".st-key-rebuild_force label").first.click()
    settle(page)
    page.get_by_role("dialog").locator(".st-key-confirm_rebuild button").click()
    key(page, "rebuild_end").get_by_text("重建完成").wait_for()
    press(page, "rebuild_dismiss")


def test_the_page_of_a_pdf_stands_beside_its_chunks(page) -> None:
    press(page, "all_knowledge_bases")
    press(page, "open_samples")
    tab(page, "分块")
    choose(page, "chunk_file_", PDF)
    key(page, "chunk_picture").locator("img").wait_for()
    page.get_by_text("第 2 页原图").first.click()
    settle(page)
    key(page, "chunk_picture").get_by_text("第 2 页").wait_for()
    key(page, "chunk_pages").get_by_text("2", exact=True).click()
    settle(page)
    key(page, "show_pages").locator("label").first.click()
    settle(page)


def test_one_is_deleted_in_the_end(page) -> None:
    press(page, "all_knowledge_bases")
    page.get_by_text(OWN).first.click()
    settle(page)
    tab(page, "设置")
    press(page, "delete_knowledge_base")
    page.get_by_role("dialog").locator(".st-key-confirm_delete_knowledge_base button").click()
    said(page, "已删除")
    until(page, lambda: page.get_by_text(OWN, exact=True).count() == 0)
