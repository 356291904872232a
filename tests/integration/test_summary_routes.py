"""Summaries over HTTP, on the real document path with a scripted model."""

import asyncio
import threading
import time

import pytest
from api_app import ScriptedModel, events, make_settings, running_app

from server.chat import summaries as summaries_module
from server.errors import ServiceUnavailable

KB, OTHER = "手册", "空的"
LEAVE = "年假制度规定员工入职满一年后享有五天年假。年假须提前三天申请。未休完的年假可以顺延到次年三月。"
TRIP = "出差住宿标准为每晚四百元。出差须事先由主管批准。机票由公司统一订购。"
FILE, ALL, CHUNKS = (
    f"/knowledge_base/kb_summary_api/{name}"
    for name in ("summary_file_to_vector_store", "recreate_summary_vector_store", "summary_doc_ids_to_vector_store")
)
DOWN = ServiceUnavailable(name="FastChat OpenAI API", url="http://127.0.0.1:20000", log="openai_api.log")


@pytest.fixture(scope="module")
def model():
    return ScriptedModel()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return make_settings(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(settings, model):
    with running_app(settings, model) as client:
        for name in (KB, OTHER):
            client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name})
        upload(client, "年假.txt", LEAVE)
        upload(client, "出差.txt", TRIP)
        yield client


@pytest.fixture(autouse=True)
def fresh(model, client):
    model.__init__()
    yield
    for summary in listed(client):
        client.post("/knowledge_base/delete_summary", json=asked(file_name=summary["file"]))


def upload(client, name, text):
    data = {"knowledge_base_name": KB, "override": "true"}
    done = client.post("/knowledge_base/upload_docs", data=data, files=[("files", (name, text.encode()))]).json()
    assert done["data"]["failed_files"] == {}, done


def asked(**body):
    return {"knowledge_base_name": KB, **body}


def listed(client):
    return client.get("/knowledge_base/summaries", params={"knowledge_base_name": KB}).json()["data"]


def read(client, file=""):
    return client.get("/knowledge_base/summary", params={"knowledge_base_name": KB, "file_name": file}).json()["data"]


def finished(client, count):
    """The summaries, once so many are over."""
    deadline = time.monotonic() + 60
    while True:
        found = listed(client)
        if len([each for each in found if each["state"] in ("done", "failed")]) >= count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.02)


class TestContract:
    def test_one_file(self, client):
        body = asked(file_name="年假.txt", vs_type="faiss", embed_model="m3e-base", max_tokens=None)
        (event,) = events(client.post(FILE, json=body))
        assert (event["code"], event["doc"]) == (200, "年假.txt")
        kept = read(client, "年假.txt")
        assert (kept["state"], kept["extractive"], kept["stale"]) == ("done", True, False)
        assert "五天年假" in kept["text"]

    def test_one_file_with_a_model(self, client, model):
        body = asked(file_name="年假.txt", model_name="writer", temperature=0.2, file_description="人事制度")
        (event,) = events(client.post(FILE, json=body))
        assert event["code"] == 200
        kept = read(client, "年假.txt")
        assert (kept["text"], kept["model"], kept["extractive"], kept["parts"]) == (
            "两年。[1]", "writer", False, ["两年。[1]"],
        )  # fmt: skip
        (messages, generation) = model.calls[0]
        assert generation.temperature == 0.2
        assert "五天年假" in messages[0].content
        assert "人事制度" in messages[0].content

    def test_all_files(self, client):
        found = events(client.post(ALL, json=asked()))
        assert [(event["code"], event["total"], event["finished"]) for event in found] == [(200, 2, 1), (200, 2, 2)]
        assert {event["doc"] for event in found} == {"年假.txt", "出差.txt"}
        assert [event["msg"] for event in found] == [f"({event['finished']} / 2): {event['doc']}" for event in found]

    def test_a_failure_is_an_event_and_stays_readable(self, client, model):
        model.error = DOWN
        (event,) = events(client.post(FILE, json=asked(file_name="年假.txt", model_name="writer")))
        assert (event["code"], event["error"]) == (500, "service_unavailable")
        kept = read(client, "年假.txt")
        assert (kept["state"], kept["error_code"]) == ("failed", "service_unavailable")
        assert kept["error"]

    def test_chunks(self, client):
        answer = client.post("/knowledge_base/search_docs", json=asked(query="年假")).json()
        ids = [found["id"] for found in answer]
        done = client.post(CHUNKS, json=asked(doc_ids=[*ids, "99999", "x"], file_description="说明")).json()
        (document,) = done["data"]["summarize"]
        assert "年假" in document["page_content"]
        assert document["metadata"]["doc_ids"] == ",".join(ids)
        assert document["metadata"]["file_description"] == "说明"
        assert "intermediate_steps" in document["metadata"]["summary_intermediate_steps"]
        assert listed(client) == []

    def test_unknown_names(self, client):
        missing = {"knowledge_base_name": "没有"}
        unknown = client.post(CHUNKS, json={**missing, "doc_ids": ["1"]})
        assert (unknown.status_code, unknown.json()["data"]) == (404, {})
        assert client.post(ALL, json=missing).status_code == 404
        assert client.post(FILE, json=asked(file_name="没有.txt")).status_code == 404
        assert client.post(CHUNKS, json=asked(doc_ids=["77777"])).json()["data"]["error"] == "nothing_to_summarize"

    def test_an_empty_knowledge_base(self, client):
        body = {"knowledge_base_name": OTHER}
        assert events(client.post(ALL, json=body)) == []
        assert client.post(ALL, json={**body, "allow_empty_kb": False}).status_code == 422


class TestBackground:
    def test_of_files_and_of_the_knowledge_base(self, client):
        queued = client.post("/knowledge_base/summaries", json=asked(whole=True)).json()
        assert [each["file"] for each in queued["data"]] == ["出差.txt", "年假.txt", ""]
        found = finished(client, 3)
        assert [(each["file"], each["state"]) for each in found] == [
            ("", "done"), ("出差.txt", "done"), ("年假.txt", "done"),
        ]  # fmt: skip
        assert "年假" in found[0]["text"]
        assert "出差" in found[0]["text"]

    def test_of_one_file(self, client):
        client.post("/knowledge_base/summaries", json=asked(file_names=["出差.txt"]))
        assert [each["file"] for each in finished(client, 1)] == ["出差.txt"]

    def test_a_changed_file_makes_it_stale(self, client):
        client.post("/knowledge_base/summaries", json=asked(whole=True))
        finished(client, 3)
        upload(client, "出差.txt", TRIP + "餐费每天一百元。")
        assert {each["file"]: each["stale"] for each in listed(client)} == {
            "": True,
            "出差.txt": True,
            "年假.txt": False,
        }
        client.post("/knowledge_base/summaries", json=asked(file_names=["出差.txt"]))
        finished(client, 3)
        assert read(client, "出差.txt")["stale"] is False

    def test_a_deleted_file_takes_it_along(self, client):
        upload(client, "临时.txt", "这是一个临时文件，说明临时的事情。")
        client.post("/knowledge_base/summaries", json=asked(file_names=["临时.txt"]))
        finished(client, 1)
        client.post("/knowledge_base/delete_docs", json=asked(file_names=["临时.txt"], delete_content=True))
        assert listed(client) == []

    def test_a_failed_one_keeps_the_older_text(self, client, model):
        client.post("/knowledge_base/summaries", json=asked(file_names=["年假.txt"], model_name="writer"))
        finished(client, 1)
        model.error = DOWN
        client.post("/knowledge_base/summaries", json=asked(file_names=["年假.txt"], model_name="writer"))
        (kept,) = finished(client, 1)
        while kept["state"] != "failed":
            time.sleep(0.02)
            (kept,) = listed(client)
        assert kept["text"] == "两年。[1]"

    def test_delete(self, client):
        client.post("/knowledge_base/summaries", json=asked(file_names=["年假.txt"]))
        finished(client, 1)
        done = client.post("/knowledge_base/delete_summary", json=asked(file_name="年假.txt"))
        assert done.json()["code"] == 200
        again = client.post("/knowledge_base/delete_summary", json=asked(file_name="年假.txt"))
        assert (again.status_code, again.json()["data"]["error"]) == (404, "summary_not_found")
        assert client.get("/knowledge_base/summary", params={"knowledge_base_name": KB}).status_code == 404

    def test_what_is_called_off_stops_and_leaves_the_older_text(self, client, model):
        client.post("/knowledge_base/summaries", json=asked(file_names=["年假.txt"], model_name="writer"))
        finished(client, 1)
        begun, stopped = threading.Event(), threading.Event()

        async def endless(messages, generation):
            begun.set()
            try:
                await asyncio.sleep(60)
                yield None
            finally:
                stopped.set()

        model.stream = endless
        client.post("/knowledge_base/summaries", json=asked(whole=True, model_name="writer"))
        assert begun.wait(60)
        done = client.post("/knowledge_base/cancel_summaries", json=asked()).json()
        assert sorted(done["data"]["files"]) == ["", "出差.txt", "年假.txt"]
        assert stopped.wait(60)
        (kept,) = listed(client)
        assert (kept["file"], kept["state"], kept["text"]) == ("年假.txt", "done", "两年。[1]")
        del model.stream
        client.post("/knowledge_base/summaries", json=asked(file_names=["出差.txt"], model_name="writer"))
        assert [each["state"] for each in finished(client, 2)] == ["done", "done"]

    def test_one_of_several_is_called_off(self, client, model):
        async def endless(messages, generation):
            await asyncio.sleep(60)
            yield None

        model.stream = endless
        client.post("/knowledge_base/summaries", json=asked(model_name="writer"))
        body = asked(file_names=["出差.txt", "没有.txt"])
        assert client.post("/knowledge_base/cancel_summaries", json=body).json()["data"] == {"files": ["出差.txt"]}
        assert [each["file"] for each in listed(client)] == ["年假.txt"]
        assert client.post("/knowledge_base/cancel_summaries", json=asked()).json()["data"] == {"files": ["年假.txt"]}
        assert client.post("/knowledge_base/cancel_summaries", json=asked()).json()["data"] == {"files": []}
        missing = client.post("/knowledge_base/cancel_summaries", json={"knowledge_base_name": "没有"})
        assert missing.status_code == 404
        del model.stream

    def test_a_deleted_knowledge_base_takes_all_along(self, client):
        body = {"knowledge_base_name": "短命"}
        client.post("/knowledge_base/create_knowledge_base", json=body)
        client.post(
            "/knowledge_base/upload_docs", data=body, files=[("files", ("a.txt", "这里写着一些说明文字。".encode()))]
        )
        assert events(client.post(ALL, json=body))[0]["code"] == 200
        assert client.post("/knowledge_base/delete_knowledge_base", json="短命").json()["code"] == 200
        answer = client.get("/knowledge_base/summaries", params=body)
        assert answer.status_code == 404


def test_what_a_stop_interrupted_goes_on(tmp_path, monkeypatch):
    settings, model = make_settings(tmp_path), ScriptedModel()
    monkeypatch.setattr(summaries_module, "RESUME_AFTER_S", 0.05)

    async def never(messages, generation):
        import asyncio

        await asyncio.sleep(60)
        yield None

    model.stream = never
    with running_app(settings, model) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": KB})
        upload(client, "年假.txt", LEAVE)
        client.post("/knowledge_base/summaries", json=asked(model_name="writer"))
        for _ in range(100):
            if listed(client)[0]["state"] == "running":
                break
            time.sleep(0.02)
        assert listed(client)[0]["state"] == "running"
    with running_app(settings, ScriptedModel()) as client:
        (found,) = finished(client, 1)
    assert (found["state"], found["text"]) == ("done", "两年。[1]")
