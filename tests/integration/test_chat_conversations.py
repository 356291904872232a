"""Conversations over HTTP: make, list, search, rename, read, take back, export, delete; feedback."""

import json

import pytest
from api_app import ScriptedModel, events, make_settings, running_app

from server.caller import Caller, acting_for
from server.chat.memory import TITLE_LENGTH, title_of


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "kb"})
        upload = [("files", ("手册.txt", "本产品的保修期为两年。".encode()))]
        client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": "kb"}, files=upload)
        yield client


def say(client, conversation, query="保修期多久？", path="/chat/knowledge_base_chat", **body):
    body = {"query": query, "knowledge_base_name": "kb", "conversation_id": conversation, **body}
    (event,) = events(client.post(path, json=body))
    return event["message_id"]


def history(client, conversation):
    return client.get(f"/conversations/{conversation}/messages").json()["data"]["history"]


def listed(client, **params):
    return client.get("/conversations", params=params).json()


def test_the_first_question_makes_a_conversation_and_its_title(client):
    say(client, "made-up 编 id")
    (found,) = [one for one in listed(client)["data"] if one["id"] == "made-up 编 id"]
    assert (found["title"], found["mode"], found["knowledge_bases"], found["messages"]) == (
        "保修期多久？", "knowledge_base_chat", ["kb"], 1,
    )  # fmt: skip


def test_without_an_id_there_is_a_message_and_no_conversation(client):
    before = listed(client)["total"]
    message = say(client, "", path="/chat/chat")
    assert listed(client)["total"] == before
    assert client.post("/chat/feedback", json={"message_id": message, "score": 80}).json()["code"] == 200


def test_made_beforehand_renamed_deleted(client):
    made = client.post("/conversations", json={"title": "甲"}).json()["data"]
    assert len(made["id"]) == 32
    say(client, made["id"])
    renamed = client.patch(f"/conversations/{made['id']}", json={"title": "乙"}).json()["data"]
    assert (renamed["title"], renamed["messages"]) == ("乙", 1)
    assert client.delete(f"/conversations/{made['id']}").json()["code"] == 200
    for call in (client.get, client.delete):
        answer = call(f"/conversations/{made['id']}/messages" if call == client.get else f"/conversations/{made['id']}")
        assert (answer.status_code, answer.json()["data"]["error"]) == (404, "conversation_not_found")


def test_an_id_is_taken_once(client):
    assert client.post("/conversations", json={"id": "once"}).status_code == 200
    answer = client.post("/conversations", json={"id": "once"})
    assert (answer.status_code, answer.json()["data"]["error"]) == (409, "conversation_exists")


def test_pages_and_search(client):
    for number in range(5):
        say(client, f"page-{number}", query=f"第{number}页的唯一词 zyx%{number}")
    page = listed(client, search="zyx", limit=2, offset=1)
    assert page["total"] == 5
    assert [one["id"] for one in page["data"]] == ["page-3", "page-2"]
    assert listed(client, search="ZYX%4")["total"] == 1
    assert listed(client, search="zyx_4")["total"] == 0, "what is searched for is text, no pattern"


def test_taking_back_a_question(client):
    ids = [say(client, "back", query=query) for query in ("保修期一", "保修期二", "保修期三", "保修期四")]
    assert [one["id"] for one in history(client, "back")] == ids
    gone = client.delete("/conversations/back/messages/last").json()["data"]
    assert [one["question"] for one in gone] == ["保修期四"]
    client.delete(f"/conversations/back/messages/{ids[1]}", params={"and_later": True})
    assert [one["id"] for one in history(client, "back")] == ids[:1]
    answer = client.delete(f"/conversations/back/messages/{ids[1]}")
    assert (answer.status_code, answer.json()["data"]["error"]) == (404, "message_not_found")


def test_export(client):
    say(client, "out", query="保修期\n多久？")
    text = client.get("/conversations/out/export")
    assert text.headers["content-disposition"].startswith("attachment; filename*=utf-8''")
    assert text.headers["content-type"].startswith("text/markdown")
    assert text.text == "# 保修期\n\n## 保修期 多久？\n\n两年。[1]\n\n1. 手册.txt (lines 1-1)\n"
    whole = json.loads(client.get("/conversations/out/export", params={"format": "json"}).text)
    assert whole["history"] == history(client, "out")
    assert client.get("/conversations/out/export", params={"format": "exe"}).status_code == 422


def test_feedback_becomes_an_evaluation_set(client):
    good, bad = say(client, "fb"), say(client, "fb", query="保修期是几年？")
    for message, score in ((good, 100), (bad, 0)):
        body = {"message_id": message, "score": score, "reason": "对"}
        assert client.post("/chat/feedback", json=body).json() == {"code": 200, "msg": "success", "data": None}
    kept = {one["id"]: (one["feedback_score"], one["feedback_reason"]) for one in history(client, "fb")}
    assert kept == {good: (100, "对"), bad: (0, "对")}
    (case,) = client.get("/feedback/export", params={"least_score": 100}).json()["data"]
    assert (case["question"], case["file"], case["knowledge_bases"], case["score"]) == (
        "保修期多久？", "手册.txt", ["kb"], 100,
    )  # fmt: skip


@pytest.mark.parametrize("body", [None, {}, {"message_id": "f" * 32, "score": 1}])
def test_feedback_on_nothing_is_404(client, body):
    answer = client.post("/chat/feedback", json=body)
    assert answer.status_code == answer.json()["code"] == 404
    assert answer.json()["data"]["error"] == "message_not_found"


def test_feedback_with_a_long_id_is_422(client):
    assert client.post("/chat/feedback", json={"message_id": "f" * 33}).status_code == 422


def test_conversations_belong_to_their_key(client):
    """Asked of the store itself: which key a request has is tested with the guard."""
    store = client.app.state.container.conversations
    with acting_for(Caller("甲", "read")):
        store.create("甲", conversation_id="same", title="甲的")
    store.create("乙", conversation_id="same", title="乙的")
    assert [one.title for one in store.page("甲")[1]] == ["甲的"]
    store.delete("甲", "same")
    assert [one.title for one in store.page("乙")[1]] == ["乙的"]


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("短", "短"),
        ("一行\n二行", "一行"),
        ("字" * 100, "字" * TITLE_LENGTH + "…"),
        ("How do I " + "upload " * 20, "How do I upload upload upload upload…"),
    ],
)
def test_titles(question, title):
    assert title_of(question) == title
