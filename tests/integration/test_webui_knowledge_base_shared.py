"""The page of knowledge bases beside other people and programs: what they change meanwhile is neither undone nor shown
as it was; names and numbers of things are whatever they are."""

from typing import Any
from zlib import crc32

import pytest
from streamlit.testing.v1 import AppTest
from webui_fake_api import FakeApi, file_entry, job_entry, running_fake_api
from webui_fake_documents import chunk_entry
from webui_page import open_page, texts

from webui_pages.components.documents.file_actions import MOST_SHOWN
from webui_pages.components.documents.numbers import MOST_NAMES, some_of
from webui_pages.components.documents.retrieval import conditions_of
from webui_pages.components.documents.summaries import PAGE_SIZE
from webui_pages.ui import literal

PDF = "扫描合同.pdf"
PAGE_OF_ALL_CHUNKS = f"chunk_page_{crc32(b'samples' + 3 * bytes([10]))}"


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def opened(api: FakeApi, tab: str = "files", name: str = "samples", **params: str) -> AppTest:
    page = open_page(api, "knowledge_base")
    for key, value in {"kb": name, "tab": tab, **params}.items():
        page.query_params[key] = value
    return page.run()


def field(fields: Any, prefix: str) -> Any:
    return next(each for each in fields if each.key and each.key.startswith(prefix))


# names


@pytest.mark.parametrize("name", ["save", "knowledge_base", "$x$ -- [a](b) {c} 😀"])
@pytest.mark.parametrize("tab", ["files", "chunks", "retrieval", "summaries", "settings"])
def test_a_knowledge_base_may_be_called_like_a_part_of_the_page(api, name, tab):
    api.bases[name] = [file_entry("a.md")]
    page = opened(api, tab, name)
    assert not page.exception
    assert not page.error


def test_arrows_and_dashes_stay_what_they_are():
    assert literal("a -- b->c") == "a \u2060\\-\\- b\\-\\>c"
    assert literal("-> x >= 2").count("\u2060") == 2


def test_a_condition_is_a_number_only_where_it_is_written_as_one():
    rows = [{"field": "sheet", "operator": "=", "value": value} for value in ("2024", "007", "2024.10", "nan", "1_000")]
    assert conditions_of(rows)["sheet"].any_of == [2024, "007", "2024.10", "nan", "1_000"]


# what was left


def test_back_from_a_knowledge_base_leads_to_the_list(api):
    page = opened(api)
    page.query_params.clear()
    page.run()
    assert page.button(key="open_samples")


def test_a_knowledge_base_that_is_gone_is_told_once(api):
    page = opened(api)
    del api.bases["samples"]
    page.run()
    assert "没有名为“samples”的知识库" in texts(page)
    page.query_params.clear()  # as another page does
    page.run()
    assert "没有名为" not in texts(page)


def test_the_retrieval_test_asks_the_knowledge_base_that_is_open(api):
    page = opened(api, "retrieval")
    assert page.multiselect[0].value == ["samples"]
    field(page.selectbox, "manage_one_").set_value("空知识库").run()
    assert page.multiselect[0].value == ["空知识库"]


# work that ends


def test_a_job_that_begins_while_the_page_looks_is_not_told_as_done(api, monkeypatch):
    api.work_ends = False
    asked = api.documents.get_jobs

    def begins(api: FakeApi, query: dict[str, Any], route: str) -> Any:
        found = [dict(job) for job in asked(api, query, route)]
        for job in api.jobs:
            job["state"] = "running" if query["state"] == "running" else "queued"
        return found

    page = opened(api)
    page.file_uploader[0].set_value([("新.md", "内容".encode(), "text/markdown")]).run()
    monkeypatch.setattr(api.documents, "get_jobs", begins)
    monkeypatch.setattr(api, "queue", lambda base, file: queued(api, base, file))
    page.button(key="upload_start").click().run()
    assert not page.status
    assert "正在处理：还剩 1 个文件" in texts(page)


def queued(api: FakeApi, base: str, file: str) -> list[dict[str, Any]]:
    api.jobs.append(job_entry(1, file, "queued", knowledge_base=base))
    return [{"id": 1, "file": file}]


def test_a_job_that_waits_unlisted_is_not_told_as_done(api, monkeypatch):
    api.work_ends = False
    page = opened(api)
    page.file_uploader[0].set_value([("新.md", "内容".encode(), "text/markdown")]).run()
    monkeypatch.setattr(api.documents, "get_jobs", lambda api, query, route: [])
    page.button(key="upload_start").click().run()
    assert not page.exception
    assert not page.status
    assert "正在处理：还剩 1 个文件" in texts(page)


def test_what_is_being_set_outlives_the_end_of_a_rebuild(api, monkeypatch):
    api.documents.rebuilds_end = False
    api.documents.post_rebuilds(api, {"knowledge_base_name": "samples"}, "")
    page = opened(api, "settings")
    field(page.number_input, "settings_chunk_size").set_value(300).run()
    asked = api.documents.get_rebuilds

    def ends(*given: Any) -> Any:
        found = [dict(each) for each in asked(*given)]
        api.documents.rebuilds[0]["state"] = "done"
        return found

    monkeypatch.setattr(api.documents, "get_rebuilds", ends)
    page.run()
    assert not page.exception
    assert page.status[0].label == "重建完成：成功 3，失败 1"
    assert field(page.number_input, "settings_chunk_size").value == 300


def _work_has_ended(url):
    import streamlit as st

    from configs.settings import load_settings
    from webui_pages.client import ApiClient, open_http
    from webui_pages.components.documents import jobs, rebuild
    from webui_pages.desk import desk
    from webui_pages.labels import Labels
    from webui_pages.state import ChatOptions, session_state
    from webui_pages.ui import Ui

    state = session_state("zh", ChatOptions(temperature=0.7, top_k=3, relevance_floor=50, history_length=3))
    ui = Ui(ApiClient(open_http(url, 10), "zh"), Labels("zh"), state, load_settings(), st.sidebar.container())
    desk().dialog = True
    rebuild._progress(ui, "samples")
    jobs._progress(ui, "samples")
    st.write("no other run")


def test_the_end_of_work_closes_no_dialog(api):
    api.documents.post_rebuilds(api, {"knowledge_base_name": "samples"}, "")
    page = AppTest.from_function(_work_has_ended, kwargs={"url": api.url}).run()
    assert not page.exception
    assert page.status[0].label == "重建完成：成功 3，失败 1"
    assert "no other run" in texts(page)


def test_an_open_dialog_is_known_until_the_page_runs_again(api):
    page = opened(api, "chunks")
    page.button(key="chunk_edit_c0").click().run()
    assert page.session_state["zhiwen_desk"].dialog
    page.run()
    assert not page.session_state["zhiwen_desk"].dialog


def test_a_pasted_text_that_is_refused_stays_in_its_field(api):
    page = opened(api)
    field(page.text_input, "paste_name_").set_value("纪要.exe")
    field(page.text_area, "paste_text_").set_value("今天开会。")
    page.button(key="paste_start").click().run()
    assert "无法读取这种类型的文件" in texts(page)
    assert field(page.text_area, "paste_text_").value == "今天开会。"
    field(page.text_input, "paste_name_").set_value("纪要.md")
    page.button(key="paste_start").click().run()
    assert field(page.text_area, "paste_text_").value == ""


# what others change


def test_saving_a_setting_leaves_those_that_others_saved(api):
    page = opened(api, "settings")
    api.settings["samples"] = {"chunk_size": 500, "top_k": 9}
    field(page.number_input, "settings_chunk_overlap").set_value(20)
    page.button(key="settings_save").click().run()
    assert api.bodies("/knowledge_base/update_settings") == [
        {"knowledge_base_name": "samples", "chunk_overlap": 20, "reset": []}
    ]
    assert field(page.number_input, "settings_chunk_size").value == 500
    assert field(page.slider, "top_k_").value == 9


def test_saving_nothing_says_so(api):
    page = opened(api, "settings")
    page.button(key="search_save").click().run()
    assert "没有可保存的改动" in texts(page)
    assert not api.bodies("/knowledge_base/update_settings")


def test_a_description_of_somebody_else_is_replaced_only_on_purpose(api):
    page = opened(api, "settings")
    api.infos["samples"] = "别人的说明"
    field(page.text_area, "info_of_").set_value("我的说明")
    page.button(key="info_save").click().run()
    assert api.infos["samples"] == "别人的说明"
    assert "别人的说明" in page.warning[0].value
    page.button(key="info_save").click().run()
    assert api.infos["samples"] == "我的说明"


def test_a_chunk_that_somebody_else_changed_is_not_overwritten(api):
    page = opened(api, "chunks")
    page.button(key="chunk_edit_c0").click().run()
    field(page.text_area, "chunk_text_c0").set_value("我的文字")
    asked = api.documents.get_chunks_cN
    api.documents.get_chunks_cN = lambda *given: asked(*given) | {"text": "别人的文字"}
    page.button(key="chunk_edit_c0").click()
    page.button(key="chunk_save").click().run()
    assert "没有保存" in texts(page)
    assert not api.bodies("/knowledge_base/chunks/update")


def test_a_draft_belongs_to_the_text_it_began_with(api):
    page = opened(api, "chunks")
    page.button(key="chunk_edit_c0").click().run()
    field(page.text_area, "chunk_text_c0").set_value("草稿")
    api.documents.chunks[0]["text"] = "别人的文字"
    page.button(key="chunk_edit_c0").click().run()
    assert field(page.text_area, "chunk_text_c0").value == "别人的文字"


def test_after_the_last_chunk_of_the_last_page_comes_the_page_before(api):
    api.documents.chunks = [chunk_entry(number) for number in range(11)]
    page = opened(api, "chunks")
    page.session_state[PAGE_OF_ALL_CHUNKS] = 2
    page.run()
    assert "第 10 块" in texts(page)
    api.documents.chunks.pop()
    page.run()
    assert not page.exception
    assert "第 9 块" in texts(page)


def test_a_file_that_is_gone_is_named(api):
    page = opened(api, "chunks", file="没有了.md")
    assert "“没有了\\.md”已不在这个知识库里" in texts(page)


def test_the_picture_is_of_the_file_as_it_is_now(api):
    api.documents.chunks = [chunk_entry(0, PDF), chunk_entry(1, PDF, metadata={"page": 5})]
    page = opened(api, "chunks", file=PDF)
    page.button(key="chunk_page_of_c1").click().run()
    file = next(each for each in api.bases["samples"] if each["name"] == PDF)
    file["updated"] = "2026-01-01T00:00:00+00:00"
    page.run()
    api.documents.chunks.pop()
    page.run()
    asked = [query["page"] for query in api.bodies("/knowledge_base/page_image")]
    assert asked == ["2", "5", "5", "2"]


# many


def test_many_files_are_summarised_by_page(api):
    api.bases["samples"] = [file_entry(f"文{number:03}.md") for number in range(2 * PAGE_SIZE + 1)]
    page = opened(api, "summaries")
    shown = [each.key for each in page.button if each.key and each.key.startswith("summary_make_文")]
    assert len(shown) == PAGE_SIZE
    assert "文020" not in texts(page)


def test_many_failures_and_downloads_are_not_all_drawn(api, monkeypatch):
    monkeypatch.setattr("webui_pages.components.documents.files._table", lambda ui, files: files)
    names = [f"文{number:03}.md" for number in range(MOST_SHOWN + 5)]
    api.bases["samples"] = [file_entry(name, "failed", 0, error="坏了") for name in names]
    page = opened(api)
    assert not page.exception
    assert len(page.get("download_button")) == MOST_SHOWN
    assert "另有 5 个文件失败" in texts(page)
    assert some_of(names[: MOST_NAMES + 2]).endswith("… (+2)")
