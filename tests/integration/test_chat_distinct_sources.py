"""Texts that stand in several files take one place of an answer, and search still tells all; the list of files."""

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from kbapi_client import Kb

WARRANTY = "本产品的保修期为两年。"
OTHERS = ("延长保修期每年收费三百元。", "保修期内更换零件免费。", "保修期从发票日期算起。")
LISTING = "这个知识库里有哪些文件？"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        copies = ((f"副本{n}.txt", WARRANTY) for n in range(6))
        Kb(client, "一").upload(*copies, ("收费.txt", OTHERS[0]), ("零件.txt", OTHERS[1]))
        Kb(client, "二").upload(("原件.txt", f"  {WARRANTY}\n"), ("发票.txt", OTHERS[2]))
        Kb(client, "空")
        upload = [("files", ("便条.txt", "钥匙的保修期是三个月。".encode()))]
        client.knowledge_id = client.post("/knowledge_base/upload_temp_docs", files=upload).json()["data"]["id"]
        yield client


def ask(client, *names, query="产品的保修期", **fields):
    where = {"knowledge_base_name": names[0], "knowledge_base_names": names[1:], "score_threshold": 2}
    (event,) = events(client.post("/chat/knowledge_base_chat", json={"query": query, **where, **fields}))
    return event["sources"]


def test_a_text_in_many_files_is_one_source_and_others_take_the_places(client):
    sources = ask(client, "一", top_k=3)
    assert sources[0]["text"] == WARRANTY
    assert {source["text"] for source in sources} == {WARRANTY, *OTHERS[:2]}


def test_a_text_in_two_knowledge_bases_is_one_source(client):
    sources = ask(client, "二", "一", top_k=4)
    assert {source["text"].strip() for source in sources} == {WARRANTY, *OTHERS}
    assert len(sources) == 4


def test_search_without_an_answer_still_finds_every_chunk(client):
    found = Kb(client, "一").post("search_docs", query="产品的保修期", top_k=6).json()
    assert [document["page_content"] for document in found] == [WARRANTY] * 6
    body = {"query": "产品的保修期", "knowledge_base_names": ["一", "二"], "top_k": 7}
    hits = client.post("/knowledge_base/search", json=body).json()["data"]["hits"]
    assert [hit["text"].strip() for hit in hits] == [WARRANTY] * 7


def test_search_leaves_repetitions_out_on_request(client):
    body = {"query": "产品的保修期", "knowledge_base_names": ["一", "二"], "top_k": 7, "min_score": 0, "distinct": True}
    hits = client.post("/knowledge_base/search", json=body).json()["data"]["hits"]
    assert sorted(hit["text"].strip() for hit in hits) == sorted([WARRANTY, *OTHERS])


def test_the_list_of_files_is_a_source_that_leads_nowhere(client):
    listed, *_ = ask(client, "一", query=LISTING)
    assert (listed["index"], listed["file"]) == (1, "文件清单")
    assert (listed["knowledge_base"], listed["url"], listed["chunk_ids"]) == ("", "", [])
    assert listed["text"].startswith("知识库“一”共有 8 个文件（8 个片段，")
    assert listed["text"].count("副本") == 6
    body = {"query": LISTING, "knowledge_base_name": "一"}
    (event,) = events(client.post("/chat/knowledge_base_chat", json=body))
    assert event["docs"][0].startswith("出处 [1] [文件清单] \n\n知识库“一”共有 8 个文件")


def test_several_knowledge_bases_are_listed_together(client):
    (listed, *_) = ask(client, "一", "空", "二", query="列出所有文件")
    assert listed["text"].startswith("3 个知识库一共有 10 个文件。")
    assert "知识库“空”没有文件。" in listed["text"]
    assert "`原件.txt`" in listed["text"]


def test_an_empty_knowledge_base_says_that_it_is(client):
    (listed,) = ask(client, "空", query=LISTING)
    assert listed["text"] == "知识库“空”没有文件。"


def test_dropped_files_are_listed(client):
    body = {"query": "有哪些文件？", "knowledge_id": client.knowledge_id}
    (event,) = events(client.post("/chat/file_chat", json=body))
    assert event["sources"][0]["text"].startswith("这次对话共有 1 个文件")


def test_the_list_comes_over_the_openai_protocol_and_is_kept(client):
    said = [{"role": "user", "content": "How many files are in 一 and 二?"}]
    asked = {"model": "kb:一+二", "messages": said, "references": True, "conversation_id": "c1"}
    answer = client.post("/v1/chat/completions", json=asked).json()
    assert answer["sources"][0]["text"].startswith("2 knowledge bases hold 10 files together.")
    (kept,) = client.get("/conversations/c1/messages").json()["data"]["history"]
    assert kept["sources"][0]["chunk_ids"] == []
    assert kept["sources"][0]["url"] == ""
