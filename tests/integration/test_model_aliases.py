"""Names of models that clients of 0.2.10 send by default."""

import pytest
from api_app import ScriptedModel, events, make_settings, running_app

from server.llm.generation import Generation


@pytest.fixture(scope="module")
def model():
    return ScriptedModel()


@pytest.fixture(scope="module")
def client(tmp_path_factory, model):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), model) as client:
        yield client


def test_the_default_model_answers_for_the_one_of_0_2_10(client, model):
    events(client.post("/chat/chat", json={"query": "你好", "model_name": "chatglm3-6b"}))
    events(client.post("/chat/chat", json={"query": "你好", "model_name": "another"}))
    assert [call[1] for call in model.calls] == [
        Generation("builtin-extractive", temperature=0.7),
        Generation("another", temperature=0.7),
    ]


def test_the_default_embedder_stands_for_the_one_of_0_2_10(client):
    body = {"knowledge_base_name": "旧客户端", "vector_store_type": "faiss", "embed_model": "bge-large-zh-v1.5"}
    assert client.post("/knowledge_base/create_knowledge_base", json=body).status_code == 200
    (details,) = client.get("/knowledge_base/list_knowledge_bases", params={"details": True}).json()["data"]
    assert details["embed_model"] == "builtin-ngram"
    sent = {"texts": ["a"], "embed_model": "bge-large-zh-v1.5"}
    assert len(client.post("/other/embed_texts", json=sent).json()["data"]) == 1


def test_a_configured_name_is_not_another_one(client):
    body = {"knowledge_base_name": "x", "embed_model": "m3e-base"}
    answer = client.post("/knowledge_base/create_knowledge_base", json=body)
    assert (answer.status_code, answer.json()["data"]["error"]) == (503, "model_unavailable")
