"""Documents that replace a file's own text, reading files again, and descriptions, as 0.2.10 clients ask for them."""

import itertools
import json

import pytest
from api_app import ScriptedModel, make_settings, running_app
from kbapi_client import LINES, Kb

NUMBERS = itertools.count()
OWN = [
    {"page_content": "甲说一", "metadata": {"row": 1}},
    {"page_content": "乙说二", "metadata": None, "type": "Document"},
]


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        yield client


@pytest.fixture
def kb(client):
    made = Kb(client, f"docs{next(NUMBERS)}")
    yield made
    made.delete()


def test_given_documents_replace_the_text_and_outlive_a_rebuild(kb):
    answer = kb.upload(("a.txt", "文件自己的内容"), ("b.txt", "另一个文件"), docs={"a.txt": OWN})
    assert answer.json()["data"]["failed_files"] == {}
    assert kb.texts(file_name="a.txt") == ["甲说一", "乙说二"]
    assert kb.file("a.txt")["custom_docs"]
    assert not kb.file("b.txt")["custom_docs"]
    kb.rebuild(force=True)
    assert kb.texts(file_name="a.txt") == ["甲说一", "乙说二"]
    kb.post("update_docs", file_names=["a.txt"])
    assert kb.texts(file_name="a.txt") == ["甲说一", "乙说二"]
    kb.post("update_docs", file_names=["a.txt"], override_custom_docs=True)
    assert kb.texts(file_name="a.txt") == ["文件自己的内容"]
    assert kb.file("a.txt")["edits_lost"] == 0


def test_edits_of_given_documents_outlive_a_rebuild(kb):
    kb.upload(("a.txt", "文件自己的内容"), docs={"a.txt": OWN})
    first, second = (chunk["id"] for chunk in kb.chunks())
    kb.post("update_docs_by_id", docs={first: {"page_content": "甲改了"}, second: None})
    kb.rebuild(force=True)
    assert kb.texts(file_name="a.txt") == ["甲改了"]
    assert kb.file("a.txt")["chunks"] == kb.file("a.txt")["vectors"] == 1


def test_given_documents_without_waiting(kb, client):
    queued = kb.upload(("a.txt", "内容"), docs={"a.txt": OWN}, wait="false")
    assert queued.status_code == 202
    (job,) = queued.json()["data"]["jobs"]
    with client.stream("GET", f"/knowledge_base/jobs/{job['id']}/events") as stream:
        list(stream.iter_lines())
    assert kb.texts(file_name="a.txt") == ["甲说一", "乙说二"]


def test_given_documents_of_a_file_that_is_there_or_is_not(kb):
    kb.upload(("a.txt", "内容"))
    answer = kb.post("update_docs", file_names=[], docs=json.dumps({"a.txt": OWN, "no.txt": OWN}))
    assert answer.json()["data"]["failed_codes"] == {"no.txt": "file_not_found"}
    assert kb.texts(file_name="a.txt") == ["甲说一", "乙说二"]


def test_a_new_upload_replaces_given_documents(kb):
    kb.upload(("a.txt", "内容"), docs={"a.txt": OWN})
    kb.upload(("a.txt", "内容"), override="true")
    assert kb.texts(file_name="a.txt") == ["内容"]
    assert not kb.file("a.txt")["custom_docs"]


@pytest.mark.parametrize("docs", ["{", "[]", '"x"', '{"a.txt": "x"}', '{"a.txt": [1]}', '{"a.txt": [{"metadata": 1}]}'])
def test_broken_documents(kb, docs):
    kb.upload(("a.txt", "内容"))
    for answer in (kb.upload(("a.txt", "x"), docs=docs), kb.post("update_docs", file_names=["a.txt"], docs=docs)):
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][:2] == ["body", "docs"]
    assert kb.texts() == ["内容"]


def test_documents_as_an_object_are_a_schema_error(kb):
    assert kb.post("update_docs", file_names=[], docs={"a.txt": OWN}).status_code == 422


def test_update_docs_reads_again_with_other_settings(kb):
    kb.upload(("a.txt", LINES))
    assert len(kb.texts()) == 1
    answer = kb.post("update_docs", file_names=["a.txt", "no.txt"], chunk_size=30, chunk_overlap=None)
    assert answer.json()["code"] == 200
    assert list(answer.json()["data"]["failed_files"]) == ["no.txt"]
    assert "/" not in answer.json()["data"]["failed_files"]["no.txt"]
    assert len(kb.texts()) > 1


def test_update_info(kb, client):
    assert kb.post("update_info", kb_info="新的介绍").json()["data"] == {"kb_info": "新的介绍"}
    assert kb.get("details").json()["data"]["info"] == "新的介绍"
    assert kb.post("update_info").status_code == 422
    missing = client.post("/knowledge_base/update_info", json={"knowledge_base_name": "nope", "kb_info": "x"})
    assert missing.status_code == 404


def test_settings_are_kept_and_dropped_again(kb):
    kb.post("update_settings", top_k=1, score_threshold=2.0, rerank=False, chunk_size=100)
    data = kb.get("details").json()["data"]
    assert data["search"] == {"top_k": 1, "score_threshold": 2.0, "rerank": False}
    assert sorted(data["own"]) == ["chunk_size", "rerank", "score_threshold", "top_k"]
    kb.upload(("a.txt", LINES), chunk_size=30)
    assert len(kb.post("search_docs", query="规定").json()) == 1
    assert len(kb.post("search_docs", query="规定", top_k=3).json()) == 3
    kb.post("update_settings", top_k=None, reset=["chunk_size"])
    data = kb.get("details").json()["data"]
    assert sorted(data["own"]) == ["rerank", "score_threshold"]
    assert data["search"]["top_k"] == 3
    refused = kb.post("update_settings", reset=["embed_model"])
    assert (refused.status_code, refused.json()["data"]["error"]) == (422, "bad_setting")


def test_details_count_what_is_there(kb):
    kb.upload(("a.txt", "一"), ("b.md", "# 标题\n\n二"), ("c.txt", ""))
    statistics = kb.get("details").json()["data"]["statistics"]
    assert statistics["states"] == {"ready": 2, "failed": 1}
    assert statistics["formats"] == {".txt": 2, ".md": 1}
    assert statistics["file_bytes"] > 0
    assert statistics["index_bytes"] > 0
    assert statistics["updated"].endswith("+00:00")
    assert kb.client.get("/knowledge_base/details", params={"knowledge_base_name": "nope"}).status_code == 404
