"""The page that manages knowledge bases: empty, normal, failing."""

import pytest
from webui_fake_api import job_entry, running_fake_api
from webui_page import in_dialog, open_page, texts


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def test_counts_files_and_reasons_of_failure(api):
    page = open_page(api, "knowledge_base")
    assert not page.exception
    assert [metric.value for metric in page.metric] == ["4", "43", "1"]
    table = page.dataframe[0].value
    assert list(table["name"]) == ["支持的文件格式.md", "troubleshooting.md", "扫描合同.pdf", "年度报告 2024.docx"]
    assert list(table["state"]) == ["✓ 就绪", "✓ 就绪", "✗ 失败", "… 等待中"]
    assert page.expander[0].label == "失败原因 (1)"
    assert "可能是扫描件" in texts(page)


def test_without_a_knowledge_base_one_can_be_made(api):
    api.bases = {}
    page = open_page(api, "knowledge_base")
    assert page.subheader[0].value == "还没有知识库"
    in_dialog(page, "new_knowledge_base", "new_create", new_name="产品 手册")
    assert not page.exception
    assert api.bodies("/knowledge_base/create_knowledge_base")[0]["knowledge_base_name"] == "产品 手册"
    assert page.selectbox[0].value == "产品 手册"
    assert "还没有文件" in page.info[0].value


def test_a_name_that_is_refused_is_explained(api):
    message = "名称“a/b”不能使用。请换一个名称。"
    api.fail["/knowledge_base/create_knowledge_base"] = (
        403,
        {"code": 403, "msg": message, "data": {"error": "bad_name"}},
    )
    page = open_page(api, "knowledge_base")
    in_dialog(page, "new_knowledge_base", "new_create", new_name="a/b")
    assert not page.exception
    assert "请换一个名称" in page.error[0].value


def test_deleting_asks_first(api):
    page = open_page(api, "knowledge_base")
    page.button(key="delete_knowledge_base").click().run()
    assert "samples" in api.bases
    assert "4 个文件" in texts(page)
    in_dialog(page, "delete_knowledge_base", "confirm_delete_knowledge_base")
    assert not page.exception
    assert list(api.bases) == ["空知识库"]
    assert page.selectbox[0].value == "空知识库"


def test_cancel_deletes_nothing(api):
    page = open_page(api, "knowledge_base")
    in_dialog(page, "delete_knowledge_base", "confirm_delete_knowledge_base_cancel")
    assert "samples" in api.bases


def test_upload_shows_the_outcome_of_each_file(api):
    page = open_page(api, "knowledge_base")
    uploader = page.file_uploader[0]
    uploader.set_value(
        [("新.md", "内容".encode(), "text/markdown"), ("a.exe", b"MZ", "application/octet-stream")]
    ).run()
    page.button(key="upload_start").click().run()
    assert not page.exception
    assert len(api.bodies("/knowledge_base/upload_docs")) == 2
    assert page.status[0].label == "上传完成：成功 1，失败 1"
    assert "无法读取这种类型的文件" in texts(page)
    assert page.metric[0].value == "5"


def test_a_known_name_asks_for_overwrite(api):
    page = open_page(api, "knowledge_base")
    page.file_uploader[0].set_value([("troubleshooting.md", b"x", "text/markdown")]).run()
    assert r"troubleshooting\.md" in page.warning[0].value
    page.toggle(key="upload_overwrite").set_value(True).run()
    assert not page.warning
    page.button(key="upload_start").click().run()
    assert 'name="override"\r\n\r\ntrue' in api.bodies("/knowledge_base/upload_docs")[0]


def test_rebuild_asks_then_shows_progress_and_summary(api):
    page = open_page(api, "knowledge_base", "en")
    page.button(key="rebuild").click().run()
    assert api.bodies("/knowledge_base/recreate_vector_store") == []
    in_dialog(page, "rebuild", "confirm_rebuild")
    assert not page.exception
    assert api.bodies("/knowledge_base/recreate_vector_store")[0]["knowledge_base_name"] == "samples"
    assert page.status[0].label == "Rebuild finished: 3 succeeded, 1 failed"
    assert page.status[0].state == "error"


def test_a_rebuild_that_breaks_is_a_failure_in_the_summary(api):
    api.fail_after = 1
    page = open_page(api, "knowledge_base")
    in_dialog(page, "rebuild", "confirm_rebuild")
    assert page.status[0].label == "重建完成：成功 1，失败 1"
    assert "连接断开" in texts(page)


def test_an_api_that_is_away_is_named():
    with running_fake_api() as api:
        pass
    page = open_page(api, "knowledge_base")
    assert not page.exception
    assert "没有响应" in page.error[0].value
    assert page.button(key="retry")


def test_work_is_shown_while_it_goes_on_and_can_be_cancelled(api):
    api.work_ends = False
    page = open_page(api, "knowledge_base")
    page.file_uploader[0].set_value([("新.md", "内容".encode(), "text/markdown")]).run()
    page.button(key="upload_start").click().run()
    assert not page.exception
    assert "正在处理：还剩 1 个文件" in texts(page)
    assert not page.status
    page.button(key="cancel_job_1").click().run()
    page.run()
    assert not page.exception
    assert page.status[0].label == "上传完成：成功 0，失败 1"
    assert "读取已取消" in texts(page)


def test_work_of_others_is_found_again_after_leaving(api):
    api.jobs = [job_entry(1, "大文件.pdf"), job_entry(2, "下一个.pdf", "queued", stage="queued", percent=0)]
    page = open_page(api, "knowledge_base")
    assert not page.exception
    assert "正在处理：还剩 2 个文件" in texts(page)
    progress = [element.proto.text for element in page.get("progress")]
    assert len(progress) == 2
    assert "页 27" in progress[0]
    for job in api.jobs:
        job["state"] = "done"
    page.run()
    assert "正在处理" not in texts(page)


def test_failed_files_are_retried_all_at_once(api):
    page = open_page(api, "knowledge_base")
    page.button(key="retry_failed").click().run()
    assert not page.exception
    assert api.bodies("/knowledge_base/retry_failed") == [{"knowledge_base_name": "samples"}]
    assert page.status[0].label == "上传完成：成功 1，失败 0"


def test_one_failed_file_is_retried_by_its_job(api):
    api.jobs = [job_entry(1, "扫描合同.pdf", "failed", percent=100)]
    page = open_page(api, "knowledge_base")
    page.button(key="retry_job_1").click().run()
    assert not page.exception
    assert [path for path, _, _ in api.requests if path.endswith("/retry")] == ["/knowledge_base/jobs/1/retry"]
    assert page.status[0].label == "上传完成：成功 1，失败 0"


def test_settings_are_saved_and_ask_for_a_rebuild(api):
    page = open_page(api, "knowledge_base")
    assert "旧设置" not in texts(page)
    sizes = [field for field in page.number_input if field.key.endswith("chunk_size")]
    sizes[0].set_value(400)
    page.button(key="settings_save").click().run()
    assert not page.exception
    (body,) = api.bodies("/knowledge_base/update_settings")
    assert {name: value for name, value in body.items() if value is not None} == {
        "knowledge_base_name": "samples",
        "chunk_size": 400,
    }
    assert "有 2 个文件仍按旧设置切分" in texts(page)


def test_an_index_that_disagrees_is_said(api):
    api.bases["samples"][0]["words"] = 3
    assert "索引与分块数不一致" in texts(open_page(api, "knowledge_base"))
