"""What scripts for 0.2.10 send that no schema names: bodies without a type, blank form fields, names nobody has."""

import json

import httpx
import pytest
from contract_product import SHARED

pytestmark = pytest.mark.e2e

KB = "kb_for_edges"


@pytest.fixture(scope="module")
def http(product):
    with httpx.Client(base_url=product.url, trust_env=False, timeout=60) as client:
        assert client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": KB}).is_success
        yield client
        client.post("/knowledge_base/delete_knowledge_base", json=KB)


@pytest.mark.parametrize("kind", [None, "application/json", "application/json; charset=utf-8"])
def test_json_may_come_without_its_type(http, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = http.post("/chat/chat", content=json.dumps({"query": "你好"}).encode(), headers=headers)
    assert "You asked: 你好" in answer.text
    gone = http.post("/knowledge_base/delete_knowledge_base", content=b'"no such"', headers=headers)
    assert gone.json()["code"] == 404


@pytest.mark.parametrize("kind", [None, "application/json", "application/vnd.zhiwen+json"])
def test_a_long_question_is_too_long_whatever_type_its_body_has(http, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = http.post("/chat/chat", content=json.dumps({"query": "长" * 20_001}).encode(), headers=headers)
    assert (answer.status_code, answer.json()["data"]["error"]) == (422, "query_too_long")


def test_blank_form_fields_mean_the_defaults(http):
    """httpx, which the client of 0.2.10 is built on, sends None as a blank."""
    blank = dict.fromkeys(("chunk_size", "chunk_overlap", "zh_title_enhance", "to_vector_store", "docs", "override"))
    for path, own in (("upload_docs", {"knowledge_base_name": KB}), ("upload_temp_docs", {"prev_id": None})):
        files = [("files", ("便条.txt", "保修期为两年。".encode()))]
        answer = http.post(f"/knowledge_base/{path}", data={**blank, **own}, files=files).json()
        assert answer["code"] == 200, answer
        assert not answer["data"]["failed_files"]


@pytest.mark.parametrize(("sent", "override"), [("True", True), ("true", True), ("1", True), ("False", False)])
def test_booleans_of_forms(http, sent, override):
    def upload(text, **fields):
        files = [("files", ("开关.txt", text.encode()))]
        data = {"knowledge_base_name": KB, **fields}
        return http.post("/knowledge_base/upload_docs", data=data, files=files).json()["data"]["failed_files"]

    upload("保修期为一年。", override="true")
    assert ("开关.txt" in upload("保修期为两年。", override=sent)) is not override


@pytest.mark.parametrize("name", ["本项目支持哪些文件格式?", "", "x" * 65, "../x", "con"])
def test_a_search_in_what_cannot_be_a_knowledge_base_is_empty(http, name):
    """A test file of that version swaps question and knowledge base."""
    answer = http.post("/knowledge_base/search_docs", json={"knowledge_base_name": name, "query": SHARED})
    assert (answer.status_code, answer.json()) == (200, [])


def test_chunks_may_be_asked_for_with_whole_numbers_for_thresholds(http):
    body = {"knowledge_base_name": SHARED, "query": "知问", "top_k": 3, "score_threshold": 1}
    found = http.post("/knowledge_base/search_docs", json=body).json()
    assert found
    for each in found:
        assert set(each) == {"page_content", "metadata", "type", "id", "score"}
        assert (each["type"], each["metadata"]["id"]) == ("Document", each["id"])
        assert each["metadata"]["source"]
        assert isinstance(each["id"], str)
        assert 0 <= each["score"] <= 1


def test_a_summary_of_what_is_not_there_is_no_stream(http):
    body = {"knowledge_base_name": SHARED, "file_name": "没有.md"}
    answer = http.post("/knowledge_base/kb_summary_api/summary_file_to_vector_store", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, 404)
