"""The other parts of a knowledge base on its page: chunks, retrieval test, summaries, settings, rebuild, care."""

import pytest
from webui_fake_api import running_fake_api
from webui_fake_documents import chunk_entry, hit, summary_entry
from webui_page import in_dialog, open_page, texts

from server.api.schemas.search import Condition, FoundChunk
from webui_pages.components.documents.preview import shared_length
from webui_pages.components.documents.retrieval import conditions_of
from webui_pages.components.documents.retrieval_result import ranks, why
from webui_pages.components.page_picture import boxed
from webui_pages.labels import Labels


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def opened(api, tab, language="zh", **params):
    page = open_page(api, "knowledge_base", language)
    for name, value in {"kb": "samples", "tab": tab, **params}.items():
        page.query_params[name] = value
    return page.run()


def keys(page, prefix):
    return [button.key for button in page.button if button.key and button.key.startswith(prefix)]


def field(page, prefix):
    return next(area for area in page.text_area if area.key.startswith(prefix))


# chunks


def test_chunks_are_shown_by_page_and_found(api):
    page = opened(api, "chunks")
    assert not page.exception
    assert "12 个分块" in texts(page)
    assert len(keys(page, "chunk_edit_")) == 10
    page.text_input(key="chunk_search").set_value("第 11 块").run()
    assert keys(page, "chunk_edit_") == ["chunk_edit_c11"]
    page.text_input(key="chunk_search").set_value("没有").run()
    assert "没有符合条件的分块" in texts(page)


def test_a_chunk_is_disabled_enabled_edited_and_deleted(api):
    page = opened(api, "chunks")
    page.button(key="chunk_switch_c0").click().run()
    assert api.documents.chunks[0]["state"] == "disabled"
    assert "已停用" in texts(page)
    page.button(key="chunk_switch_c0").click().run()
    assert api.documents.chunks[0]["state"] == "shown"
    page.button(key="chunk_edit_c0").click().run()
    field(page, "chunk_text_c0").set_value("新的文字")
    page.button(key="chunk_edit_c0").click()
    page.button(key="chunk_save").click().run()
    assert api.documents.chunks[0]["text"] == "新的文字"
    assert "已修改" in texts(page)
    in_dialog(page, "chunk_delete_c0", "confirm_delete_chunk")
    assert not page.exception
    assert api.documents.chunks[0]["id"] == "c1"


def test_a_chunk_is_added(api):
    page = opened(api, "chunks")
    page.button(key="chunk_add").click().run()
    page.text_area(key="chunk_add_text").set_value("手写的一块")
    page.button(key="chunk_add").click()
    page.button(key="chunk_add_save").click().run()
    assert not page.exception
    (body,) = [body for body in api.bodies("/knowledge_base/chunks") if "text" in body and "page" not in body]
    assert (body["file_name"], body["text"]) == ("支持的文件格式.md", "手写的一块")


def test_the_page_of_a_pdf_stands_beside_its_chunks(api):
    api.documents.chunks = [chunk_entry(0, "扫描合同.pdf", metadata={"page": 3, "boxes": [[0.1, 0.1, 0.5, 0.2]]})]
    page = opened(api, "chunks", file="扫描合同.pdf")
    assert not page.exception
    (asked,) = api.bodies("/knowledge_base/page_image")
    assert asked == {"knowledge_base_name": "samples", "file_name": "扫描合同.pdf", "page": "3"}
    page.button(key="chunk_page_of_c0").click().run()
    assert len(api.bodies("/knowledge_base/page_image")) == 1


def test_boxes_are_drawn_where_they_are():
    from io import BytesIO

    from PIL import Image

    made = BytesIO()
    Image.new("RGB", (100, 100), "white").save(made, "PNG")
    drawn = Image.open(BytesIO(boxed(made.getvalue(), [(0.2, 0.2, 0.6, 0.4)])))
    assert drawn.getpixel((20, 30)) != (255, 255, 255)
    assert drawn.getpixel((80, 80)) == (255, 255, 255)


def test_shared_characters_of_two_chunks():
    assert shared_length("保修期为两年。", "期为两年。退货须") == 5
    assert shared_length("保修期", "修期三年") == 0
    assert shared_length("", "任何") == 0


# the retrieval test


def test_a_retrieval_test_shows_ranks_reasons_and_timings(api):
    page = opened(api, "retrieval")
    page.text_area(key="retrieval_question").set_value("保修期多久？")
    page.text_input(key="retrieval_files").set_value("2024/*.pdf，*.md")
    page.button(key="retrieval_ask").click().run()
    assert not page.exception
    (body,) = api.bodies("/knowledge_base/search")
    assert body["knowledge_base_names"] == ["samples"]
    assert body["files"] == ["2024/*.pdf", "*.md"]
    assert body["min_score"] == 0.5
    table = page.dataframe[-1].value
    assert list(table["dense_rank"].fillna(0)) == [1, 0]
    said = texts(page)
    assert "找到 2 个分块" in said
    assert r"2\.6 毫秒" in said
    assert "语义和词语都认为相符" in said
    assert "用词相同" in said


def test_a_retrieval_test_without_question_or_hits(api):
    page = opened(api, "retrieval")
    page.button(key="retrieval_ask").click().run()
    assert "请填写问题" in page.warning[0].value
    api.documents.found = []
    page.text_area(key="retrieval_question").set_value("火星？")
    page.button(key="retrieval_ask").click().run()
    assert "没有找到" in page.info[0].value


def test_why_tells_what_the_reranker_did():
    text = Labels("en")
    told = FoundChunk.model_validate(hit(1, 1, 1))
    assert why(told, 3, 1, text).endswith("moved it up from 3 to 1.")
    assert why(told, 1, 2, text).endswith("moved it down from 1 to 2.")
    assert why(FoundChunk.model_validate(hit(1, None, None)), 1, None, text) == text.why_neither
    assert ranks([0.2, None, 0.9]) == [2, None, 1]


def test_conditions_on_the_same_field_belong_together():
    rows = [
        {"field": "page", "operator": "≥", "value": "2"},
        {"field": "page", "operator": "≤", "value": "9"},
        {"field": "sheet", "operator": "=", "value": "甲"},
        {"field": "sheet", "operator": "=", "value": "乙"},
        {"field": None, "operator": "=", "value": "x"},
    ]
    found = conditions_of(rows)
    assert found["page"] == Condition(gte=2, lte=9)
    assert found["sheet"].any_of == ["甲", "乙"]


# summaries


def test_summaries_are_made_shown_and_deleted(api):
    page = opened(api, "summaries")
    assert "还没有摘要" in texts(page)
    page.button(key="summary_make_all").click().run()
    assert api.bodies("/knowledge_base/summaries")[-1] == {"knowledge_base_name": "samples"}
    said = texts(page)
    assert "整个知识库的摘要。" in said
    assert "摘自原文" in said
    page.button(key="summary_delete_whole").click().run()
    assert not page.exception
    assert "整个知识库的摘要。" not in texts(page)


def test_a_stale_summary_is_said_and_can_be_renewed(api):
    api.documents.summaries = [summary_entry("troubleshooting.md", stale=True), summary_entry("支持的文件格式.md")]
    page = opened(api, "summaries")
    assert "已过期" in texts(page)
    page.button(key="summary_make_missing").click().run()
    posted = [body for body in api.bodies("/knowledge_base/summaries") if "file_names" in body]
    assert posted[0]["file_names"] == ["troubleshooting.md"]


# settings


def test_settings_are_saved_and_ask_for_a_rebuild(api):
    page = opened(api, "settings")
    assert "沿用服务的设置" in texts(page)
    sizes = [field for field in page.number_input if field.key.startswith("settings_chunk_size")]
    sizes[0].set_value(400).run()
    page.button(key="settings_save").click().run()
    assert not page.exception
    (body,) = api.bodies("/knowledge_base/update_settings")
    assert {name: value for name, value in body.items() if value} == {
        "knowledge_base_name": "samples",
        "chunk_size": 400,
    }
    page.query_params["tab"] = "files"
    assert "有 2 个文件仍按旧设置切分" in texts(page.run())


def test_settings_are_reset(api):
    api.settings["samples"] = {"chunk_size": 400, "top_k": 9}
    page = opened(api, "settings")
    assert "单独设置：分块大小（字符）" in texts(page)
    page.button(key="settings_reset").click().run()
    page.button(key="search_reset").click().run()
    assert api.settings["samples"] == {}
    assert page.button(key="settings_reset").disabled


def test_search_settings_are_saved(api):
    page = opened(api, "settings")
    floor = next(slider for slider in page.slider if slider.key.startswith("floor_"))
    floor.set_value(70).run()
    page.button(key="search_save").click().run()
    assert not page.exception
    assert api.settings["samples"] == {"score_threshold": pytest.approx(0.6)}


def test_the_description_is_saved(api):
    page = opened(api, "settings")
    field(page, "info_of_samples").set_value("新的说明")
    page.button(key="info_save").click().run()
    assert api.infos["samples"] == "新的说明"
    assert "新的说明" in texts(page)


# rebuild, check, repair


def test_rebuild_asks_then_tells_what_came_of_it(api):
    page = opened(api, "files", "en")
    page.button(key="rebuild").click().run()
    assert api.documents.rebuilds == []
    in_dialog(page, "rebuild", "confirm_rebuild")
    assert not page.exception
    (body,) = [body for body in api.bodies("/knowledge_base/rebuilds") if "force" in body]
    assert body == {"knowledge_base_name": "samples", "embed_model": "", "vs_type": "", "force": False}
    assert page.status[-1].label == "Rebuild finished: 3 succeeded, 1 failed"
    assert page.status[-1].state == "error"
    page.button(key="rebuild_dismiss").click().run()
    assert not page.status


def test_a_rebuild_is_found_again_after_leaving_and_can_be_cancelled(api):
    api.documents.rebuilds_end = False
    page = opened(api, "files")
    in_dialog(page, "rebuild", "confirm_rebuild")
    page = opened(api, "summaries")
    assert "正在重建索引" in texts(page)
    (progress,) = [element.proto.text for element in page.get("progress")]
    assert "支持的文件格式" in progress
    page.button(key="rebuild_cancel").click().run()
    page.run()
    assert not page.exception
    assert "重建已取消" in texts(page)


def test_check_tells_and_repair_puts_right(api):
    page = opened(api, "settings")
    page.button(key="check").click().run()
    assert "一切一致：4 个文件" in page.success[0].value
    api.documents.report = {"old_indexes": ["7"], "chunks_without_vector": 3}
    page.button(key="check").click().run()
    said = texts(page)
    assert "发现 2 类不一致" in said
    assert "旧的索引文件夹" in said
    page.button(key="repair").click().run()
    assert not page.exception
    assert "补充索引条目 3" in page.success[0].value
    assert "一切一致" in page.success[1].value


def test_a_repair_shows_how_far_it_is_to_whoever_comes_back(api):
    api.documents.checkups_end = False
    opened(api, "settings").button(key="repair").click().run()
    page = opened(api, "settings", "en")
    (progress,) = page.get("progress")
    assert progress.proto.text == "adding to the indexes (32 of 100)"
    assert page.button(key="check").disabled
    assert page.button(key="repair").disabled
    api.documents.checkups_end = True
    api.documents.checkups.clear()
    api.documents._check("samples", "repair")
    page.run()
    assert not page.exception
    assert not page.get("progress")
    assert "3 entries added" in page.success[0].value
    assert "Checked: 2025-03-04" in texts(page)


def test_what_keeps_a_check_from_its_end_is_told_to_people(api):
    api.documents.checkups = [
        {
            "id": 1,
            "knowledge_base": "samples",
            "kind": "check",
            "state": "failed",
            "stage": "hashing",
            "done": 0,
            "total": 0,
            "created": "2025-03-04T05:06:07+00:00",
            "error": "磁盘读取失败",
        }
    ]
    page = opened(api, "settings")
    assert "没有完成：磁盘读取失败" in page.error[0].value


def test_every_finding_of_a_check_has_its_words():
    from server.knowledge_base.audit import Report

    plain = {"name", "state", "files", "chunks"}
    text = Labels("zh")
    assert all(getattr(text, f"finding_{name}") for name in Report.__dataclass_fields__.keys() - plain)
