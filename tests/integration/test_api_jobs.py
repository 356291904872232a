"""Jobs, ledger, settings and receipts over HTTP, on the real document path."""

import sqlite3
import threading
from collections.abc import Iterator

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from sqlalchemy.exc import OperationalError

from server.knowledge_base.lookup import named
from server.knowledge_base.recipe import IngestOptions

KB = "任务库"
TEXT = "本产品的保修期为两年。退货须在收货后七天内提出。"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    settings = make_settings(tmp_path_factory.mktemp("data"), ZHIWEN__INGEST__QUEUE_LIMIT="3")
    with running_app(settings, ScriptedModel()) as client:
        yield client


@pytest.fixture
def kb(client) -> Iterator[str]:
    client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": KB})
    yield KB
    client.post("/knowledge_base/delete_knowledge_base", json=KB)


@pytest.fixture
def gate(client, monkeypatch):
    """Readers that stop before a file until the gate is opened, or the job cancelled."""
    opened = threading.Event()
    queue = knowledge_bases(client).jobs
    read = queue._read

    def wait_then_read(job_id):
        while not opened.wait(0.02) and job_id not in queue._cancelled:
            pass
        return read(job_id)

    monkeypatch.setattr(queue, "_read", wait_then_read)
    yield opened
    opened.set()
    queue.wait([job.id for job in knowledge_bases(client).list_jobs()])


def knowledge_bases(client):
    return client.app.state.container.knowledge_bases


def upload(client, *files, **fields):
    parts = [("files", (file, content)) for file, content in files]
    return client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": KB, **fields}, files=parts)


def listed(client):
    params = {"knowledge_base_name": KB, "details": True}
    return {file["name"]: file for file in client.get("/knowledge_base/list_files", params=params).json()["data"]}


def finished(client, job_id):
    """The job's last event; the stream ends when it is over."""
    return events(client.get(f"/knowledge_base/jobs/{job_id}/events"))[-1]


def test_an_upload_need_not_wait(client, kb):
    answer = upload(client, ("a.txt", TEXT.encode()), ("tool.exe", b"MZ"), wait="false")
    assert answer.status_code == answer.json()["code"] == 202
    data = answer.json()["data"]
    assert data["failed_codes"] == {"tool.exe": "unsupported_file_type"}
    [job] = data["jobs"]
    last = finished(client, job["id"])
    assert (last["file"], last["state"], last["percent"], last["error"]) == ("a.txt", "done", 100, "")
    assert last["chunks"] > 0
    assert last["finished"]
    assert client.get(f"/knowledge_base/jobs/{job['id']}").json()["data"] == last
    again = upload(client, ("a.txt", TEXT.encode()), wait="false", override="true").json()["data"]
    assert (again["jobs"], again["unchanged"]) == ([], ["a.txt"])
    forced = upload(client, ("a.txt", TEXT.encode()), wait="false", override="true", force="true").json()["data"]
    assert finished(client, forced["jobs"][0]["id"])["state"] == "done"


def test_work_is_seen_in_the_list_of_files_and_a_full_queue_says_when_to_come_back(client, kb, gate):
    files = [(f"{number}.txt", f"{TEXT}{number}".encode()) for number in range(3)]
    jobs = upload(client, *files, wait="false").json()["data"]["jobs"]
    waiting = listed(client)
    assert {name: file["state"] for name, file in waiting.items()} == dict.fromkeys(
        ("0.txt", "1.txt", "2.txt"), "waiting"
    )
    assert waiting["0.txt"]["job_id"] == jobs[0]["id"]
    assert waiting["0.txt"]["size"] == len(files[0][1])
    refused = upload(client, ("more.txt", b"more text"), wait="false")
    assert refused.status_code == refused.json()["code"] == 429
    assert refused.json()["data"]["error"] == "queue_full"
    assert int(refused.headers["retry-after"]) > 0
    gate.set()
    for job in jobs:
        assert finished(client, job["id"])["state"] == "done"
    assert {file["job_id"] for file in listed(client).values()} == {None}


def test_a_job_can_be_cancelled_but_not_twice(client, kb, gate):
    [job] = upload(client, ("a.txt", TEXT.encode()), wait="false").json()["data"]["jobs"]
    assert client.post(f"/knowledge_base/jobs/{job['id']}/cancel").status_code == 200
    last = finished(client, job["id"])
    assert (last["state"], last["error_code"]) == ("cancelled", "job_cancelled")
    again = client.post(f"/knowledge_base/jobs/{job['id']}/cancel")
    assert (again.status_code, again.json()["data"]["error"]) == (409, "job_over")
    assert listed(client) == {}


def test_jobs_are_listed_by_knowledge_base_and_state(client, kb):
    upload(client, ("good.txt", TEXT.encode()), ("empty.txt", b""))
    ask = {"knowledge_base_name": kb}
    both = client.get("/knowledge_base/jobs", params=ask).json()["data"]
    assert {job["file"]: job["state"] for job in both} == {"good.txt": "done", "empty.txt": "failed"}
    [failed] = client.get("/knowledge_base/jobs", params={**ask, "state": "failed"}).json()["data"]
    assert failed["error_code"] == "file_empty"
    assert "0 字节" in failed["error"]
    states = [("knowledge_base_name", kb), ("state", "failed"), ("state", "done")]
    assert client.get("/knowledge_base/jobs", params=states).json()["data"] == both
    assert client.get("/knowledge_base/jobs", params={"state": "lost"}).status_code == 422
    assert client.get("/knowledge_base/jobs", params={"knowledge_base_name": "nope"}).status_code == 404


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/events"), ("POST", "/cancel"), ("POST", "/retry")])
def test_an_unknown_job_is_not_found(client, method, path):
    answer = client.request(method, f"/knowledge_base/jobs/987654{path}")
    assert (answer.status_code, answer.json()["data"]["error"]) == (404, "job_not_found")


def test_failed_files_are_read_again_one_or_all(client, kb):
    upload(client, ("good.txt", TEXT.encode()), ("a.txt", b""), ("b.txt", b""))
    params = {"knowledge_base_name": kb, "state": "failed"}
    failed = client.get("/knowledge_base/jobs", params=params).json()["data"]
    folder = knowledge_bases(client).content_path(kb, "a.txt").parent
    (folder / "a.txt").write_text(TEXT, "utf-8")
    [again] = client.post("/knowledge_base/retry_failed", json={"knowledge_base_name": kb}).json()["data"]["jobs"][:1]
    assert again["file"] == "a.txt"
    last = finished(client, again["id"])
    assert (last["state"], last["attempts"]) == ("done", 1)
    knowledge_bases(client).jobs.wait([job.id for job in knowledge_bases(client).list_jobs(kb)])
    assert {name: file["state"] for name, file in listed(client).items()} == {
        "a.txt": "ready",
        "b.txt": "failed",
        "good.txt": "ready",
    }
    (folder / "b.txt").write_text(TEXT, "utf-8")
    job_id = next(job["id"] for job in failed if job["file"] == "b.txt")
    retried = client.post(f"/knowledge_base/jobs/{job_id}/retry").json()["data"]["jobs"][0]
    assert finished(client, retried["id"])["state"] == "done"
    assert client.post("/knowledge_base/retry_failed", json={"knowledge_base_name": kb}).json()["data"]["jobs"] == []


def test_the_ledger_agrees_with_both_indexes(client, kb):
    upload(client, ("a.txt", (TEXT * 40).encode()), chunk_size="100", chunk_overlap="10", ocr="false")
    upload(client, ("stored.txt", TEXT.encode()), to_vector_store="false")
    files = listed(client)
    file = files["a.txt"]
    assert file["chunks"] == file["vectors"] == file["words"] > 3
    assert len(file["sha256"]) == 64
    assert file["pages"] == file["pages_with_text"] == 1
    assert file["settings"]["chunk_size"] == 100
    assert file["settings"]["ocr"] is False
    assert [files["stored.txt"][name] for name in ("state", "chunks", "vectors", "words")] == ["ready", 0, 0, 0]


def test_the_ledger_shows_an_index_that_lost_entries(client, kb):
    upload(client, ("a.txt", TEXT.encode()))
    service = knowledge_bases(client)
    row = named(service._database, kb)
    from server.knowledge_base.publish import open_index

    index = open_index(service._indexes, service._layout(kb), row)
    index.change(remove=index.ids()[0])
    file = listed(client)["a.txt"]
    assert (file["chunks"] > 0, file["vectors"], file["words"]) == (True, 0, 0)


def test_a_deletion_gives_a_receipt_and_spares_what_another_file_needs(client, kb):
    other = "另一个库"
    client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": other})
    text = ("收据测试。" + TEXT * 40).encode()
    upload(client, ("a.txt", text), ("empty.txt", b""))
    upload(client, ("b.txt", text), knowledge_base_name=other)
    chunks = listed(client)["a.txt"]["chunks"]
    body = {"knowledge_base_name": kb, "file_names": ["a.txt", "empty.txt", "no.txt"], "delete_content": True}
    receipt = client.post("/knowledge_base/delete_docs", json=body).json()["data"]["receipt"]
    assert receipt == {
        "files": 2,
        "chunks": chunks,
        "vectors": chunks,
        "words": chunks,
        "bytes": len(text),
        "cache_entries": 0,
    }
    body = {"knowledge_base_name": other, "file_names": ["b.txt"], "delete_content": True}
    receipt = client.post("/knowledge_base/delete_docs", json=body).json()["data"]["receipt"]
    assert receipt["cache_entries"] == 3  # the text, and the vectors under each of the two names it was searchable by
    client.post("/knowledge_base/delete_knowledge_base", json=other)


def test_settings_of_a_knowledge_base_hold_for_its_files(client):
    name = "有设置的库"
    asked = {"splitter": "MarkdownHeaderTextSplitter", "chunk_size": 120, "chunk_overlap": 20, "ocr": False}
    made = client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name, **asked})
    assert made.status_code == 200
    assert settings_of(client, name) == {**asked, "zh_title_enhance": False}
    upload(client, ("a.txt", TEXT.encode()), knowledge_base_name=name)
    params = {"knowledge_base_name": name, "details": True}
    [file] = client.get("/knowledge_base/list_files", params=params).json()["data"]
    assert file["splitter"] == "MarkdownHeaderTextSplitter"
    assert {key: file["settings"][key] for key in asked} == asked
    changed = client.post(
        "/knowledge_base/update_settings", json={"knowledge_base_name": name, "chunk_size": 300, "ocr": True}
    )
    assert "重建" in changed.json()["msg"]
    assert changed.json()["data"]["settings"]["chunk_size"] == 300
    assert settings_of(client, name) == {**asked, "zh_title_enhance": False, "chunk_size": 300, "ocr": True}
    events(client.post("/knowledge_base/recreate_vector_store", json={"knowledge_base_name": name}))
    [file] = client.get("/knowledge_base/list_files", params=params).json()["data"]
    assert file["settings"]["chunk_size"] == 300
    client.post("/knowledge_base/delete_knowledge_base", json=name)


def settings_of(client, name):
    infos = client.get("/knowledge_base/list_knowledge_bases", params={"details": True}).json()["data"]
    return next(info["settings"] for info in infos if info["name"] == name)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"splitter": "os:system"}, "unknown_part"),
        ({"splitter": "NoSuchSplitter"}, "unknown_part"),
        ({"chunk_size": 100, "chunk_overlap": 100}, "bad_setting"),
        ({"chunk_overlap": 250}, "bad_setting"),
    ],
)
def test_settings_that_cannot_work_change_nothing(client, kb, asked, code):
    before = settings_of(client, kb)
    answer = client.post("/knowledge_base/update_settings", json={"knowledge_base_name": kb, **asked})
    assert (answer.status_code, answer.json()["data"]["error"]) == (422, code)
    assert settings_of(client, kb) == before
    answer = client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "新库", **asked})
    assert (answer.status_code, answer.json()["data"]["error"]) == (422, code)
    assert "新库" not in client.get("/knowledge_base/list_knowledge_bases").json()["data"]


def test_an_upload_cannot_name_a_splitter_to_import(client, kb):
    refused = upload(client, ("a.txt", TEXT.encode()), splitter="os:system")
    assert (refused.status_code, refused.json()["data"]["error"]) == (422, "unknown_part")
    assert listed(client) == {}
    chosen = upload(client, ("a.txt", TEXT.encode()), splitter="RecursiveCharacterTextSplitter")
    assert chosen.json()["data"]["failed_files"] == {}
    assert listed(client)["a.txt"]["splitter"] == "RecursiveCharacterTextSplitter"


def test_formats_tell_what_can_be_uploaded(client):
    data = client.get("/knowledge_base/formats").json()["data"]
    assert {".pdf", ".docx", ".md", ".zip"} <= set(data["suffixes"])
    assert data["splitters"][0] == data["settings"]["splitter"] == "ChineseRecursiveTextSplitter"
    assert data["settings"]["chunk_size"] == 250


def test_nothing_asked_keeps_nothing(client, kb):
    knowledge_bases(client).update_settings(kb, IngestOptions())
    assert named(knowledge_bases(client)._database, kb).settings == {}


def test_a_disk_that_fills_up_is_named_and_the_file_can_be_sent_again(client, kb, monkeypatch):
    def full(*_args, **_kwargs):
        raise ValueError("An IO error occurred: 'No space left on device (os error 28)'")

    with monkeypatch.context() as patched:
        patched.setattr("server.knowledge_base.index.Index.change", full)
        # SQL cannot be written either, so the row of the file stays.
        patched.setattr("server.knowledge_base.publish.Publisher._withdraw", full)
        answer = upload(client, ("a.txt", TEXT.encode())).json()
    assert answer["data"]["failed_codes"] == {"a.txt": "storage_failed"}
    assert "请清理磁盘" in answer["data"]["failed_files"]["a.txt"]
    assert listed(client)["a.txt"]["state"] == "failed"
    assert listed(client)["a.txt"]["error_code"] == "storage_failed"
    assert upload(client, ("a.txt", TEXT.encode()), override="true").json()["data"]["failed_files"] == {}
    assert listed(client)["a.txt"]["state"] == "ready"


def test_an_end_that_cannot_be_written_ends_no_thread(client, kb, monkeypatch):
    queue = knowledge_bases(client).jobs
    end, tries = queue._book.end, []

    def once_full(*args):
        tries.append(args)
        if len(tries) == 1:
            raise OperationalError("UPDATE", {}, sqlite3.OperationalError("database or disk is full"))
        end(*args)

    with monkeypatch.context() as patched:
        patched.setattr(queue._book, "end", once_full)
        assert upload(client, ("a.txt", TEXT.encode())).json()["data"]["failed_files"] == {}
    assert len(tries) == 2
    assert upload(client, ("b.txt", TEXT.encode())).json()["data"]["failed_files"] == {}
