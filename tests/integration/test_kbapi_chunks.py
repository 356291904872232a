"""Chunks over HTTP: pages, neighbours, edits that are found at once and outlive a rebuild, hiding, deleting, adding."""

import itertools

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from kbapi_client import LINES, Kb

NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        yield client


@pytest.fixture
def kb(client):
    made = Kb(client, f"chunks{next(NUMBERS)}")
    made.upload(("a.txt", LINES), chunk_size=30, chunk_overlap=0)
    yield made
    made.delete()


def assert_whole(kb, shown):
    file = kb.file("a.txt")
    assert file["chunks"] == file["vectors"] == file["words"] == shown
    statistics = kb.get("details").json()["data"]["statistics"]
    assert statistics["chunks"] == statistics["vectors"] == statistics["words"] == shown


def test_pages_and_neighbours(kb):
    everything = kb.chunks()
    assert len(everything) == 5
    assert [chunk["ordinal"] for chunk in everything] == [0, 1, 2, 3, 4]
    page = kb.get("chunks", page=2, page_size=2).json()["data"]
    assert (page["total"], page["page"], page["page_size"]) == (5, 2, 2)
    assert page["chunks"] == everything[2:4]
    assert [chunk["id"] for chunk in kb.chunks(text="编号333")] == [everything[2]["id"]]
    assert kb.chunks(text="%") == []
    assert kb.chunks(file_name="b.txt") == []
    found = kb.get(f"chunks/{everything[2]['id']}", neighbours=1).json()["data"]
    assert found["text"] == everything[2]["text"]
    assert [chunk["id"] for chunk in found["before"]] == [everything[1]["id"]]
    assert [chunk["id"] for chunk in found["after"]] == [everything[3]["id"]]


@pytest.mark.parametrize("public", ["0", "999999", "abc", "-1", "1" * 40])
def test_unknown_chunks(kb, public):
    answers = [
        kb.get(f"chunks/{public}"),
        kb.post("chunks/update", chunks=[{"id": public, "text": "x"}]),
        kb.post("chunks/delete", ids=[public]),
        kb.post("update_docs_by_id", docs={public: {"page_content": "x"}}),
    ]
    assert {(answer.status_code, answer.json()["data"]["error"]) for answer in answers} == {(404, "chunk_not_found")}


def test_a_chunk_of_another_knowledge_base_is_not_found(client, kb):
    other = Kb(client, "other")
    public = kb.chunks()[0]["id"]
    assert other.post("chunks/update", chunks=[{"id": public, "text": "x"}]).status_code == 404
    assert other.get(f"chunks/{public}").status_code == 404
    other.delete()


def test_update_docs_by_id_keeps_the_id_and_is_found_at_once(kb):
    before = kb.chunks()
    public = before[1]["id"]
    document = {"page_content": "斑马线上的行人优先。", "metadata": {"source": "x", "id": "y"}, "type": "Document"}
    assert kb.post("update_docs_by_id", docs={public: document}).json()["code"] == 200
    (best,) = kb.post("search_docs", query="斑马线", top_k=1).json()
    assert (best["id"], best["page_content"]) == (public, "斑马线上的行人优先。")
    assert best["metadata"]["source"] == "a.txt"
    assert [chunk["id"] for chunk in kb.chunks()] == [chunk["id"] for chunk in before]
    assert not any("编号222" in text for text in kb.texts())
    assert_whole(kb, 5)
    again = {"page_content": "蓝鲸在北方。", "type": "Document"}
    assert kb.post("update_docs_by_id", docs={public: again}).status_code == 200
    assert kb.post("search_docs", query="蓝鲸", top_k=1).json()[0]["id"] == public
    assert kb.post("search_docs", query="斑马线", score_threshold=1.0).json() == []


@pytest.mark.parametrize("nothing", [None, {"page_content": ""}, {"page_content": "  "}])
def test_update_docs_by_id_deletes_with_nothing(kb, nothing):
    public = kb.chunks()[1]["id"]
    assert kb.post("update_docs_by_id", docs={public: nothing}).json()["code"] == 200
    assert len(kb.texts()) == 4
    assert kb.get(f"chunks/{public}").status_code == 404
    assert_whole(kb, 4)


def test_changes_are_made_together_or_not_at_all(kb):
    first = kb.chunks()[0]["id"]
    answer = kb.post("chunks/update", chunks=[{"id": first, "text": "新"}, {"id": "999999", "text": "x"}])
    assert answer.status_code == 404
    assert kb.chunks()[0]["text"].startswith("第1条")


def test_hidden_chunks_are_nowhere_until_they_are_shown(kb):
    public = kb.chunks()[2]["id"]
    kb.post("chunks/update", chunks=[{"id": public, "enabled": False}])
    assert len(kb.texts()) == 4
    assert public not in [found["id"] for found in kb.post("search_docs", query="编号333", top_k=50).json()]
    assert [chunk["id"] for chunk in kb.chunks(state="disabled")] == [public]
    assert kb.file("a.txt")["disabled"] == 1
    assert_whole(kb, 4)
    kb.post("chunks/update", chunks=[{"id": public, "text": "改过的第三条"}])
    assert len(kb.texts()) == 4
    kb.post("chunks/update", chunks=[{"id": public, "enabled": True}])
    assert kb.post("search_docs", query="改过的第三条", top_k=1).json()[0]["id"] == public
    assert_whole(kb, 5)


def test_changes_outlive_a_rebuild_of_the_same_pieces(kb):
    ids = [chunk["id"] for chunk in kb.chunks()]
    kb.post("chunks/update", chunks=[{"id": ids[0], "text": "斑马线"}, {"id": ids[1], "enabled": False}])
    kb.post("chunks/delete", ids=[ids[2]])
    kb.post("chunks", file_name="a.txt", text="手写的补充", after=ids[3])
    before = [(chunk["text"], chunk["state"]) for chunk in kb.chunks()]
    assert [text[:3] for text, _ in before] == ["斑马线", "第2条", "第4条", "手写的", "第5条"]
    rebuilt = events(kb.rebuild(chunk_size=30, chunk_overlap=0, force=True))
    assert [(chunk["text"], chunk["state"]) for chunk in kb.chunks()] == before
    assert [chunk["id"] for chunk in kb.chunks()][:2] == ids[:2]
    assert all("edits_lost" not in event for event in rebuilt)
    assert_whole(kb, 4)


def test_changes_that_find_no_place_are_counted(kb):
    ids = [chunk["id"] for chunk in kb.chunks()]
    kb.post("chunks/update", chunks=[{"id": ids[0], "text": "斑马线"}, {"id": ids[1], "enabled": False}])
    kb.post("chunks", file_name="a.txt", text="手写的补充", after=ids[3])
    (event,) = events(kb.rebuild(chunk_size=200, chunk_overlap=0))
    assert event["edits_lost"] == 2
    assert kb.file("a.txt")["edits_lost"] == 2
    assert "手写的补充" in [chunk["text"] for chunk in kb.chunks() if chunk["by_hand"]]


def test_equal_pieces_are_told_apart(client):
    kb = Kb(client, "equal")
    kb.upload(("a.txt", "\n\n".join(["同样的一段话，完全同样的一段话。"] * 3)), chunk_size=20, chunk_overlap=0)
    ids = [chunk["id"] for chunk in kb.chunks()]
    assert len(ids) == 3
    kb.post("chunks/update", chunks=[{"id": ids[1], "text": "中间的一段"}])
    kb.rebuild(chunk_size=20, chunk_overlap=0, force=True)
    assert [chunk["text"][:2] for chunk in kb.chunks()] == ["同样", "中间", "同样"]
    kb.delete()


def test_chunks_by_hand_stand_where_they_were_put(kb):
    first = kb.chunks()[0]["id"]
    added = kb.post("chunks", file_name="a.txt", text="最后", metadata={"page": 7}).json()["data"]
    assert added["by_hand"]
    assert added["metadata"] == {"page": 7}
    kb.post("chunks", file_name="a.txt", text="最前", after="0")
    kb.post("chunks", file_name="a.txt", text="第一之后", after=first)
    texts = [chunk["text"] for chunk in kb.chunks()]
    assert (texts[0], texts[2], texts[-1]) == ("最前", "第一之后", "最后")
    assert [chunk["ordinal"] for chunk in kb.chunks()] == list(range(8))
    assert kb.post("chunks", file_name="no.txt", text="x").status_code == 404
    assert kb.post("chunks", file_name="a.txt", text=" ").status_code == 422
    assert_whole(kb, 8)


def test_a_new_version_of_the_file_keeps_what_still_fits(kb):
    ids = [chunk["id"] for chunk in kb.chunks()]
    kb.post("chunks/update", chunks=[{"id": ids[0], "text": "斑马线"}, {"id": ids[4], "text": "末尾"}])
    shorter = LINES.rsplit("\n\n", 1)[0]
    kb.upload(("a.txt", shorter), override="true", chunk_size=30, chunk_overlap=0)
    assert kb.chunks()[0]["text"] == "斑马线"
    assert kb.file("a.txt")["edits_lost"] == 1
