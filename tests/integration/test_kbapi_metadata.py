"""Metadata that clients give: what has a meaning of its own here must fit it, so that no question fails later."""

import json

import pytest
from api_app import ScriptedModel, make_settings, running_app
from kbapi_client import Kb

from server.api.sources import sources_of
from server.types import Chunk, Hit

TEXT = "保修期为两年。"


@pytest.fixture(scope="module")
def kb(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        made = Kb(client, "元数据")
        made.upload(("a.txt", TEXT))
        yield made


def given(metadata):
    return {"a.txt": [{"page_content": TEXT, "metadata": metadata}]}


def nested(depth):
    return json.loads('{"x":' * depth + "1" + "}" * depth)


ODD = [
    {"page": "iv"},
    {"slide": 1.5},
    {"rows": 7},
    {"boxes": "no"},
    {"headings": 5},
    {"part": ["a"]},
    {"chunk_ids": "zz"},
]


@pytest.mark.parametrize("metadata", [*ODD, {"lines": [1]}, nested(50)])
def test_what_no_answer_could_show_is_refused_with_the_field_and_the_reason(kb, metadata):
    (chunk,) = kb.chunks()
    ways = [
        kb.upload(("b.txt", TEXT), docs=given(metadata)),
        kb.post("update_docs", file_names=["a.txt"], docs=json.dumps(given(metadata))),
        kb.post("update_docs_by_id", docs={chunk["id"]: given(metadata)["a.txt"][0]}),
        kb.post("chunks", file_name="a.txt", text=TEXT, metadata=metadata),
        kb.post("chunks/update", chunks=[{"id": chunk["id"], "metadata": metadata}]),
    ]
    for answer in ways:
        assert answer.status_code == 422, answer.text
        assert next(iter(metadata)) in answer.text or "nested" in answer.text
    assert kb.chunks() == [chunk], "nothing was changed"


def test_a_body_nested_beyond_reason_is_a_schema_error(kb):
    body = {"knowledge_base_name": kb.name, "docs": {"1": {"page_content": TEXT, "metadata": {}}}}
    text = json.dumps(body).replace('"metadata": {}', '"metadata": ' + '{"x":' * 900 + "1" + "}" * 900)
    assert kb.client.post("/knowledge_base/update_docs_by_id", content=text).status_code == 422


def test_what_can_be_meant_is_taken(kb):
    metadata = {"page": "3", "sheet": 2024, "title": None, "author": {"name": "甲"}, "rows": [1, 2], "headings": ["一"]}
    (chunk,) = kb.chunks()
    assert kb.post("update_docs_by_id", docs={chunk["id"]: {"page_content": TEXT, "metadata": metadata}}).is_success
    kept = kb.post("search_docs", query="保修期").json()[0]["metadata"]
    told = {"page": 3, "sheet": "2024", "author": {"name": "甲"}, "rows": [1, 2], "headings": ["一"]}
    assert {name: kept[name] for name in told} == told
    assert "title" not in kept
    answer = kb.client.post("/chat/knowledge_base_chat", json={"query": "保修期", "knowledge_base_name": kb.name})
    assert '"page": 3' in answer.text


@pytest.mark.parametrize("meta", ODD)
def test_a_source_leaves_out_what_a_foreign_reader_wrote_there(meta):
    (source,) = sources_of(
        [Hit(Chunk(7, "库", "a.txt", 0, TEXT, {**meta, "row": 4}), 0.5, 0.5, 0.5)], "保修期", "http://x"
    )
    assert (source.row, source.chunk_ids, source.text) == (4, [7], TEXT)
    assert source.model_dump()[next(iter(meta))] in (None, [], [7])
