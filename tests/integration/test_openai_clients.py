"""The official `openai` client and LangChain's `ChatOpenAI` against `/v1`, over a real socket."""

from unittest import mock

import openai
import pytest
from api_app import ScriptedModel, make_settings
from api_server import serving
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

from server import container as container_module
from server.api.app import create_app
from server.errors import ModelFailed, ModelNotFound
from server.types import Message

KB, OTHER = "手册", "a+b"


class Model(ScriptedModel):
    async def running(self):
        return ["builtin-extractive", "other"]


@pytest.fixture(scope="module")
def model():
    return Model()


@pytest.fixture(scope="module")
def port(tmp_path_factory, model):
    with mock.patch.object(container_module, "ChatModels", return_value=model):
        app = create_app(make_settings(tmp_path_factory.mktemp("data")))
        with serving(app) as port:
            yield port


@pytest.fixture(scope="module")
def client(port):
    import httpx

    base = f"http://127.0.0.1:{port}"
    for name, text in ((KB, "本产品的保修期为两年。"), (OTHER, "退货须在七天之内提出。")):
        assert httpx.post(f"{base}/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name}).is_success
        files = [("files", ("条款.txt", text.encode()))]
        sent = httpx.post(f"{base}/knowledge_base/upload_docs", data={"knowledge_base_name": name}, files=files)
        assert sent.json()["data"]["failed_files"] == {}
    with openai.OpenAI(base_url=f"{base}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture(autouse=True)
def fresh(model):
    model.__init__()


def ask(client, model="builtin-extractive", question="保修期多久？", **options):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": question}], **options)


def test_models_are_listed(client):
    names = {model.id for model in client.models.list()}
    assert {"builtin-extractive", "other", f"kb:{KB}", f"kb:{OTHER}", "builtin-ngram"} <= names


def test_plain_answer(client, model):
    answer = ask(client, "other", temperature=0.1, max_tokens=7, top_p=0.5, stop="停", seed=3)
    assert answer.choices[0].message.content == "两年。[1]"
    assert answer.choices[0].finish_reason == "stop"
    messages, generation = model.calls[0]
    assert messages == [Message("user", "保修期多久？")]
    assert (generation.model, generation.temperature, generation.max_tokens) == ("other", 0.1, 7)
    assert (generation.top_p, generation.stop, generation.seed) == (0.5, ("停",), 3)


def test_earlier_turns_and_parts(client, model):
    client.chat.completions.create(
        model="",
        messages=[
            {"role": "developer", "content": "简短"},
            {"role": "user", "content": "一"},
            {"role": "assistant", "content": "二"},
            {"role": "user", "content": [{"type": "text", "text": "三"}]},
        ],
    )
    assert model.calls[0][0] == [
        Message("system", "简短"),
        Message("user", "一"),
        Message("assistant", "二"),
        Message("user", "三"),
    ]


def test_stream_of_a_knowledge_base_brings_sources_first(client):
    chunks = list(ask(client, f"kb:{KB}", stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    (source,) = chunks[0].model_extra["sources"]
    assert (source["file"], source["knowledge_base"]) == ("条款.txt", KB)
    assert "download_doc" in source["url"]
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert [piece for piece in pieces if piece] == ["两", "年", "。[1]"]
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage is not None
    assert len({chunk.id for chunk in chunks}) == 1


def test_references_are_written_on_request(client):
    text = ask(client, f"kb:{KB}", extra_body={"references": True}).choices[0].message.content
    assert text.startswith("两年。[1]\n\n[1] 条款.txt http")


def test_name_with_a_plus_is_a_name_first_and_several_names_then(client, model):
    (source,) = ask(client, f"kb:{OTHER}", "退货几天之内提出？").model_extra["sources"]
    assert source["knowledge_base"] == OTHER
    found = ask(client, f"kb:{KB}+{KB}|other", extra_body={"score_threshold": 2}).model_extra["sources"]
    assert {source["knowledge_base"] for source in found} == {KB}
    assert model.calls[-1][1].model == "other"


def test_search_only(client, model):
    answer = ask(client, f"kb:{KB}", extra_body={"return_direct": True})
    assert answer.choices[0].message.content == ""
    assert answer.model_extra["sources"]
    assert model.calls == []


def test_errors_have_the_shape_of_openai(client, model):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "kb:没有")
    assert caught.value.code == "knowledge_base_not_found"
    model.error, model.pieces = ModelNotFound(name="x", known="y"), []
    with pytest.raises(openai.NotFoundError):
        ask(client, "x")
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="", messages=[])
    assert "messages" in str(caught.value)
    with pytest.raises(openai.BadRequestError):
        ask(client, n=2)


def test_one_model_is_looked_up(client):
    for name in ("other", f"kb:{KB}", f"kb:{OTHER}", "builtin-ngram"):
        assert client.models.retrieve(name).id == name
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("nobody/here")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/v1/files", 404, "unknown_url"),
        ("GET", "/v1/chat/completions", 405, "invalid_request"),
        ("POST", "/v1/chat/completions", 400, "invalid_request"),
        ("POST", "/knowledge_base/nowhere/x/chat/completions", 400, "invalid_request"),
        ("GET", "/knowledge_base/local_kb/x/chat/completions", 405, "invalid_request"),
    ],
)
def test_what_the_framework_refuses_has_the_shape_of_openai_too(port, client, method, path, status, code):
    import httpx

    answer = httpx.request(method, f"http://127.0.0.1:{port}{path}")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (
        status,
        code,
        "not_found_error" if status == 404 else "invalid_request_error",
    )
    assert error["message"]
    assert ("allow" in answer.headers) is (status == 405)


def test_a_body_that_is_no_json(port, client):
    import httpx

    answer = httpx.post(f"http://127.0.0.1:{port}/v1/chat/completions", content=b'{"model": ')
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")


def test_error_in_the_midst_of_a_stream_is_told(client, model):
    model.error = ModelFailed(name="x", reason="out of memory")
    with pytest.raises(openai.APIError, match="out of memory"):
        list(ask(client, stream=True))


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings(client, encoding):
    found = client.embeddings.create(
        model="builtin-ngram", input=["保修期", "保修期", "天气"], encoding_format=encoding
    )
    first, same, other = (item.embedding for item in found.data)
    assert first == same != other
    if encoding == "float":
        assert sum(value * value for value in first) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"input": [1, 2]}, "check_embedding_ctx_length"),
        ({"input": [[1, 2]]}, "check_embedding_ctx_length"),
        ({"input": "x", "dimensions": 3}, "its vectors have"),
    ],
)
def test_what_an_embedding_model_does_not_do_is_refused(client, given, told):
    headers = {"Accept-Language": "en"}
    with pytest.raises(openai.BadRequestError, match=told):
        client.embeddings.create(model="builtin-ngram", extra_headers=headers, **given)
    size = len(client.embeddings.create(model="builtin-ngram", input="x").data[0].embedding)
    assert client.embeddings.create(model="builtin-ngram", input="x", dimensions=size).data


def test_unknown_embedding_model(client):
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="nobody", input="x")


def test_rerank_says_what_is_missing(client):
    with pytest.raises(openai.APIStatusError) as caught:
        client.post("/rerank", body={"query": "q", "documents": ["a"]}, cast_to=object)
    assert caught.value.status_code == 503


def test_langchain(port, client, model):
    base = f"http://127.0.0.1:{port}/v1"
    chat = ChatOpenAI(base_url=base, api_key="none", model=f"kb:{KB}", max_retries=0)
    assert chat.invoke("保修期多久？").text == "两年。[1]"
    assert "".join(chunk.text for chunk in chat.stream("保修期多久？")) == "两年。[1]"
    vectors = OpenAIEmbeddings(
        base_url=base, api_key="none", model="builtin-ngram", check_embedding_ctx_length=False
    ).embed_documents(["保修", "天气"])
    assert len(vectors) == 2


def test_knowledge_base_as_a_base_url(port):
    with openai.OpenAI(
        base_url=f"http://127.0.0.1:{port}/knowledge_base/local_kb/{KB}", api_key="none", max_retries=0
    ) as client:
        chunks = list(ask(client, stream=True))
        assert chunks[0].model_extra["docs"][0].startswith("出处 [1] [条款.txt](http")
        assert ask(client).choices[0].message.content == "两年。[1]"


def test_kb_chat_of_0_3(port, client, model):
    import httpx

    url = f"http://127.0.0.1:{port}/chat/kb_chat"
    body = {"query": "保修期多久？", "kb_name": KB, "history": [{"role": "human", "content": "一"}], "stream": False}
    answer = httpx.post(url, json=body).json()
    assert answer["choices"][0]["message"]["content"] == "两年。[1]"
    assert answer["docs"]
    assert model.calls[0][0][0] == Message("user", "一")
    streamed = httpx.post(url, json={**body, "stream": True}).text
    assert '"docs": ["出处' in streamed.split("\r\n\r\n")[0]
    assert streamed.endswith("data: [DONE]\r\n\r\n")
    gone = httpx.post(url, json={**body, "mode": "temp_kb", "kb_name": "nobody"})
    assert gone.status_code == 404
    assert httpx.post(url, json={**body, "history": [{"role": "x", "content": ""}]}).status_code == 422
