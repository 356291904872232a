"""Rebuilds in the background, check and repair, and the preview of chunks, over HTTP."""

import threading
import time

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from kbapi_client import LINES, Kb

from server.knowledge_base.lookup import find
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import open_index
from server.retrieval.dense import embed_documents

PATIENCE_S = 60


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        yield client


@pytest.fixture
def kb(client):
    made = Kb(client, "照料")
    made.upload(("a.txt", LINES), ("b.txt", "保修期为两年。"), chunk_size=30, chunk_overlap=0)
    yield made
    made.delete()


@pytest.fixture
def gate(client, monkeypatch):
    """Rebuilds stop after their first file until it is opened."""
    opened = threading.Event()
    knowledge_bases = client.app.state.container.knowledge_bases
    rebuild = knowledge_bases.rebuild

    def slowly(*args, **options):
        for step in rebuild(*args, **options):
            yield step
            opened.wait(PATIENCE_S)

    monkeypatch.setattr(knowledge_bases, "rebuild", slowly)
    yield opened
    opened.set()


def settled(client, rebuild_id):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = client.get(f"/knowledge_base/rebuilds/{rebuild_id}").json()["data"]
        if found["state"] != "running":
            return found
        time.sleep(0.02)
    pytest.fail("the rebuild did not end")


def seen(client, rebuild_id):
    """The rebuild once its first file is through."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if (found := client.get(f"/knowledge_base/rebuilds/{rebuild_id}").json()["data"])["finished"]:
            return found
        time.sleep(0.02)
    pytest.fail("the rebuild did not begin")


def test_a_rebuild_goes_on_in_the_background(client, kb):
    started = kb.post("rebuilds", force=True).json()["data"]
    assert started["state"] == "running"
    ended = settled(client, started["id"])
    assert (ended["state"], ended["finished"], ended["total"]) == ("done", 2, 2)
    assert ended["failed_files"] == {}
    assert not ended["unchanged"]
    assert kb.get("rebuilds").json()["data"][0]["id"] == started["id"]
    again = settled(client, kb.post("rebuilds").json()["data"]["id"])
    assert again["unchanged"]


def test_a_second_rebuild_waits_for_nobody_and_a_running_one_can_be_called_off(client, kb, gate):
    started = kb.post("rebuilds", force=True).json()["data"]
    assert seen(client, started["id"])["total"] == 2
    refused = kb.post("rebuilds")
    assert (refused.status_code, refused.json()["data"]["error"]) == (409, "knowledge_base_busy")
    client.post(f"/knowledge_base/rebuilds/{started['id']}/cancel")
    gate.set()
    assert settled(client, started["id"])["state"] == "cancelled"
    assert "保修期为两年。" in kb.texts()


def test_a_rebuild_of_the_old_route_is_listed_too(client, kb):
    assert len(events(kb.rebuild(force=True))) == 2
    (newest, *_) = kb.get("rebuilds").json()["data"]
    assert (newest["state"], newest["finished"]) == ("done", 2)


def test_what_fails_is_told_with_its_reason(client, kb):
    started = kb.post("rebuilds", embed_model="nobody-knows", force=True).json()["data"]
    ended = settled(client, started["id"])
    assert (ended["state"], ended["error_code"]) == ("failed", "model_not_found")
    assert "nobody-knows" in ended["error"]
    content = client.app.state.container.knowledge_bases.content_path(kb.name, "b.txt")
    content.write_bytes(b"")
    ended = settled(client, kb.post("rebuilds").json()["data"]["id"])
    assert list(ended["failed_files"]) == ["b.txt"]


def test_unknown_rebuilds_and_knowledge_bases_are_not_found(client):
    assert client.get("/knowledge_base/rebuilds/999").json()["data"]["error"] == "job_not_found"
    missing = client.post("/knowledge_base/rebuilds", json={"knowledge_base_name": "nope"})
    assert missing.json()["data"]["error"] == "knowledge_base_not_found"


def test_check_finds_what_repair_puts_right(client, kb):
    names = [kb.name]
    end = time.monotonic() + PATIENCE_S
    whole = {}
    while not whole.get("agrees"):  # the repair after the start may still be at work
        assert time.monotonic() < end, whole
        (whole,) = client.post("/knowledge_base/check", json={"knowledge_base_names": names}).json()["data"]
    assert whole["files"] == 2
    folder = client.app.state.container.knowledge_bases.content_path(kb.name, "a.txt").parent.parent
    (folder / "index" / "77").mkdir()
    (folder / "content" / "fremd.txt").write_text("x", "utf-8")
    (found,) = client.post("/knowledge_base/check", json={"knowledge_base_names": names}).json()["data"]
    assert found["findings"] == {"files_not_in_sql": ["fremd.txt"], "old_indexes": ["77"]}
    (done,) = client.post("/knowledge_base/repair", json={"knowledge_base_names": names}).json()["data"]
    assert done["indexes_removed"] == 1
    assert not (folder / "index" / "77").exists()


def test_check_without_names_looks_at_all(client, kb):
    assert kb.name in [report["name"] for report in client.post("/knowledge_base/check", json={}).json()["data"]]


def test_a_preview_shows_chunks_and_keeps_nothing(client):
    fields = {"text": LINES, "chunk_size": "30", "chunk_overlap": "0", "limit": "2"}
    made = client.post("/knowledge_base/preview_chunks", data=fields).json()["data"]
    assert made["total"] == 5
    assert [chunk["text"] for chunk in made["chunks"]] == LINES.split("\n\n")[:2]
    assert made["settings"]["chunk_size"] == 30
    assert made["shortest"] <= made["average"] <= made["longest"] <= 30
    file = {"file": ("标题.md", "# 甲\n\n乙丙丁".encode())}
    made = client.post("/knowledge_base/preview_chunks", files=file).json()["data"]
    assert made["chunks"][0]["metadata"]["headings"] == ["甲"]
    cache = client.app.state.container.settings.paths.knowledge_base / ".cache"
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_a_preview_says_what_an_upload_would_say(client):
    def refused(fields, **files):
        return client.post("/knowledge_base/preview_chunks", data=fields, files=files).json()["data"]["error"]

    assert refused({}, file=("a.exe", b"MZ")) == "unsupported_file_type"
    assert refused({"text": "x", "chunk_size": "20", "chunk_overlap": "20"}) == "bad_setting"
    assert refused({"text": "x", "splitter": "os:system"}) == "unknown_part"
    assert refused({"text": ""}) == "file_empty"


def test_formats_tell_which_embedders_can_be_used(client):
    known = client.get("/knowledge_base/formats", headers={"Accept-Language": "en"}).json()["data"]
    by_name = {each["name"]: each for each in known["embedders"]}
    assert by_name["builtin-ngram"]["available"]
    assert by_name["builtin-ngram"]["default"]
    missing = [each for each in known["embedders"] if not each["available"]]
    assert all(each["reason"] for each in missing)
    assert known["vector_stores"][0] == "faiss"
    assert known["search"]["top_k"] > 0


def over(client, checkup_id):
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = client.get(f"/knowledge_base/checkups/{checkup_id}").json()["data"]
        if found["state"] != "running":
            return found
        time.sleep(0.02)
    pytest.fail("it did not end")


def test_check_and_repair_go_on_in_the_background(client, kb):
    started = kb.post("checkups").json()["data"]
    assert (started["kind"], started["report"]) == ("check", None)
    ended = over(client, started["id"])
    assert (ended["state"], ended["report"]["agrees"], ended["repairs"]) == ("done", True, None)
    folder = client.app.state.container.knowledge_bases.content_path(kb.name, "a.txt").parent.parent
    (folder / "index" / "77").mkdir()
    found = over(client, kb.post("checkups").json()["data"]["id"])
    assert found["report"]["findings"] == {"old_indexes": ["77"]}
    repaired = over(client, kb.post("checkups/repair").json()["data"]["id"])
    assert (repaired["repairs"]["indexes_removed"], repaired["report"]["agrees"]) == (1, True)
    newest = kb.get("checkups").json()["data"]
    assert [one["kind"] for one in newest] == ["repair", "check", "check"]
    assert newest[0]["ended"] >= newest[0]["created"]


def test_a_repair_tells_how_many_chunks_it_has_put_back_and_nobody_begins_another(client, kb, monkeypatch):
    container = client.app.state.container
    knowledge_bases, row = container.knowledge_bases, find(container.database, kb.name)
    layout = Layout.of(container.settings.paths.knowledge_base, kb.name)
    index = open_index(knowledge_bases.maintenance._indexes, layout, row)
    vectors, _ = index.ids()
    index.change(remove=vectors)
    arrived, go_on = threading.Event(), threading.Event()

    def slowly(embedder, texts):
        arrived.set()
        go_on.wait(PATIENCE_S)
        return embed_documents(embedder, texts)

    monkeypatch.setattr("server.knowledge_base.reconcile.embed_documents", slowly)
    monkeypatch.setattr("server.knowledge_base.reconcile.EMBED_BATCH", 2)
    started = kb.post("checkups/repair").json()["data"]
    assert arrived.wait(PATIENCE_S)
    found = client.get(f"/knowledge_base/checkups/{started['id']}").json()["data"]
    assert (found["stage"], found["done"], found["total"]) == ("embedding", 0, len(vectors))
    assert kb.post("checkups").json()["data"]["error"] == "knowledge_base_busy"
    go_on.set()
    ended = over(client, started["id"])
    assert ended["repairs"]["entries_added"] == len(vectors)
    assert ended["report"]["agrees"]


def test_what_keeps_a_check_from_its_end_is_told(client, kb, monkeypatch):
    def broken(*_, **__):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(client.app.state.container.knowledge_bases.maintenance, "look", broken)
    ended = over(client, kb.post("checkups").json()["data"]["id"])
    assert ended["state"] == "failed"
    assert ended["error"]
    assert "secret" not in ended["error"]
    assert client.get("/knowledge_base/checkups/999").json()["data"]["error"] == "job_not_found"
