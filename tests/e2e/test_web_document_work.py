"""Work on documents in a browser: replaced, called off, tried again, summarised, rebuilt; and that nothing is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from web_hands import PATIENCE_S, call, choose, confirm, dialog, fill, flip, key, press, said, tick, until
from web_product import Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

KB = "manual"
UPLOADS = "**/_stcore/upload_file/**"
SCAN = "扫描件.pdf"
GIVEN = "纪要.md"
WARRANTY = "# 保修\n\n保修期为两年。\n"
LONG = "".join(f"# 第{number}章\n\n{f'第{number}章说的是部件{number}的用法。' * 12}\n\n" for number in range(30))
FILES = {"warranty.md": WARRANTY, GIVEN: "会上什么也没有决定。", "long.md": LONG, "空.txt": ""}
SETTINGS = """
[models]
llm_preference = ["script", "builtin-extractive"]
[models.llm.script]
engine = "fake"
window = 1500
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("zhiwen")
    (folder / "local.toml").write_text(SETTINGS, "utf-8")
    with running_product(folder) as running:
        call(running, "POST", "create_knowledge_base", json={"knowledge_base_name": KB})
        files = [("files", (name, text.encode())) for name, text in FILES.items()]
        docs = {GIVEN: [{"page_content": "会上决定把保修期延长到三年。"}]}
        data = {"knowledge_base_name": KB, "docs": json.dumps(docs)}
        call(running, "POST", "upload_docs", data=data, files=files)
        yield running


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator[Any]:
    """One session for the module; the tests follow each other in it."""
    with browser_page(product) as opened:
        opened.set_default_timeout(PATIENCE_S * 1000)
        show(opened, "knowledge_base")
        press(opened, f"open_{KB}")
        yield opened


@pytest.fixture(scope="module")
def scan() -> bytes:
    """Pages of pictures: reading them takes longer than any of these tests waits."""
    from io import BytesIO

    from PIL import Image, ImageDraw, ImageFont

    lines = "\n".join(f"Line {number} of a page that only an eye can read." for number in range(36))
    sheet = Image.new("L", (1240, 1754), 255)
    ImageDraw.Draw(sheet).multiline_text((90, 90), lines, fill=0, font=ImageFont.load_default(30))
    made = BytesIO()
    sheet.save(made, "PDF", save_all=True, append_images=[sheet] * 119)
    return made.getvalue()


def files(product: Product) -> dict[str, dict[str, Any]]:
    found = call(product, "GET", "list_files", params={"knowledge_base_name": KB, "details": "true"})
    return {file["name"]: file for file in found}


def chunks(product: Product, file: str = "") -> list[str]:
    found = call(product, "GET", "chunks", params={"knowledge_base_name": KB, "file_name": file, "page_size": 100})
    return [chunk["text"] for chunk in found["chunks"]]


def summaries(product: Product) -> dict[str, dict[str, Any]]:
    return {each["file"]: each for each in call(product, "GET", "summaries", params={"knowledge_base_name": KB})}


def delete(product: Product, *names: str) -> None:
    body = {"knowledge_base_name": KB, "file_names": names, "delete_content": True}
    assert call(product, "POST", "delete_docs", json=body)["failed_files"] == {}


def store(product: Product) -> Path:
    return Path(product.environment["ZHIWEN__PATHS__KNOWLEDGE_BASE"]) / KB


def tab(page: Any, label: str) -> None:
    key(page, "tab_").get_by_text(label, exact=True).click()
    settle(page)


def send(page: Any, *sent: Path) -> None:
    key(page, "upload_files_").locator("input[type='file']").set_input_files(list(sent))
    key(page, "upload_start").locator("button:enabled").wait_for()
    settle(page)


def test_a_file_is_replaced_only_when_that_is_wished(product: Product, page: Any, tmp_path: Path) -> None:
    changed = tmp_path / "warranty.md"
    changed.write_text("# 保修\n\n保修期为五年。\n", "utf-8")
    send(page, changed)
    said(page, "已有同名文件")
    press(page, "upload_start")
    key(page, "upload_outcomes").wait_for()
    assert "保修期为两年。" in "".join(chunks(product, "warranty.md"))
    send(page, changed)
    flip(page, "upload_overwrite")
    press(page, "upload_start")
    key(page, "upload_outcomes").get_by_text("成功 1，失败 0").wait_for()
    assert "保修期为五年。" in "".join(chunks(product, "warranty.md"))


def test_a_file_that_is_still_on_its_way_is_waited_for(product: Product, page: Any, tmp_path: Path) -> None:
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    first.write_text("一。", "utf-8")
    second.write_text("二。", "utf-8")
    send(page, first)
    waiting: list[Any] = []
    page.route(UPLOADS, lambda route: waiting.append(route))
    key(page, "upload_files_").locator("input[type='file']").set_input_files([second])
    until(page, lambda: waiting)
    button = key(page, "upload_start").locator("button")
    assert button.evaluate("node => getComputedStyle(node).pointerEvents") == "none"
    for route in waiting:
        route.continue_()
    page.unroute(UPLOADS)
    press(page, "upload_start")
    key(page, "upload_outcomes").get_by_text("成功 2，失败 0").wait_for()
    assert {"first.md", "second.md"} <= files(product).keys()
    delete(product, "first.md", "second.md")


def test_reading_a_file_is_called_off(product: Product, page: Any, scan: bytes, tmp_path: Path) -> None:
    before = chunks(product)
    (tmp_path / SCAN).write_bytes(scan)
    send(page, tmp_path / SCAN)
    press(page, "upload_start")
    press(page, "cancel_job_")
    said(page, "已取消处理")
    key(page, "jobs").wait_for(state="detached")
    (job,) = [job for job in call(product, "GET", "jobs", params={"knowledge_base_name": KB}) if job["file"] == SCAN]
    assert job["state"] == "cancelled"
    assert SCAN not in files(product)
    assert chunks(product) == before
    assert [*(store(product) / ".incoming").glob("*")] == []


def test_one_failed_file_is_tried_again(product: Product, page: Any) -> None:
    failed = key(page, "failed_files")
    failed.get_by_text("空.txt").wait_for()
    before = len(call(product, "GET", "jobs", params={"knowledge_base_name": KB, "state": "failed"}))
    press(page, "retry_job_")
    until(
        page, lambda: len(call(product, "GET", "jobs", params={"knowledge_base_name": KB, "state": "failed"})) > before
    )
    failed.get_by_text("空.txt").wait_for()


def test_a_tick_stays_with_its_file_when_the_list_changes(product: Product, page: Any) -> None:
    fill(page, "file_search", "warranty")
    tick(page, 0, "delete_selected")
    fill(page, "file_search", "md")
    delete_file = key(page, "delete_selected")
    delete_file.wait_for()
    press(page, "delete_selected")
    dialog(page).get_by_text("warranty.md").wait_for()
    press(page, "confirm_delete_files_cancel")
    fill(page, "file_search", GIVEN)
    delete_file.wait_for(state="detached")
    fill(page, "file_search", "")
    assert not delete_file.is_visible()


def test_text_given_by_hand_gives_way_to_the_file(product: Product, page: Any) -> None:
    assert files(product)[GIVEN]["custom_docs"]
    key(page, "upload_outcomes").wait_for()
    fill(page, "file_search", GIVEN)
    tick(page, 0, "reindex_selected")
    press(page, "reindex_selected")
    flip(page, "reindex_custom")
    press(page, "reindex_start")
    until(page, lambda: not files(product)[GIVEN]["custom_docs"])
    assert chunks(product, GIVEN) == [FILES[GIVEN]]
    key(page, "upload_outcomes").get_by_text(GIVEN).wait_for(state="attached")
    fill(page, "file_search", "")


def test_chosen_files_are_summarised_then_those_that_are_missing(product: Product, page: Any) -> None:
    fill(page, "file_search", "long")
    tick(page, 0, "summarize_selected")
    press(page, "summarize_selected")
    until(page, lambda: summaries(product).get("long.md", {}).get("state") == "done")
    assert list(summaries(product)) == ["long.md"]
    key(page, "summary_parts_long.md").locator("summary").click()
    press(page, "summary_make_missing")
    until(page, lambda: len(summaries(product)) == 3)
    until(page, lambda: {each["state"] for each in summaries(product).values()} == {"done"})
    key(page, "summary_make_missing").wait_for(state="detached")


def test_one_summary_is_renewed_and_one_deleted(product: Product, page: Any) -> None:
    before = summaries(product)["warranty.md"]["finished"]
    press(page, "summary_make_warranty.md")
    until(page, lambda: summaries(product)["warranty.md"]["finished"] not in (None, before))
    press(page, "summary_delete_warranty.md")
    until(page, lambda: "warranty.md" not in summaries(product))
    press(page, "summary_make_all")
    until(page, lambda: summaries(product).get("", {}).get("state") == "done")
    press(page, "summary_make_whole")
    press(page, "summary_delete_whole")
    until(page, lambda: "" not in summaries(product))


def test_summaries_in_the_making_are_called_off(product: Product, page: Any) -> None:
    before = summaries(product)
    slow = [("files", ("slow.md", b'script: {"reply": "late", "delay_s": 150}'))]
    call(product, "POST", "upload_docs", data={"knowledge_base_name": KB}, files=slow)
    asked = {"knowledge_base_name": KB, "file_names": ["slow.md", "long.md"]}
    call(product, "POST", "summaries", json=asked)
    tab(page, "文件")
    tab(page, "摘要")
    press(page, "summary_cancel")
    until(page, lambda: summaries(product).keys() == before.keys())
    key(page, "summary_cancel").wait_for(state="detached")
    assert summaries(product)["long.md"]["text"] == before["long.md"]["text"]
    delete(product, "slow.md")


def test_the_chunks_of_a_file_are_one_click_away(page: Any) -> None:
    tab(page, "文件")
    fill(page, "file_search", "warranty")
    tick(page, 0, "show_chunks")
    press(page, "show_chunks")
    key(page, "chunk_controls").wait_for()
    said(page, "保修期为五年。")
    assert "file=" in page.url


def test_a_rebuild_says_what_it_does_before_it_begins(product: Product, page: Any) -> None:
    press(page, "rebuild")
    choose(page, "rebuild_embedder", "m3e-base")
    said(page, "m3e-base 不可用")
    assert dialog(page).locator(".st-key-confirm_rebuild button").is_disabled()
    choose(page, "rebuild_embedder", "不变")
    choose(page, "rebuild_store", "memory")
    dialog(page).locator(".st-key-confirm_rebuild_cancel button").click()
    dialog(page).wait_for(state="detached")
    assert call(product, "GET", "rebuilds", params={"knowledge_base_name": KB}) == []


def test_a_rebuild_is_called_off_and_the_index_of_before_stays(product: Product, page: Any, scan: bytes) -> None:
    before, indexes = chunks(product), sorted((store(product) / "index").iterdir())
    (store(product) / "content" / SCAN).write_bytes(scan)
    tab(page, "设置")
    press(page, "care_rebuild")
    flip(page, "rebuild_force")
    confirm(page, "confirm_rebuild")
    key(page, "rebuild_progress").wait_for()
    show(page, "system")
    show(page, "knowledge_base")
    press(page, "rebuild_cancel")
    key(page, "rebuild_end").get_by_text("继续使用原来的索引").wait_for()
    (rebuild,) = call(product, "GET", "rebuilds", params={"knowledge_base_name": KB})
    assert rebuild["state"] == "cancelled"
    assert (chunks(product), sorted((store(product) / "index").iterdir())) == (before, indexes)
    press(page, "rebuild_dismiss")
    key(page, "rebuild_end").wait_for(state="detached")
    (store(product) / "content" / SCAN).unlink()
    tab(page, "设置")
    press(page, "check")
    key(page, "check_report").get_by_text("一切一致").wait_for()


def test_another_knowledge_base_is_chosen_at_the_top(page: Any) -> None:
    choose(page, "manage_", "samples")
    until(page, lambda: "kb=samples" in page.url)
