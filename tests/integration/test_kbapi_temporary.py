"""Files dropped into a chat, over HTTP: the contract's shapes, limits, lifetime, search."""

import json
import os
import time

import pytest
from api_app import ScriptedModel, make_settings, running_app

from server.api.chunk_wire import found_document

ROUTE = "/knowledge_base/upload_temp_docs"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    small = {"ZHIWEN__FILE_CHAT__MAX_CHATS": "3", "ZHIWEN__FILE_CHAT__MAX_FILES": "2", "ZHIWEN__FILE_CHAT__MAX_MB": "1"}
    return make_settings(tmp_path_factory.mktemp("data"), **small)


@pytest.fixture(scope="module")
def app_client(settings):
    with running_app(settings, ScriptedModel()) as client:
        yield client


@pytest.fixture
def client(app_client):
    yield app_client
    for info in app_client.get("/knowledge_base/temp_docs").json()["data"]:
        app_client.post("/knowledge_base/delete_temp_docs", json={"knowledge_id": info["id"]})


def upload(client, *files, **fields):
    return client.post(ROUTE, data=fields, files=[("files", (name, text.encode())) for name, text in files])


def search(client, knowledge_id, query, **fields):
    return client.post(
        "/knowledge_base/search_temp_docs", json={"knowledge_id": knowledge_id, "query": query, **fields}
    )


def test_upload_search_list_delete(client):
    data = upload(client, ("a.txt", "保修期为两年。"), ("empty.txt", "")).json()["data"]
    assert data["id"].startswith("tmp")
    assert len(data["id"]) > 30
    assert [list(each) for each in data["failed_files"]] == [["empty.txt"]]
    (found,) = search(client, data["id"], "保修期多久").json()
    assert found["page_content"] == "保修期为两年。"
    assert found["metadata"]["source"] == "a.txt"
    assert 0 <= found["score"] <= 1
    (info,) = client.get("/knowledge_base/temp_docs").json()["data"]
    assert info["id"] == data["id"]
    assert {file["name"]: file["state"] for file in info["files"]} == {"a.txt": "ready", "empty.txt": "failed"}
    assert client.post("/knowledge_base/delete_temp_docs", json={"knowledge_id": data["id"]}).json()["code"] == 200
    gone = search(client, data["id"], "保修期")
    assert (gone.status_code, gone.json()["data"]["error"]) == (404, "temporary_not_found")


@pytest.mark.parametrize("field", ["prev_id", "knowledge_id"])
def test_an_earlier_upload_is_replaced_under_its_id(client, field):
    first = upload(client, ("a.txt", "保修期为两年。")).json()["data"]["id"]
    second = upload(client, ("b.txt", "退货须在七天内。"), **{field: first}).json()["data"]["id"]
    assert second == first
    assert search(client, first, "保修期").json() == []
    assert search(client, first, "退货").json()
    third = upload(client, ("a.txt", "保修期为两年。"), prev_id=first, keep="true").json()["data"]["id"]
    assert third == first
    assert search(client, first, "退货").json()
    assert search(client, first, "保修期").json()
    fresh = upload(client, ("a.txt", "一"), **{field: "tmpunknown"}).json()["data"]["id"]
    assert fresh not in (first, "tmpunknown")


def test_no_usable_file_gives_no_id(client):
    answer = upload(client, ("empty.txt", ""), ("x.exe", "MZ"))
    assert answer.status_code in (415, 422)
    assert answer.json()["data"]["id"] is None
    assert {name for each in answer.json()["data"]["failed_files"] for name in each} == {"empty.txt", "x.exe"}
    assert client.get("/knowledge_base/temp_docs").json()["data"] == []


def test_limits(client):
    many = upload(client, ("a.txt", "一"), ("b.txt", "二"), ("c.txt", "三")).json()["data"]
    assert [list(each) for each in many["failed_files"]] == [["c.txt"]]
    big = upload(client, ("a.txt", "一"), ("big.txt", "x" * (1024 * 1024 + 1))).json()["data"]
    assert "file_chat.max_mb" in big["failed_files"][0]["big.txt"]
    assert upload(client, ("a.txt", "一")).status_code == 200
    refused = upload(client, ("a.txt", "一"))
    assert (refused.status_code, refused.json()["data"]["error"]) == (429, "too_many_temporary")
    assert "Retry-After" in refused.headers


def test_without_waiting_the_state_tells(client):
    answer = upload(client, ("a.txt", "保修期为两年。"), wait="false").json()["data"]
    for _ in range(200):
        (info,) = client.get("/knowledge_base/temp_docs", params={"knowledge_id": answer["id"]}).json()["data"]
        if info["files"][0]["state"] != "waiting":
            break
    assert info["files"][0]["state"] == "ready"


def test_files_are_forgotten_after_their_lifetime(app_client, client):
    stores = app_client.app.state.container.temporary
    clock = [1000.0]
    before, stores._clock = stores._clock, lambda: clock[0]
    try:
        made = upload(client, ("a.txt", "保修期为两年。")).json()["data"]["id"]
        clock[0] += 7000
        assert search(client, made, "保修期").status_code == 200
        clock[0] += 7000
        assert search(client, made, "保修期").status_code == 200
        clock[0] += 7201
        assert search(client, made, "保修期").status_code == 404
    finally:
        stores._clock = before


def test_nothing_stays_on_disk_longer_than_the_files(client, settings):
    made = upload(client, ("a.txt", "绝密的内容在此")).json()["data"]["id"]
    root = settings.paths.knowledge_base

    def holding(text):
        return [path for path in root.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]

    assert [path.parent.name for path in holding("绝密")] == [made]
    assert not [path for path in root.rglob("*") if path.is_file() and ".cache" in path.parts]
    client.post("/knowledge_base/delete_temp_docs", json={"knowledge_id": made})
    assert holding("绝密") == []
    assert not (root / ".dropped" / made).exists()


def test_what_is_dropped_outlives_a_restart(tmp_path):
    settings = make_settings(tmp_path)
    with running_app(settings, ScriptedModel()) as client:
        made = upload(client, ("a.txt", "保修期为两年。"), ("b.txt", "退货须在七天内。"), ("e.txt", "")).json()["data"][
            "id"
        ]
        other = upload(client, ("c.txt", "早餐七点开始。")).json()["data"]["id"]
        client.post("/knowledge_base/delete_temp_docs", json={"knowledge_id": made, "file_names": ["b.txt"]})
        before = search(client, made, "保修期").json()
    with running_app(settings, ScriptedModel()) as client:
        infos = {info["id"]: info for info in client.get("/knowledge_base/temp_docs").json()["data"]}
        assert set(infos) == {made, other}
        assert {file["name"]: file["state"] for file in infos[made]["files"]} == {"a.txt": "ready", "e.txt": "failed"}
        assert infos[made]["chunks"] == 1
        assert search(client, made, "保修期").json() == before
        assert search(client, made, "退货").json() == []
        upload(client, ("d.txt", "退货须在七天内。"), prev_id=made, keep="true")
        assert [found["metadata"]["source"] for found in search(client, made, "退货").json()] == ["d.txt"]
        client.post("/knowledge_base/delete_temp_docs", json={"knowledge_id": other})
    record = tmp_path / "kb" / ".dropped" / made / "store.json"
    os.utime(record, (time.time() - 8000, time.time() - 8000))
    with running_app(settings, ScriptedModel()) as client:
        assert client.get("/knowledge_base/temp_docs").json()["data"] == []
    assert list(record.parent.parent.iterdir()) == []


def test_what_was_damaged_or_cut_short_is_said_of_the_file(tmp_path):
    settings = make_settings(tmp_path)
    with running_app(settings, ScriptedModel()) as client:
        made = upload(client, ("a.txt", "保修期为两年。"), ("b.txt", "退货须在七天内。")).json()["data"]["id"]
    folder = tmp_path / "kb" / ".dropped" / made
    record = json.loads((folder / "store.json").read_text("utf-8"))
    record["files"][0]["state"] = "waiting"
    (folder / "store.json").write_text(json.dumps(record), "utf-8")
    for kept in folder.glob("*.npz"):
        kept.write_bytes(b"torn")
    (folder.parent / "tmpwithout").mkdir()
    with running_app(settings, ScriptedModel()) as client:
        assert search(client, made, "保修期").json() == []
        (info,) = client.get("/knowledge_base/temp_docs").json()["data"]
        assert {(file["state"], file["error_code"]) for file in info["files"]} == {("failed", "job_cancelled")}


def test_one_file_of_a_chat_is_deleted(client):
    made = upload(client, ("a.txt", "保修期为两年。"), ("b.txt", "退货须在七天内。")).json()["data"]["id"]
    body = {"knowledge_id": made, "file_names": ["a.txt"]}
    assert client.post("/knowledge_base/delete_temp_docs", json=body).status_code == 200
    assert search(client, made, "保修期", score_threshold=1.0).json() == []
    assert client.post("/knowledge_base/delete_temp_docs", json=body).status_code == 404


def test_a_found_document_has_the_shape_of_0_2_10():
    from server.types import Chunk

    assert found_document(Chunk(3, "", "a.txt", 0, "文", {"page": 1}), 0.5) == {
        "page_content": "文",
        "metadata": {"page": 1, "source": "a.txt", "id": "3"},
        "type": "Document",
        "id": "3",
        "score": 0.5,
    }
