"""Names that meet in one request, and knowledge bases that go, or come again, while something is done to them."""

import threading
import unicodedata
from types import SimpleNamespace

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from kbapi_client import Kb

from server.errors import JobCancelled, KnowledgeBaseNotFound
from server.knowledge_base import service
from server.knowledge_base.lookup import named
from server.knowledge_base.names import Layout
from server.knowledge_base.publish import open_index

NAME = "碰撞"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        yield client


@pytest.fixture
def kb(client):
    made = Kb(client, NAME)
    yield made
    made.delete()


def knowledge_bases(client):
    return client.app.state.container.knowledge_bases


@pytest.mark.parametrize("override", ["false", "true"])
def test_of_two_files_with_one_name_the_second_is_refused_and_not_the_first_lost(kb, override):
    told = kb.upload(("a.txt", "第一份内容。"), ("b.txt", "别的内容。"), ("a.txt", "第二份内容。"), override=override)
    data = told.json()["data"]
    assert data["failed_codes"] == {"a.txt": "bad_name"}
    assert "同名" in data["failed_files"]["a.txt"]
    assert sorted(kb.texts()) == ["别的内容。", "第一份内容。"]


def test_one_name_in_two_spellings_is_one_name(kb):
    composed, apart = (unicodedata.normalize(form, "café.txt") for form in ("NFC", "NFD"))
    assert kb.upload((composed, "原文。"), docs={apart: [{"page_content": "代替的文字。"}]}).status_code == 200
    assert kb.texts() == ["代替的文字。"]
    kb.post("update_docs", file_names=[apart])
    assert kb.texts() == ["代替的文字。"], "documents that somebody gave stay unless they are to be overridden"
    kb.post("update_docs", file_names=[apart, composed], override_custom_docs=True)
    assert kb.texts() == ["原文。"]


def test_dropped_files_with_one_name_are_all_kept(client):
    parts = [("files", ("same.txt", text.encode())) for text in ("红色的苹果。", "蓝色的天空。", "绿色的草地。")]
    data = client.post("/knowledge_base/upload_temp_docs", files=parts).json()["data"]
    assert data["failed_files"] == []
    listed = client.get("/knowledge_base/temp_docs", params={"knowledge_id": data["id"]}).json()["data"][0]
    assert [file["name"] for file in listed["files"]] == ["same.txt", "same (2).txt", "same (3).txt"]
    body = {"knowledge_id": data["id"], "query": "天空", "score_threshold": 2}
    found = client.post("/knowledge_base/search_temp_docs", json=body).json()[0]
    assert (found["page_content"], found["metadata"]["source"]) == ("蓝色的天空。", "same (2).txt")


def test_what_is_put_under_the_name_of_a_knowledge_base_while_it_is_deleted_stays(client, kb, monkeypatch):
    kb.upload(("old.txt", "旧的内容。"))
    delete_tree = service.shutil.rmtree

    def slowly(path, **options):
        monkeypatch.undo()
        again = Kb(client, NAME)
        assert again.upload(("new.txt", "新的内容。")).json()["data"]["failed_files"] == {}
        delete_tree(path, **options)

    monkeypatch.setattr(service, "shutil", SimpleNamespace(rmtree=slowly))
    assert kb.delete().status_code == 200
    assert kb.texts() == ["新的内容。"]
    assert kb.texts(query="新的内容") == ["新的内容。"]
    assert kb.get("download_doc", file_name="new.txt").content.decode() == "新的内容。"
    assert kb.get("download_doc", file_name="old.txt").status_code == 404


def test_nothing_stays_of_a_deleted_knowledge_base(client, kb):
    kb.upload(("a.txt", "内容。"))
    root = client.app.state.container.settings.paths.knowledge_base
    kb.delete()
    assert not (root / NAME).exists()
    assert list(root.glob(".deleted-*")) == []


def test_the_quicker_of_two_deletions_wins_and_the_other_says_that_it_is_gone(client, kb, monkeypatch):
    """The second one has found the knowledge base before the first one took it away."""
    both = threading.Barrier(2)
    find = service.named

    def together(database, name):
        found = find(database, name)
        both.wait(10)
        return found

    monkeypatch.setattr(service, "named", together)
    codes = []
    threads = [threading.Thread(target=lambda: codes.append(kb.delete().status_code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(codes) == [200, 404]


def test_an_index_that_a_late_search_opened_is_not_that_of_the_next_knowledge_base(client, kb):
    bases = knowledge_bases(client)
    row = named(bases._database, NAME)
    kb.delete()
    late = open_index(bases._indexes, Layout.of(client.app.state.container.settings.paths.knowledge_base, NAME), row)
    again = Kb(client, NAME)
    assert open_index(bases._indexes, Layout.of(bases._settings.paths.knowledge_base, NAME), row) is not late
    again.upload(("a.txt", "内容。"))
    assert again.texts(query="内容") == ["内容。"]


@pytest.fixture
def vanishing(client, kb, monkeypatch):
    """Its knowledge base is deleted after an upload was received and before its job is written down."""
    add = knowledge_bases(client)._book.add

    def late(*args, **options):
        monkeypatch.undo()
        kb.delete()
        return add(*args, **options)

    monkeypatch.setattr(knowledge_bases(client)._book, "add", late)
    return kb


def test_an_upload_into_a_knowledge_base_that_goes_meanwhile_tells_so(client, vanishing):
    answer = vanishing.upload(("a.txt", "内容。"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["failed_codes"] == {"a.txt": KnowledgeBaseNotFound.code}
    assert NAME in answer.json()["data"]["failed_files"]["a.txt"]


def test_a_file_whose_job_goes_with_its_knowledge_base_is_named(client, kb, monkeypatch):
    queue = knowledge_bases(client).jobs
    wait = queue.wait

    def gone(ids):
        kb.delete()
        return wait(ids)

    monkeypatch.setattr(queue, "_read", lambda job_id: None)
    monkeypatch.setattr(queue, "wait", gone)
    data = kb.upload(("a.txt", "内容。")).json()["data"]
    assert data["failed_codes"] == {"a.txt": JobCancelled.code}
    assert "a.txt" in data["failed_files"]["a.txt"]


@pytest.mark.parametrize("name", ["../x", "a/b", " "])
def test_a_rebuild_of_what_cannot_be_a_knowledge_base_is_not_listed(client, name):
    before = client.get("/knowledge_base/rebuilds").json()["data"]
    answer = client.post("/knowledge_base/recreate_vector_store", json={"knowledge_base_name": name})
    assert answer.status_code in (403, 404)
    assert client.get("/knowledge_base/rebuilds").json()["data"] == before


def test_a_rebuild_is_listed_under_the_name_of_its_knowledge_base(client, kb):
    events(client.post("/knowledge_base/recreate_vector_store", json={"knowledge_base_name": f" {NAME} "}))
    newest = client.get("/knowledge_base/rebuilds", params={"knowledge_base_name": NAME}).json()["data"][0]
    assert newest["knowledge_base"] == NAME


def test_creating_deleting_and_using_one_name_at_once_is_never_a_fault(client):
    """Whatever wins: an answer that says what happened."""
    answers = []

    def keep(work):
        answers.extend(work() for _ in range(6))

    kb = Kb(client, "争用")
    work = [
        lambda: kb.post("create_knowledge_base"),
        kb.delete,
        lambda: kb.upload(("a.txt", "内容一。"), override="true"),
        lambda: kb.post("search_docs", query="内容"),
        lambda: kb.post("delete_docs", file_names=["a.txt"], delete_content=True),
        lambda: kb.get("list_files", details=True),
    ]
    threads = [threading.Thread(target=keep, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 36
    assert {answer.status_code for answer in answers} <= {200, 404}, [a.text for a in answers if a.status_code > 404]
    kb.delete()
