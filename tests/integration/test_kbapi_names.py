"""Names that lead nowhere: blank ones, `kb:` models without a knowledge base, ids of conversations no path can hold."""

from urllib.parse import quote

import pytest
from api_app import make_settings, running_app
from guard_app import Model
from kbapi_client import Kb

BLANKS = ["", " ", "\u3000"]
FILE = {"files": ("a.txt", b"text")}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), Model()) as client:
        for name in ("甲", "乙"):
            Kb(client, name).upload(("a.txt", f"{name}的保修期为两年。"))
        yield client


@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/knowledge_base/update_info", {"kb_info": "x"}),
        ("/knowledge_base/update_docs", {"file_names": ["a.txt"]}),
        ("/knowledge_base/delete_docs", {"file_names": ["a.txt"]}),
        ("/knowledge_base/update_docs_by_id", {"docs": {}}),
        ("/knowledge_base/recreate_vector_store", {}),
        ("/knowledge_base/kb_summary_api/summary_file_to_vector_store", {"file_name": "a.txt"}),
        ("/knowledge_base/kb_summary_api/summary_doc_ids_to_vector_store", {}),
        ("/chat/knowledge_base_chat", {"query": "保修期"}),
    ],
)
def test_a_blank_knowledge_base_is_404_as_in_0_2_10(client, path, more, blank):
    answer = client.post(path, json={"knowledge_base_name": blank, **more})
    told = answer.json()
    assert (answer.status_code, told["code"], told["data"]["error"]) == (404, 404, "blank_name"), told
    assert told["msg"]


@pytest.mark.parametrize("blank", BLANKS)
def test_a_blank_name_in_a_form_a_query_or_as_the_body_is_404_too(client, blank):
    params = {"knowledge_base_name": blank}
    listed = client.get("/knowledge_base/list_files", params=params)
    assert (listed.status_code, listed.json()["data"]) == (404, [])
    assert client.get("/knowledge_base/download_doc", params={**params, "file_name": "a.txt"}).status_code == 404
    assert client.get("/knowledge_base/download_doc", params={**params, "file_name": blank}).status_code == 404
    assert client.post("/knowledge_base/delete_knowledge_base", json=blank).status_code == 404
    if blank:
        assert client.post("/knowledge_base/upload_docs", data=params, files=FILE).status_code == 404


def ask(client, model):
    body = {"model": model, "messages": [{"role": "user", "content": "保修期多久？"}]}
    return client.post("/v1/chat/completions", json=body)


@pytest.mark.parametrize(
    "model", ["kb:", "kb: ", "kb:+", "kb:++", "kb:+|builtin-extractive", "kb:甲+没有", "kb:没有+甲"]
)
def test_a_model_that_names_no_knowledge_base_is_not_answered_without_documents(client, model):
    answer = ask(client, model)
    assert answer.status_code == 404, answer.text
    assert answer.json()["error"]["type"] == "not_found_error"


def test_several_knowledge_bases_are_a_model_that_can_be_looked_up(client):
    assert {source["knowledge_base"] for source in ask(client, "kb:甲+乙").json()["sources"]} == {"甲", "乙"}
    found = client.get("/v1/models/kb:甲+乙")
    assert (found.status_code, found.json()["id"], found.json()["kind"]) == (200, "kb:甲+乙", "knowledge_base")
    assert client.get("/v1/models/kb:甲+没有").status_code == 404


@pytest.mark.parametrize("bad", ["a/b", "/", "a\nb", "\x00", "x" * 65])
def test_a_conversation_has_an_id_that_a_path_can_hold(client, bad):
    """Otherwise it could be begun, and neither read nor deleted."""
    assert client.post("/conversations", json={"id": bad}).status_code == 422
    assert client.post("/chat/chat", json={"query": "你好", "conversation_id": bad}).status_code == 422
    body = {"model": "", "messages": [{"role": "user", "content": "你好"}], "conversation_id": bad}
    assert client.post("/v1/chat/completions", json=body).status_code == 400
    body = {"query": "你好", "kb_name": "甲", "conversation_id": bad}
    assert client.post("/chat/kb_chat", json=body).status_code == 422


@pytest.mark.parametrize("good", ["3f0c6d1e", "会话 1?#%", "é"])
def test_whatever_id_is_taken_the_conversation_can_be_deleted(client, good):
    assert client.post("/chat/chat", json={"query": "你好", "conversation_id": good}).status_code == 200
    assert client.get(f"/conversations/{quote(good, safe='')}/messages").json()["data"]["id"] == good
    assert client.delete(f"/conversations/{quote(good, safe='')}").status_code == 200


@pytest.mark.parametrize("route", ["upload_docs", "upload_temp_docs"])
def test_chunks_larger_than_any_model_reads_are_refused_everywhere(client, route):
    form = {"knowledge_base_name": "甲", "chunk_size": "100001"}
    assert client.post(f"/knowledge_base/{route}", data=form, files=FILE).status_code == 422
