"""Questions over HTTP, on the real document path with a scripted model."""

from urllib.parse import urlsplit

import pytest
from api_app import ScriptedModel, events, make_settings, running_app

from server.errors import ModelFailed, ServiceUnavailable
from server.llm.generation import Generation

KB = "手册"
DOWN = ServiceUnavailable(name="FastChat OpenAI API", url="http://127.0.0.1:20000", log="openai_api.log")


@pytest.fixture(scope="module")
def model():
    return ScriptedModel()


@pytest.fixture(scope="module")
def client(tmp_path_factory, model):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), model) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": KB})
        client.post(
            "/knowledge_base/upload_docs",
            data={"knowledge_base_name": KB},
            files=[("files", ("a[1].txt", "本产品的保修期为两年。".encode()))],
        )
        yield client


@pytest.fixture(autouse=True)
def fresh(model):
    model.__init__()


def ask(client, **body):
    return client.post("/chat/knowledge_base_chat", json={"knowledge_base_name": KB, "query": "保修期多久", **body})


def test_plain_stream(client):
    found = events(client.post("/chat/chat", json={"query": "你好", "stream": True}))
    assert [event["text"] for event in found] == ["两", "年", "。[1]"]
    (message_id,) = {event["message_id"] for event in found}
    assert len(message_id) == 32
    assert all(set(event) == {"text", "message_id"} for event in found)


def test_plain_without_stream_is_one_event(client, model):
    body = {"query": "你好", "conversation_id": None, "max_tokens": None, "temperature": None, "history": None}
    (event,) = events(client.post("/chat/chat", json=body))
    assert event["text"] == "两年。[1]"
    assert model.calls[0][1] == Generation("builtin-extractive", temperature=0.7)


@pytest.mark.parametrize("stream", [True, False])
def test_a_model_that_says_nothing_is_one_empty_event(client, model, stream):
    """Otherwise nobody could tell it from a connection that broke, and the answer would have no id to speak of."""
    model.pieces = []
    (event,) = events(client.post("/chat/chat", json={"query": "你好", "stream": stream}))
    assert event["text"] == ""
    assert len(event["message_id"]) == 32
    assert client.post("/other/completion", json={"query": "你好", "stream": stream}).text == "data: \r\n\r\n"


def test_halves_of_a_character_from_a_model_are_no_fault(client, model):
    model.pieces = ["好\ud83d", "\ude00", "\ud83d"]
    body = {"model": "", "messages": [{"role": "user", "content": "你好"}]}
    answer = client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "好😀\ufffd"


def test_history_words_of_0_2_10(client, model):
    history = [{"role": "human", "content": "一"}, {"role": "ai", "content": "二"}]
    client.post("/chat/chat", json={"query": "三", "history": history, "max_tokens": -1})
    assert [message.role for message in model.calls[0][0]] == ["user", "assistant", "user"]
    assert model.calls[0][1].max_tokens is None


def test_grounded_stream_ends_with_docs(client):
    *answer, last = events(ask(client, stream=True))
    assert [event["answer"] for event in answer] == ["两", "年", "。[1]"]
    assert set(last) == {"docs", "sources", "message_id", "finish_reason"}
    (source,) = last["sources"]
    assert (source["index"], source["file"], source["knowledge_base"]) == (1, "a[1].txt", KB)
    assert 0.5 <= source["score"] <= 1
    assert last["docs"] == [f"出处 [1] [a\\[1\\].txt]({source['url']}) \n\n{source['text']}\n\n"]


def test_download_link_works(client):
    (event,) = events(ask(client))
    url = urlsplit(event["sources"][0]["url"])
    assert f"{url.scheme}://{url.netloc}" == str(client.base_url).rstrip("/")
    assert "保修期" in client.get(f"{url.path}?{url.query}").content.decode()


def test_grounded_without_stream_is_one_event(client):
    (event,) = events(ask(client, stream=False))
    assert event["answer"] == "两年。[1]"
    assert len(event["docs"]) == len(event["sources"]) == 1


def test_sources_can_come_first_as_well(client):
    first, *_, last = events(ask(client, stream=True, sources_first=True))
    assert set(first) == {"sources"}
    assert last["sources"] == first["sources"]


@pytest.mark.parametrize(("query", "word"), [("火星天气如何", "没有"), ("xyzzy plugh", "No document")])
def test_no_hit_is_said_plainly(client, model, query, word):
    (event,) = events(ask(client, query=query, score_threshold=0.2))
    (notice,) = event["docs"]
    assert notice.startswith("<span style='color:red'>")
    assert word in notice
    assert event["sources"] == []
    assert "<source" not in model.calls[0][0][-1].content


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"query": ""}, 422, "empty_question"),
        ({"query": " \n"}, 422, "empty_question"),
        ({"knowledge_base_name": "nope"}, 404, "knowledge_base_not_found"),
        ({"prompt_name": "nope"}, 422, "prompt_not_found"),
        ({"prompt_name": "../llm_chat/py"}, 422, "prompt_not_found"),
        ({"history": [{"role": "wizard", "content": "x"}]}, 422, "not_supported"),
        ({"query": "问" * 15_000}, 422, "question_too_long"),
        ({"query": "问" * 50_000}, 422, "query_too_long"),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_bad_questions_are_http_errors(client, change, status, code, stream):
    answer = ask(client, stream=stream, **change)
    assert answer.status_code == answer.json()["code"] == status
    assert answer.json()["data"]["error"] == code
    assert answer.json()["msg"]


@pytest.mark.parametrize(
    "change", [{"query": None}, {"query": 5}, {"temperature": 3}, {"top_k": 0}, {"score_threshold": -1}]
)
def test_schema_violations(client, change):
    answer = ask(client, **change)
    assert answer.status_code == 422
    assert set(answer.json()["detail"][0]) == {"loc", "msg", "type"}


@pytest.mark.parametrize("path", ["/chat/chat", "/chat/knowledge_base_chat"])
@pytest.mark.parametrize("stream", [True, False])
def test_model_that_is_down_is_503_before_any_event(client, model, path, stream):
    model.pieces, model.error = [], DOWN
    body = {"query": "保修期多久", "knowledge_base_name": KB, "stream": stream}
    answer = client.post(path, json=body, headers={"Accept-Language": "en"})
    assert answer.status_code == answer.json()["code"] == 503
    assert answer.json()["data"]["error"] == "service_unavailable"
    assert "does not answer" in answer.json()["msg"]


def test_model_that_dies_midway_is_an_error_event(client, model):
    model.error = ModelFailed(name="m", reason="lost")
    *_, last = events(ask(client, stream=True))
    assert last["code"] == 502
    assert last["error"] == "model_failed"


def test_model_that_dies_midway_is_no_half_answer_without_stream(client, model):
    model.error = ModelFailed(name="m", reason="lost")
    assert ask(client, stream=False).status_code == 502


def test_half_a_character_in_a_question(client):
    headers = {"content-type": "application/json"}
    answer = client.post("/chat/chat", content='{"query": "a\\ud83d"}', headers=headers)
    assert answer.status_code == 200
