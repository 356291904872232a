"""Search over several knowledge bases, with filters, reasons and neighbours; and `search_docs` with its filters."""

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from kbapi_client import LINES, Kb


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        yield client


@pytest.fixture(scope="module")
def kbs(client):
    one, two = Kb(client, "one"), Kb(client, "two")
    one.upload(("a.txt", LINES), ("2024/b.txt", LINES.replace("规定", "条例")), chunk_size=30, chunk_overlap=0)
    rows = "\n".join(f"产品{n},{n * 10},{'北京' if n % 2 else '上海'}" for n in range(1, 121))
    two.upload(("t.csv", f"名称,价格,城市\n{rows}\n"))
    return one, two


@pytest.fixture
def search(client, kbs):
    def ask(query, names=("one",), **fields):
        body = {"query": query, "knowledge_base_names": list(names), **fields}
        return client.post("/knowledge_base/search", json=body)

    return ask


def test_hits_tell_why(search):
    data = search("编号222的规定", ["one", "two"], top_k=5).json()["data"]
    best = data["hits"][0]
    assert (best["knowledge_base"], best["file"]) == ("one", "a.txt")
    assert "编号222" in best["text"]
    scores = [hit["score"] for hit in data["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    why = best["explanation"]
    assert why["dense"]["rank"] == why["lexical"]["rank"] == 1
    assert why["fused"] == best["score"]
    assert why["rerank"] is None
    assert {"embedding", "index", "lookup", "total"} <= data["timings"].keys()
    assert data["timings"]["total"] >= data["timings"]["index"] > 0


def test_scores_and_numbers_are_limits(search):
    assert len(search("规定", top_k=2, min_score=0).json()["data"]["hits"]) == 2
    assert search("规定", min_score=1).json()["data"]["hits"] == []
    assert search("规定", top_k=0).status_code == 422
    assert search(" ").status_code == 422
    assert search("规定", []).status_code == 422
    assert search("规定", ["one", "nope"]).json()["data"]["error"] == "knowledge_base_not_found"


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ({"row": 7}, [7]),
        ({"row": "7"}, [7]),
        ({"row": {"in": [3, "5"]}}, [3, 5]),
        ({"row": {"gte": 118}}, [118, 119, 120]),
        ({"row": {"gt": 9, "lt": 12}}, [10, 11]),
        ({"source": {"prefix": "t."}, "row": {"lte": 1}}, [1]),
        ({"no_such_field": 1}, []),
    ],
)
def test_filters_on_metadata_look_beyond_the_best(search, filters, rows):
    hits = search("上海 北京 产品", ["two"], filters=filters, top_k=50, min_score=0).json()["data"]["hits"]
    assert sorted(hit["metadata"]["row"] for hit in hits) == rows


def test_unknown_operators_are_refused(search, kbs):
    answer = kbs[0].post("search_docs", query="x", metadata={"row": {"like": 1}})
    assert (answer.status_code, answer.json()["data"]["error"]) == (422, "bad_setting")


def test_filters_on_files(search):
    hits = search("条例规定", files=["2024/*"], top_k=50, min_score=0).json()["data"]["hits"]
    assert {hit["file"] for hit in hits} == {"2024/b.txt"}
    assert len(hits) == 5


def test_neighbours_on_request(search):
    (hit,) = search("编号333的规定", top_k=1, neighbours=1).json()["data"]["hits"]
    assert [each["ordinal"] for each in hit["before"] + hit["after"]] == [hit["ordinal"] - 1, hit["ordinal"] + 1]
    (hit,) = search("编号333的规定", top_k=1).json()["data"]["hits"]
    assert hit["before"] == hit["after"] == []


def test_search_docs_filters_integers_with_and_without_a_question(kbs):
    _, two = kbs
    for body in ({"metadata": {"row": 9}}, {"metadata": {"row": 9}, "query": "产品", "score_threshold": 2}):
        (found,) = two.post("search_docs", **body).json()
        assert found["metadata"]["row"] == 9
    assert two.post("search_docs", query="", file_name="").json() == []
    assert len(two.post("search_docs", file_name="t.%").json()) == 120
    assert two.post("search_docs", metadata={"row": 9}).json()[0]["score"] == 3.0


def test_a_reranker_looks_at_more_and_decides(client, kbs, monkeypatch):
    from dataclasses import replace

    from server.retrieval.rerank import Reranked

    seen = []

    def rerank(question, hits, top_k):
        seen.append((question, len(hits)))
        best = [replace(hit, relevance=1 - n / 100, rerank=1.0) for n, hit in enumerate(reversed(hits))]
        return Reranked(best[:top_k])

    searcher = client.app.state.container.knowledge_bases._searcher
    monkeypatch.setattr(searcher, "_find_reranker", lambda: rerank)
    body = {"query": "规定", "knowledge_base_names": ["one"], "top_k": 2, "min_score": 0}
    hits = client.post("/knowledge_base/search", json={**body, "rerank": True}).json()["data"]["hits"]
    assert seen == [("规定", 10)]
    assert [hit["score"] for hit in hits] == [1.0, 0.99]
    assert all(hit["explanation"]["fused"] < 0.99 for hit in hits)
    client.post("/knowledge_base/search", json={**body, "rerank": False})
    assert len(seen) == 1


def test_what_a_knowledge_base_decides_reaches_the_chat(client):
    kb = Kb(client, "decides")
    kb.upload(("a.txt", LINES), chunk_size=30, chunk_overlap=0)

    def sources(**fields):
        body = {"query": "规定", "knowledge_base_name": "decides", **fields}
        return len(events(client.post("/chat/knowledge_base_chat", json=body))[-1]["sources"])

    kb.post("update_settings", top_k=2, score_threshold=2.0)
    assert (sources(), sources(top_k=1)) == (2, 1)
    kb.post("update_settings", score_threshold=0.0)
    assert (sources(), sources(score_threshold=2.0)) == (0, 2)
