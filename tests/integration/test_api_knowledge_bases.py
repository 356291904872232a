"""Knowledge bases and files over HTTP, on the real document path."""

import json

import pytest
from api_app import ScriptedModel, events, make_settings, running_app

NAME = "测试库"


@pytest.fixture(scope="module")
def model():
    return ScriptedModel()


@pytest.fixture(scope="module")
def client(tmp_path_factory, model):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), model) as client:
        yield client


@pytest.fixture
def kb(client):
    client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": NAME})
    yield NAME
    delete(client, NAME)


def delete(client, name):
    return client.post("/knowledge_base/delete_knowledge_base", json=name)


def upload(client, name, *files, **fields):
    parts = [("files", (file, content)) for file, content in files]
    return client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": name, **fields}, files=parts)


def search(client, name, query, **fields):
    body = {"knowledge_base_name": name, "query": query, **fields}
    return client.post("/knowledge_base/search_docs", json=body).json()


def names(client, **params):
    return client.get("/knowledge_base/list_files", params={"knowledge_base_name": NAME, **params}).json()["data"]


def test_life_of_a_knowledge_base_with_the_words_of_0_2_10(client):
    body = {"knowledge_base_name": "kb_test", "vector_store_type": None, "embed_model": None, "unknown": 1}
    for blank in ("", "  "):
        answer = client.post("/knowledge_base/create_knowledge_base", json=body | {"knowledge_base_name": blank})
        assert answer.status_code == answer.json()["code"] == 404
        assert answer.json()["msg"] == "知识库名称不能为空，请重新填写知识库名称"
    created = client.post("/knowledge_base/create_knowledge_base", json=body)
    assert created.json() == {"code": 200, "msg": "已新增知识库 kb_test", "data": None}
    taken = client.post("/knowledge_base/create_knowledge_base", json=body)
    assert taken.status_code == taken.json()["code"] == 404
    assert taken.json()["msg"] == "已存在同名知识库 kb_test"
    assert "kb_test" in client.get("/knowledge_base/list_knowledge_bases").json()["data"]
    (details,) = client.get("/knowledge_base/list_knowledge_bases", params={"details": True}).json()["data"]
    assert details["name"] == "kb_test"
    assert details["embed_model"] == "builtin-ngram"
    assert details["created"].endswith("+00:00")
    assert delete(client, "kb_test").json()["code"] == 200
    assert delete(client, "kb_test").status_code == 404
    assert "kb_test" not in client.get("/knowledge_base/list_knowledge_bases").json()["data"]


@pytest.mark.parametrize("name", ["../x", "../../etc", "a/../../b"])
def test_traversal_is_refused_everywhere(client, name):
    answers = [
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name}),
        delete(client, name),
        client.get("/knowledge_base/list_files", params={"knowledge_base_name": name}),
        upload(client, name, ("a.txt", b"x")),
        client.post("/knowledge_base/delete_docs", json={"knowledge_base_name": name, "file_names": []}),
        client.get("/knowledge_base/download_doc", params={"knowledge_base_name": name, "file_name": "a.txt"}),
        client.post("/knowledge_base/recreate_vector_store", json={"knowledge_base_name": name}),
        client.post("/chat/knowledge_base_chat", json={"knowledge_base_name": name, "query": "q"}),
    ]
    for answer in answers:
        assert answer.status_code == 403
        assert answer.json()["code"] == 403
        assert answer.json()["msg"] == "Don't attack me"


@pytest.mark.parametrize("name", ["..", ".", "a/b", "a\\b", "C:", "/tmp/x", "con", "x" * 300, "a\u0000b"])
def test_names_no_folder_takes_are_refused(client, name):
    answer = client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name})
    assert answer.status_code == 403
    assert answer.json()["data"]["error"] == "bad_name"


def test_sql_wildcards_are_plain_characters(client, kb):
    assert client.get("/knowledge_base/list_files", params={"knowledge_base_name": "测%"}).status_code == 404
    assert delete(client, "___").status_code == 404
    assert names(client) == []


def test_list_files_of_unknown_keeps_data_an_array(client):
    answer = client.get("/knowledge_base/list_files", params={"knowledge_base_name": "nope"})
    assert answer.status_code == 404
    assert answer.json()["data"] == []
    assert answer.json()["error"] == "knowledge_base_not_found"


def test_upload_search_download_delete(client, kb):
    text = "本产品的保修期为两年。退货须在收货后七天内提出。"
    answer = upload(client, kb, ("说明 书.txt", text.encode()))
    assert answer.json()["code"] == 200
    assert answer.json()["data"]["failed_files"] == {}
    assert names(client) == ["说明 书.txt"]
    (details,) = names(client, details=True)
    assert details["state"] == "ready"
    assert details["chunks"] > 0
    assert details["loader"]
    found = search(client, kb, "保修期多久")
    assert {"page_content", "metadata", "type", "id", "score"} == set(found[0])
    assert "保修期" in found[0]["page_content"]
    assert 0 <= found[0]["score"] <= 1
    assert [item["score"] for item in found] == sorted(item["score"] for item in found)
    assert search(client, kb, "保修期多久", score_threshold=0) == []
    params = {"knowledge_base_name": kb, "file_name": "说明 书.txt"}
    sent = client.get("/knowledge_base/download_doc", params=params)
    assert sent.content == text.encode()
    assert sent.headers["content-type"] == "application/octet-stream"
    assert sent.headers["content-disposition"].startswith("attachment; filename*=utf-8''%E8")
    gone = client.post(
        "/knowledge_base/delete_docs",
        json={"knowledge_base_name": kb, "file_names": ["说明 书.txt", "no.txt"], "delete_content": True},
    )
    assert list(gone.json()["data"]["failed_files"]) == ["no.txt"]
    assert gone.json()["data"]["failed_codes"] == {"no.txt": "file_not_found"}
    assert search(client, kb, "保修期多久") == []
    assert client.get("/knowledge_base/download_doc", params=params).status_code == 404


def test_search_without_a_question_lists_chunks(client, kb):
    upload(client, kb, ("a.txt", "第一篇。".encode()), ("b.txt", "第二篇。".encode()))
    listed = search(client, kb, "", file_name="b.txt")
    assert {item["metadata"]["source"] for item in listed} == {"b.txt"}
    assert {item["score"] for item in listed} == {3.0}
    assert search(client, kb, "") == []
    assert search(client, "nope", "第一篇") == []


def test_bad_files_are_told_apart(client, kb):
    answer = upload(
        client,
        kb,
        ("empty.txt", b""),
        ("bad.docx", b"PK\x03\x04 no zip"),
        ("bad.pdf", b"%PDF-1.4 broken"),
        ("tool.exe", b"MZ"),
        ("gbk.txt", "国家标准编码的文件，检索正常。".encode("gbk")),
    )
    codes = answer.json()["data"]["failed_codes"]
    assert codes["empty.txt"] == "file_empty"
    assert codes["bad.docx"] == "file_unreadable"
    assert codes["bad.pdf"] == "file_unreadable"
    assert codes["tool.exe"] == "unsupported_file_type"
    assert "gbk.txt" not in codes
    for text in answer.json()["data"]["failed_files"].values():
        assert "/" not in text.replace("/ :", "").replace(" / ", "") or "：" in text
    assert "国家标准" in search(client, kb, "国家标准编码")[0]["page_content"]
    states = {item["name"]: item["state"] for item in names(client, details=True)}
    assert states["empty.txt"] == "failed"
    assert "tool.exe" not in states


def test_errors_of_files_speak_the_callers_language(client, kb):
    body = {"knowledge_base_name": kb}
    answer = client.post(
        "/knowledge_base/upload_docs",
        data=body,
        files=[("files", ("empty.txt", b""))],
        headers={"Accept-Language": "en"},
    )
    assert "0 bytes" in answer.json()["data"]["failed_files"]["empty.txt"]


@pytest.mark.parametrize("name", ["../evil.txt", "/etc/evil.txt", "..\\evil.txt"])
def test_file_names_cannot_leave_the_folder(client, kb, name, tmp_path):
    upload(client, kb, (name, b"evil evil evil"))
    assert all(".." not in listed and not listed.startswith("/") for listed in names(client))
    answer = client.get(
        "/knowledge_base/download_doc", params={"knowledge_base_name": kb, "file_name": "../../info.db"}
    )
    assert answer.status_code == 403


def test_same_name_needs_override(client, kb):
    upload(client, kb, ("a.txt", "旧的内容。".encode()))
    again = upload(client, kb, ("a.txt", "新的内容。".encode()))
    assert again.json()["data"]["failed_codes"] == {"a.txt": "file_exists"}
    assert "旧" in search(client, kb, "内容")[0]["page_content"]
    upload(client, kb, ("a.txt", "新的内容。".encode()), override="true")
    (found,) = search(client, kb, "内容")
    assert "新" in found["page_content"]


def test_broken_documents_are_a_schema_error(client, kb):
    for broken in ("{", "[]", '"x"'):
        answer = upload(client, kb, ("a.txt", b"text"), docs=broken)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"] == ["body", "docs"]
    assert upload(client, kb, ("a.txt", b"text here"), docs="{}").status_code == 200


def test_longer_fields_than_forms_allow_by_default(client, kb):
    files = [(f"n{number}.exe", b"x") for number in range(450)]
    answer = upload(client, kb, *files, docs=json.dumps({}) + " " * 2_000_000)
    assert answer.status_code == 200
    assert len(answer.json()["data"]["failed_files"]) == 450


def test_preview_shows_the_type_and_runs_no_scripts(client, kb):
    upload(
        client, kb, ("page.html", "<html><body><p>网页内容在此。</p><script>alert(1)</script></body></html>".encode())
    )
    params = {"knowledge_base_name": kb, "file_name": "page.html", "preview": True}
    answer = client.get("/knowledge_base/download_doc", params=params)
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-disposition"].startswith("inline")
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_rebuild_tells_each_file(client, kb):
    upload(client, kb, ("a.txt", "第一篇文章。".encode()), ("b.txt", "第二篇文章。".encode()), ("empty.txt", b""))
    steps = events(client.post("/knowledge_base/recreate_vector_store", json={"knowledge_base_name": kb}))
    assert [step["finished"] for step in steps] == [1, 2, 3]
    assert {step["total"] for step in steps} == {3}
    by_name = {step["doc"]: step for step in steps}
    assert by_name["a.txt"]["code"] == 200
    assert by_name["a.txt"]["msg"] == f"({by_name['a.txt']['finished']} / 3): a.txt"
    assert by_name["empty.txt"]["code"] == 422
    assert by_name["empty.txt"]["error"] == "file_empty"
    assert search(client, kb, "第一篇")


def test_rebuild_of_nothing(client):
    body = {"knowledge_base_name": "fresh", "allow_empty_kb": False}
    assert client.post("/knowledge_base/recreate_vector_store", json=body).status_code == 404
    made = client.post("/knowledge_base/recreate_vector_store", json={"knowledge_base_name": "fresh"})
    assert made.status_code == 200
    assert events(made) == []
    assert delete(client, "fresh").status_code == 200


@pytest.mark.parametrize("body", ['{"name": "x"}', "[]", "", "{", "1"])
def test_delete_wants_a_bare_string(client, body):
    headers = {"content-type": "application/json"}
    answer = client.post("/knowledge_base/delete_knowledge_base", content=body, headers=headers)
    assert answer.status_code == 422
    assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}


def test_half_a_character_is_no_crash(client):
    headers = {"content-type": "application/json"}
    answer = client.post("/knowledge_base/delete_knowledge_base", content='"\\ud800"', headers=headers)
    assert answer.status_code in (403, 404)
    answer = client.post("/chat/chat", content='{"query": NaN}', headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("top_k", [0, -1, 10**9])
def test_numbers_out_of_range(client, kb, top_k):
    body = {"knowledge_base_name": kb, "query": "q", "top_k": top_k}
    assert client.post("/knowledge_base/search_docs", json=body).status_code == 422
