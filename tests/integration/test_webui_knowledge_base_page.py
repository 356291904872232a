"""The page that manages knowledge bases, its list and its files: empty, normal, at work, failing."""

import pytest
from webui_fake_api import job_entry, running_fake_api
from webui_page import in_dialog, open_page, texts


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def opened(api, language="zh", **params):
    """The page with a knowledge base open: `kb`, `tab` and `file` as the address has them."""
    page = open_page(api, "knowledge_base", language)
    for name, value in ({"kb": "samples"} | params).items():
        page.query_params[name] = value
    return page.run()


def test_the_list_tells_what_each_holds_and_how_it_is(api):
    page = open_page(api, "knowledge_base")
    assert not page.exception
    said = texts(page)
    assert "4 个文件 · 43 个分块 · 2.3 MB" in said
    assert "1 个文件失败" in said
    assert "还没有文件" in said
    page.text_input(key="find_knowledge_base").set_value("示例").run()
    assert [button.key for button in page.button if button.key.startswith("open_")] == ["open_samples"]
    page.text_input(key="find_knowledge_base").set_value("没有").run()
    assert "没有符合条件的知识库" in texts(page)


def test_the_list_is_ordered(api):
    page = open_page(api, "knowledge_base")

    def shown():
        return [button.key for button in page.button if button.key.startswith("open_")]

    assert shown() == ["open_空知识库", "open_samples"]
    page.selectbox(key="order_knowledge_bases").set_value("size").run()
    assert shown() == ["open_samples", "open_空知识库"]


def test_one_is_opened_and_left_and_the_address_follows(api):
    page = open_page(api, "knowledge_base")
    page.button(key="open_samples").click().run()
    assert page.query_params == {"kb": "samples", "tab": "files"}
    assert page.dataframe
    page.button(key="all_knowledge_bases").click().run()
    assert "kb" not in page.query_params
    assert page.button(key="open_samples")


def test_a_name_of_the_address_that_is_unknown_is_said(api):
    page = opened(api, kb="gone")
    assert "gone" in page.warning[0].value
    assert page.button(key="open_samples")


def test_counts_files_and_reasons_of_failure(api):
    page = opened(api)
    assert not page.exception
    assert r"4 个文件 · 43 个分块 · 2\.3 MB" in texts(page)
    assert ":red[1 个文件失败]" in texts(page)
    table = page.dataframe[0].value
    assert list(table["name"]) == ["支持的文件格式.md", "troubleshooting.md", "扫描合同.pdf", "年度报告 2024.docx"]
    assert list(table["state"]) == ["✓ 就绪", "✓ 就绪", "✗ 失败", "… 等待中"]
    assert "可能是扫描件" in table["note"][2]
    assert "失败原因 (1)" in [expander.label for expander in page.expander]


def test_files_are_found_filtered_and_ordered(api):
    page = opened(api)
    page.text_input(key="file_search").set_value("trouble").run()
    assert list(page.dataframe[0].value["name"]) == ["troubleshooting.md"]
    page.text_input(key="file_search").set_value("").run()
    page.button_group(key="file_states").set_value(["failed"]).run()
    assert list(page.dataframe[0].value["name"]) == ["扫描合同.pdf"]
    page.button_group(key="file_states").set_value([]).run()
    page.selectbox(key="file_order").set_value("chunks").run()
    assert page.dataframe[0].value["name"][0] == "troubleshooting.md"
    page.text_input(key="file_search").set_value("nothing").run()
    assert "没有符合条件的文件" in texts(page)


def test_without_a_knowledge_base_one_can_be_made(api):
    api.bases = {}
    page = open_page(api, "knowledge_base")
    assert page.subheader[0].value == "还没有知识库"
    in_dialog(page, "new_knowledge_base", "new_create", new_name="产品 手册")
    assert not page.exception
    (made,) = api.bodies("/knowledge_base/create_knowledge_base")
    assert (made["knowledge_base_name"], made["embed_model"], made["vector_store_type"]) == ("产品 手册", "", "")
    assert page.query_params["kb"] == "产品 手册"
    assert "还没有文件" in page.info[0].value


def test_a_model_that_is_not_here_is_shown_with_the_reason(api):
    page = open_page(api, "knowledge_base")
    page.button(key="new_knowledge_base").click().run()
    page.selectbox(key="new_embedder").set_value("m3e-base")
    page.button(key="new_knowledge_base").click().run()
    assert "本机没有权重" in page.warning[0].value
    assert page.button(key="new_create").disabled


def test_a_splitting_can_be_tried_before_it_is_used(api):
    page = open_page(api, "knowledge_base")
    page.button(key="new_knowledge_base").click().run()
    page.text_area(key="new_preview_text").set_value("保修期为两年。")
    page.number_input(key="new_chunk_size").set_value(100)
    page.button(key="new_knowledge_base").click().run()
    assert not page.exception
    assert "共 3 个分块" in texts(page)
    assert "chunk_size=100" in api.bodies("/knowledge_base/preview_chunks")[0]


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
    page = opened(api, tab="settings")
    page.button(key="delete_knowledge_base").click().run()
    assert "samples" in api.bases
    assert "4 个文件" in texts(page)
    in_dialog(page, "delete_knowledge_base", "confirm_delete_knowledge_base")
    assert not page.exception
    assert list(api.bases) == ["空知识库"]
    assert page.button(key="open_空知识库")


def test_cancel_deletes_nothing(api):
    page = opened(api, tab="settings")
    in_dialog(page, "delete_knowledge_base", "confirm_delete_knowledge_base_cancel")
    assert "samples" in api.bases


def test_upload_shows_the_outcome_of_each_file(api):
    page = opened(api)
    uploader = page.file_uploader[0]
    uploader.set_value(
        [("新.md", "内容".encode(), "text/markdown"), ("a.exe", b"MZ", "application/octet-stream")]
    ).run()
    page.button(key="upload_start").click().run()
    assert not page.exception
    assert len(api.bodies("/knowledge_base/upload_docs")) == 2
    assert page.status[0].label == "上传完成：成功 1，失败 1"
    assert "无法读取这种类型的文件" in texts(page)
    assert "5 个文件" in texts(page)


def test_pasted_text_becomes_a_file(api):
    page = opened(api)
    page.button(key="paste_start").click().run()
    assert "请填写文件名和文字" in page.warning[0].value
    page.text_input(key="paste_name_1").set_value("纪要")
    page.text_area(key="paste_text_1").set_value("今天开会。")
    page.button(key="paste_start").click().run()
    assert not page.exception
    assert "今天开会。" in api.bodies("/knowledge_base/upload_docs")[0]
    assert "纪要.md" in list(page.dataframe[0].value["name"])


def test_a_known_name_asks_for_overwrite(api):
    page = opened(api)
    page.file_uploader[0].set_value([("troubleshooting.md", b"x", "text/markdown")]).run()
    assert r"troubleshooting\.md" in page.warning[0].value
    page.toggle(key="upload_overwrite").set_value(True).run()
    assert not page.warning
    page.button(key="upload_start").click().run()
    assert 'name="override"\r\n\r\ntrue' in api.bodies("/knowledge_base/upload_docs")[0]


def test_an_api_that_is_away_is_named():
    with running_fake_api() as api:
        pass
    page = open_page(api, "knowledge_base")
    assert not page.exception
    assert "没有响应" in page.error[0].value
    assert page.button(key="retry")


def test_work_is_shown_while_it_goes_on_and_can_be_cancelled(api):
    api.work_ends = False
    page = opened(api)
    page.file_uploader[0].set_value([("新.md", "内容".encode(), "text/markdown")]).run()
    page.button(key="upload_start").click().run()
    assert not page.exception
    assert "正在处理：还剩 1 个文件" in texts(page)
    assert not page.status
    page.button(key="cancel_job_1").click().run()
    assert not page.exception
    assert r"已取消处理“新\.md”" in texts(page)
    assert not page.status


def test_work_of_others_is_found_again_after_leaving(api):
    api.jobs = [job_entry(1, "大文件.pdf"), job_entry(2, "下一个.pdf", "queued", stage="queued", percent=0)]
    page = opened(api)
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
    page = opened(api)
    page.button(key="retry_failed").click().run()
    assert not page.exception
    assert api.bodies("/knowledge_base/retry_failed") == [{"knowledge_base_name": "samples"}]
    assert page.status[0].label == "上传完成：成功 1，失败 0"


def test_one_failed_file_is_retried_by_its_job(api):
    api.jobs = [job_entry(1, "扫描合同.pdf", "failed", percent=100)]
    page = opened(api)
    page.button(key="retry_job_1").click().run()
    assert not page.exception
    assert [path for path, _, _ in api.requests if path.endswith("/retry")] == ["/knowledge_base/jobs/1/retry"]
    assert page.status[0].label == "上传完成：成功 1，失败 0"


def test_an_index_that_disagrees_is_said(api):
    api.bases["samples"][0]["words"] = 3
    assert "索引与分块数不一致" in texts(opened(api))
