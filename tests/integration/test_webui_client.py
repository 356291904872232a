"""The client of the web page against an API on a real socket."""

import io

import pytest
from webui_fake_api import running_fake_api, source

from server.api.schemas.chat import ChatRequest, History, KnowledgeBaseChatRequest
from server.api.schemas.knowledge_bases import CreateKnowledgeBase
from server.api.schemas.upkeep import StartRebuild
from webui_pages.client import API_AWAY, ApiClient, ApiFailed, open_http


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def client_of(api, language="zh", key="") -> ApiClient:
    return ApiClient(open_http(api.url, read_timeout_s=10), language, key)


def question(**fields) -> KnowledgeBaseChatRequest:
    return KnowledgeBaseChatRequest(query="问", knowledge_base_name="samples", **fields)


def test_lists_are_schema_objects(api):
    client = client_of(api)
    assert [(entry.name, entry.files, entry.failed) for entry in client.knowledge_bases()] == [
        ("samples", 4, 1), ("空知识库", 0, 0),
    ]  # fmt: skip
    assert [file.state for file in client.files("samples")] == ["ready", "ready", "failed", "waiting"]
    assert client.health().llm == "builtin-extractive"


def test_each_call_carries_the_language_and_the_key(api):
    client_of(api, "en", "secret").knowledge_bases()
    headers = api.requests[-1][2]
    assert headers["Accept-Language"] == "en"
    assert headers["Authorization"] == "Bearer secret"
    client_of(api).knowledge_bases()
    assert "Authorization" not in api.requests[-1][2]


def test_sources_come_before_the_text_and_again_at_the_end(api):
    parts = list(client_of(api).ask(question(history=[History(role="user", content="先前")])))
    assert parts[0].message_id == parts[-1].message_id
    assert [source.file for source in parts[1].sources] == ["支持的文件格式.md", "年度报告 2024.docx"]
    assert "".join(part.text for part in parts) == "".join(api.answer)
    body = api.bodies("/chat/knowledge_base_chat")[0]
    assert body["stream"] is True
    assert body["sources_first"] is True
    assert body["history"] == [{"role": "user", "content": "先前"}]


def test_chat_without_documents(api):
    parts = list(client_of(api).ask(ChatRequest(query="问")))
    assert "".join(part.text for part in parts) == "".join(api.answer)
    assert all(part.sources is None for part in parts)


def test_a_refusal_raises_the_text_of_the_server(api):
    body = {"code": 404, "msg": "未找到知识库“甲”", "data": {"error": "knowledge_base_not_found", "name": "甲"}}
    api.fail["/chat/knowledge_base_chat"] = (404, body)
    with pytest.raises(ApiFailed) as failed:
        list(client_of(api).ask(question()))
    assert (failed.value.code, failed.value.message) == ("knowledge_base_not_found", "未找到知识库“甲”")
    assert len(api.bodies("/chat/knowledge_base_chat")) == 1, "a POST must not be repeated"


def test_an_error_event_raises_after_the_text_before_it(api):
    api.fail_after = 2
    got = []
    with pytest.raises(ApiFailed) as failed:
        got.extend(part.text for part in client_of(api).ask(question()))
    assert failed.value.code == "model_failed"
    assert "请重试" in failed.value.message


def test_a_schema_violation_names_the_field(api):
    detail = [{"loc": ["body", "query"], "msg": "Field required", "type": "missing"}]
    api.fail["/chat/chat"] = (422, {"detail": detail})
    with pytest.raises(ApiFailed, match=r"body\.query: Field required"):
        list(client_of(api).ask(ChatRequest(query="问")))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_an_answer_in_another_format_is_said_plainly(api, language):
    api.fail["/knowledge_base/list_knowledge_bases"] = (200, {"unexpected": True})
    with pytest.raises(ApiFailed) as failed:
        client_of(api, language).knowledge_bases()
    assert failed.value.code == "api_garbled"
    assert api.url in failed.value.message


@pytest.mark.parametrize(("language", "advice"), [("zh", "没有响应"), ("en", "does not answer")])
def test_nobody_listening_names_the_address_and_what_to_do(language, advice):
    with running_fake_api() as api:
        url = api.url
    with pytest.raises(ApiFailed) as failed:
        ApiClient(open_http(url, 1), language).knowledge_bases()
    assert failed.value.code == API_AWAY
    assert url in failed.value.message
    assert advice in failed.value.message
    assert "python startup.py -a" in failed.value.message


def test_silence_is_a_timeout(api):
    api.pause_s = 1.0
    client = ApiClient(open_http(api.url, 0.2), "en")
    with pytest.raises(ApiFailed) as failed:
        list(client.ask(ChatRequest(query="q")))
    assert failed.value.code == "api_timeout"


def test_closing_the_answer_closes_the_connection(api):
    api.pause_s = 0.05
    api.answer = ["x"] * 200
    parts = client_of(api).ask(ChatRequest(query="问"))
    next(parts)
    parts.close()
    assert api.stream_left.wait(30)


def test_upload_tells_success_and_failure(api):
    client = client_of(api)
    queued = client.upload("空知识库", "新 文件.md", io.BytesIO("内容".encode()), overwrite=False)
    assert ([job.file for job in queued.jobs], queued.failed_files) == (["新 文件.md"], {})
    assert client.job(queued.jobs[0].id).state == "done"
    assert [file.name for file in client.files("空知识库")] == ["新 文件.md"]
    assert client.upload("空知识库", "a.exe", io.BytesIO(b"MZ"), overwrite=True).failed_files == {
        "a.exe": "无法读取这种类型的文件。"
    }
    first, second = api.bodies("/knowledge_base/upload_docs")
    assert "内容" in first
    assert 'name="override"\r\n\r\nfalse' in first
    assert 'name="wait"\r\n\r\nfalse' in first
    assert 'name="override"\r\n\r\ntrue' in second


def test_files_are_deleted_from_disk_as_well(api):
    client = client_of(api)
    deletion = client.delete_files("samples", ["troubleshooting.md"])
    assert deletion.failed_files == {}
    assert (deletion.receipt.files, deletion.receipt.chunks) == (1, 31)
    assert api.bodies("/knowledge_base/delete_docs")[0]["delete_content"] is True
    assert "troubleshooting.md" not in [file.name for file in client.files("samples")]


def test_download_gives_the_bytes(api):
    assert b"".join(client_of(api).download("samples", "甲 乙.md")) == "content of 甲 乙.md".encode()


def test_create_and_delete(api):
    client = client_of(api)
    client.create_knowledge_base(CreateKnowledgeBase(knowledge_base_name="新"))
    client.delete_knowledge_base("新")
    assert api.bodies("/knowledge_base/delete_knowledge_base") == ["新"]
    assert "新" not in [entry.name for entry in client.knowledge_bases()]


def test_a_rebuild_is_begun_and_looked_at(api):
    client = client_of(api)
    begun = client.start_rebuild(StartRebuild(knowledge_base_name="samples"))
    (listed,) = client.rebuilds("samples")
    assert (listed.id, listed.state, listed.total) == (begun.id, "done", 4)
    assert "扫描件" in listed.failed_files["扫描合同.pdf"]


def test_no_proxy_of_the_environment_is_used(api, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert client_of(api).health().version == "0.1.0"


def test_sources_without_optional_fields(api):
    api.sources = [source(1, page=None, row=4, headings=[])]
    parts = list(client_of(api).ask(question()))
    assert parts[1].sources[0].row == 4
