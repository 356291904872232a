"""The knowledge-base and file routes of 0.2.10: bodies, forms, shapes, messages."""

import json
from urllib.parse import quote

import httpx
import pytest
from contract_product import SHARED

pytestmark = pytest.mark.e2e

KB = "kb_for_routes"
NOTE, TERMS = ("便条.txt", "钥匙的保修期是三个月。"), ("条款.txt", "本产品的保修期为两年。")


@pytest.fixture(scope="module")
def http(product):
    with httpx.Client(base_url=f"{product.url}/knowledge_base", trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture
def kb(http):
    """A knowledge base with two files."""
    assert http.post("/create_knowledge_base", json={"knowledge_base_name": KB}).json()["code"] == 200
    assert upload(http, NOTE, TERMS).json()["data"]["failed_files"] == {}
    yield KB
    assert http.post("/delete_knowledge_base", json=KB).json()["code"] == 200


def upload(http, *files, **fields):
    named = [("files", (name, text if isinstance(text, bytes) else text.encode())) for name, text in files]
    return http.post("/upload_docs", data={"knowledge_base_name": KB, **fields}, files=named)


def post(http, path, **body):
    return http.post(path, json={"knowledge_base_name": KB, **body})


def texts(http, **body):
    return [doc["page_content"] for doc in post(http, "/search_docs", **body).json()]


def names(http):
    return http.get("/list_files", params={"knowledge_base_name": KB}).json()["data"]


def stream(http, path, **body):
    answer = post(http, path, **body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    return [json.loads(event[6:]) for event in answer.text.split("\r\n\r\n") if event]


@pytest.mark.parametrize("language", ["zh", "en", ""])
def test_messages_clients_compare_with_are_the_same_in_every_language(http, language):
    http.headers["Accept-Language"] = language
    try:
        for name, status, message in (
            ("", 404, "知识库名称不能为空，请重新填写知识库名称"),
            (" ", 404, "知识库名称不能为空，请重新填写知识库名称"),
            ("a/../b", 403, "Don't attack me"),
            (KB, 200, f"已新增知识库 {KB}"),
            (KB, 404, f"已存在同名知识库 {KB}"),
            (KB.upper(), 404, f"已存在同名知识库 {KB.upper()}"),
        ):
            answer = http.post("/create_knowledge_base", json={"knowledge_base_name": name})
            body = answer.json()
            assert (answer.status_code, body["code"], body["msg"]) == (status, status, message)
            assert "data" in body
    finally:
        http.post("/delete_knowledge_base", json=KB)
        del http.headers["Accept-Language"]


def test_names_are_a_list_oldest_first(http, kb):
    answer = http.get("/list_knowledge_bases").json()
    assert (answer["code"], answer["msg"]) == (200, "success")
    assert answer["data"][0] == SHARED
    assert answer["data"][-1] == kb


def test_the_body_of_a_deletion_is_a_bare_string(http, kb):
    assert http.post("/delete_knowledge_base", json={"knowledge_base_name": kb}).status_code == 422
    gone = http.post("/delete_knowledge_base", json="no such").json()
    assert gone["code"] == 404


@pytest.mark.parametrize(("name", "code"), [("no such", 404), ("../x", 403), (quote("../x", safe=""), 403)])
def test_data_of_a_refused_list_is_an_array(http, name, code):
    answer = http.get("/list_files", params={"knowledge_base_name": name})
    assert answer.json()["code"] == code
    assert answer.json()["data"] == []


def test_a_second_upload_without_override_fails_for_each_file(http, kb):
    answer = upload(http, NOTE, TERMS, override="false").json()
    assert answer["code"] == 200
    assert set(answer["data"]["failed_files"]) == {NOTE[0], TERMS[0]}
    assert all(isinstance(reason, str) and reason for reason in answer["data"]["failed_files"].values())
    assert upload(http, NOTE, override="true").json()["data"]["failed_files"] == {}
    assert texts(http, file_name=NOTE[0]) == [NOTE[1]]


def test_one_bad_file_does_not_hold_up_the_others(http, kb):
    answer = upload(http, ("x.exe", b"MZ"), ("新.txt", "新的内容。"), ("空.txt", b"")).json()
    assert answer["code"] == 200
    assert set(answer["data"]["failed_files"]) == {"x.exe", "空.txt"}
    assert "新.txt" in names(http)


def test_empty_form_fields_mean_the_default(http, kb):
    empty = dict.fromkeys(("chunk_size", "chunk_overlap", "zh_title_enhance", "to_vector_store", "docs"), "")
    assert upload(http, ("新.txt", "新的内容。"), **empty, override="").json()["data"]["failed_files"] == {}
    assert texts(http, file_name="新.txt") == ["新的内容。"]


def test_uploads_that_are_only_stored(http, kb):
    answer = upload(http, ("新.txt", "新的内容。"), to_vector_store="false")
    assert answer.json()["data"]["failed_files"] == {}
    assert texts(http, file_name="新.txt") == []
    assert post(http, "/update_docs", file_names=["新.txt"]).json()["data"]["failed_files"] == {}
    assert texts(http, file_name="新.txt") == ["新的内容。"]


def test_documents_of_json_text_replace_those_of_the_file(http, kb):
    docs = {NOTE[0]: [{"page_content": "甲", "metadata": {"lang": "zh"}}, {"page_content": "乙", "metadata": None}]}
    assert upload(http, NOTE, override="true", docs=json.dumps(docs)).json()["data"]["failed_files"] == {}
    assert texts(http, file_name=NOTE[0]) == ["甲", "乙"]
    assert texts(http, metadata={"lang": "zh"}) == ["甲"]
    assert post(http, "/update_docs", file_names=[NOTE[0]]).json()["code"] == 200
    assert texts(http, file_name=NOTE[0]) == ["甲", "乙"]
    post(http, "/update_docs", file_names=[NOTE[0]], override_custom_docs=True)
    assert texts(http, file_name=NOTE[0]) == [NOTE[1]]
    post(http, "/update_docs", file_names=[NOTE[0]], docs=json.dumps({NOTE[0]: [{"page_content": "丙"}]}))
    assert texts(http, file_name=NOTE[0]) == ["丙"]


@pytest.mark.parametrize("docs", ["{", "[]", '{"a": "b"}'])
def test_documents_that_are_none_are_a_schema_error(http, kb, docs):
    for answer in (upload(http, NOTE, docs=docs), post(http, "/update_docs", file_names=[NOTE[0]], docs=docs)):
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][:2] == ["body", "docs"]
    assert post(http, "/update_docs", file_names=[NOTE[0]], docs={}).status_code == 422


def test_updates_tell_which_files_failed(http, kb):
    answer = post(http, "/update_docs", file_names=[NOTE[0], "none.txt", "none.exe"]).json()
    assert answer["code"] == 200
    assert set(answer["data"]["failed_files"]) == {"none.txt", "none.exe"}
    assert "/kb/" not in json.dumps(answer)


def test_deletions_keep_the_source_unless_told(http, kb):
    answer = post(http, "/delete_docs", file_names=[NOTE[0], "none.txt", "none.exe"]).json()
    assert answer["code"] == 200
    assert set(answer["data"]["failed_files"]) == {"none.txt", "none.exe"}
    assert texts(http, query="钥匙", top_k=9) == [TERMS[1]]
    steps = stream(http, "/recreate_vector_store")
    assert sorted(step["doc"] for step in steps) == sorted([NOTE[0], TERMS[0]])
    assert NOTE[1] in texts(http, query="钥匙")
    post(http, "/delete_docs", file_names=[NOTE[0]], delete_content=True)
    assert [step["doc"] for step in stream(http, "/recreate_vector_store")] == [TERMS[0]]


def test_search_gives_a_bare_array(http, kb):
    found = post(http, "/search_docs", query="保修期").json()
    assert isinstance(found, list)
    assert len(found) == 2
    assert all(set(doc) == {"page_content", "metadata", "type", "id", "score"} for doc in found)
    assert all(doc["type"] == "Document" and isinstance(doc["id"], str) for doc in found)
    assert all(doc["metadata"]["source"] in (NOTE[0], TERMS[0]) for doc in found)
    assert all(doc["metadata"]["id"] == doc["id"] for doc in found)
    assert [doc["score"] for doc in found] == sorted(doc["score"] for doc in found)


def test_search_without_a_question_lists(http, kb):
    [listed] = post(http, "/search_docs", file_name=NOTE[0]).json()
    assert (listed["page_content"], listed["score"]) == (NOTE[1], 3.0)
    assert len(post(http, "/search_docs", file_name="%.txt").json()) == 2
    assert post(http, "/search_docs").json() == []
    assert http.post("/search_docs", json={"knowledge_base_name": "no such", "query": "保修期"}).json() == []


def test_a_smaller_threshold_is_stricter(http, kb):
    scores = [doc["score"] for doc in post(http, "/search_docs", query="本产品的保修期").json()]
    between = sum(scores) / 2
    counts = [len(texts(http, query="本产品的保修期", score_threshold=limit)) for limit in (0, between, 2)]
    assert counts == [0, 1, 2]
    assert len(texts(http, query="本产品的保修期", top_k=1)) == 1
    assert post(http, "/search_docs", query="x", score_threshold=2.1).status_code == 422


def test_without_a_threshold_the_nearest_are_there_however_far(http, kb):
    assert len(texts(http, query="介绍一下这个项目的保修")) == 2


def test_chunks_are_changed_by_id(http, kb):
    [note] = post(http, "/search_docs", file_name=NOTE[0]).json()
    [terms] = post(http, "/search_docs", file_name=TERMS[0]).json()
    changed = {"page_content": "改写", "metadata": {"a": 1}, "type": "Document"}
    answer = post(http, "/update_docs_by_id", docs={note["id"]: changed, terms["id"]: None})
    assert answer.json()["code"] == 200
    [found] = post(http, "/search_docs", query="改写").json()
    assert (found["id"], found["page_content"], found["metadata"]["source"]) == (note["id"], "改写", NOTE[0])
    assert post(http, "/update_docs_by_id", docs={"no such id": changed}).json()["code"] == 404


def test_downloads(http, kb):
    asked = {"knowledge_base_name": kb, "file_name": NOTE[0]}
    for preview, kind in ((None, "attachment"), ("false", "attachment"), ("true", "inline")):
        answer = http.get("/download_doc", params=asked | ({"preview": preview} if preview else {}))
        assert answer.text == NOTE[1]
        assert answer.headers["content-disposition"] == f"{kind}; filename*=utf-8''{quote(NOTE[0])}"
    assert http.get("/download_doc", params=asked | {"file_name": "none.txt"}).json()["code"] == 404
    assert http.get("/download_doc", params=asked | {"knowledge_base_name": "no such"}).json()["code"] == 404
    assert http.get("/download_doc", params=asked | {"file_name": "../../info.db"}).json()["code"] == 403
    assert http.get("/download_doc", params={"knowledge_base_name": kb}).status_code == 422


def test_a_rebuild_counts_files(http, kb):
    steps = stream(http, "/recreate_vector_store", vs_type="faiss", chunk_size=100, chunk_overlap=10)
    assert [(step["code"], step["total"], step["finished"]) for step in steps] == [(200, 2, 1), (200, 2, 2)]
    assert [step["msg"] for step in steps] == [f"({n} / 2): {step['doc']}" for n, step in enumerate(steps, 1)]
    assert all(set(step) == {"code", "msg", "total", "finished", "doc"} for step in steps)


def test_a_rebuild_makes_what_is_missing_unless_told(http):
    refused = http.post("/recreate_vector_store", json={"knowledge_base_name": KB, "allow_empty_kb": False})
    assert refused.json()["code"] == 404
    assert stream(http, "/recreate_vector_store") == []
    assert KB in http.get("/list_knowledge_bases").json()["data"]
    http.post("/delete_knowledge_base", json=KB)


def test_dropped_files(http):
    files = [("files", (name, text.encode())) for name, text in (NOTE, TERMS)] + [("files", ("x.exe", b"MZ"))]
    answer = http.post("/upload_temp_docs", files=files).json()
    assert answer["code"] == 200
    [failed] = answer["data"]["failed_files"]
    assert list(failed) == ["x.exe"]
    known = answer["data"]["id"]
    assert isinstance(known, str)
    for field, previous, same in (("prev_id", known, True), ("knowledge_id", known, True), ("prev_id", "none", False)):
        again = http.post("/upload_temp_docs", data={field: previous}, files=files[:1]).json()["data"]
        assert again["failed_files"] == []
        assert (again["id"] == previous) is same
    assert http.post("/upload_temp_docs", files=files[2:]).json()["code"] == 415


def test_a_description_is_changed(http, kb):
    answer = post(http, "/update_info", kb_info="你好").json()
    assert answer == {"code": 200, "msg": "success", "data": {"kb_info": "你好"}}
    assert http.post("/update_info", json={"knowledge_base_name": "no such", "kb_info": ""}).json()["code"] == 404


def test_summaries_of_what_is_not_there(http):
    for path in ("summary_file_to_vector_store", "recreate_summary_vector_store"):
        body = {"knowledge_base_name": "no such", "file_name": "x.md", "allow_empty_kb": False}
        assert http.post(f"/kb_summary_api/{path}", json=body).json()["code"] == 404
    body = {"knowledge_base_name": "no such"}
    answer = http.post("/kb_summary_api/summary_doc_ids_to_vector_store", json=body).json()
    assert (answer["code"], answer["data"]) == (404, {})
