"""What the test files of 0.2.10 do with their client, done with one of the same manners."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from contract_product import AGENT, FIRST, ROOT, SECOND, SHARED
from peer_client import TOP_K, PeerClient

pytestmark = pytest.mark.e2e

KB = "kb_for_contract"
ABOUT = "介绍一下知问项目"
TALK = [{"role": "user", "content": "你好"}, {"role": "assistant", "content": "你好，我是小知"}]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files such as those tests take: a long read-me, another in upper case, a plain text."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "README.MD").write_bytes((ROOT / "README_zh.md").read_bytes())
    (folder / "FAQ.MD").write_bytes((ROOT / "docs" / "architecture.md").read_bytes())
    (folder / "test.txt").write_text("知问项目是本地知识库问答应用，支持中文和英文文档。\n" * 3, "utf-8")
    return {path.name: path for path in sorted(folder.iterdir())}


@pytest.fixture
def whole(product, files):
    """A knowledge base with these files, gone afterwards."""
    with PeerClient(product.url) as client:
        assert client.create_knowledge_base(KB)["code"] == 200
        assert client.upload_docs(list(files.values()), KB, override=True)["data"]["failed_files"] == {}
        yield client
        client.delete_knowledge_base(KB)


def test_the_life_of_a_knowledge_base(api, files):
    for name, code, msg in (
        (" ", 404, "知识库名称不能为空，请重新填写知识库名称"),
        (KB, 200, f"已新增知识库 {KB}"),
        (KB, 404, f"已存在同名知识库 {KB}"),
    ):
        answer = api.create_knowledge_base(name)
        assert (answer["code"], answer["msg"]) == (code, msg)
    assert KB in api.list_knowledge_bases()

    paths, names = list(files.values()), list(files)
    for override, docs, failed in ((True, None, []), (False, None, names), (True, custom(), [])):
        answer = api.upload_docs(paths, KB, override=override, docs=docs)
        assert answer["code"] == 200, answer
        assert sorted(answer["data"]["failed_files"]) == failed
    assert sorted(api.list_files(KB)) == names
    assert [doc["page_content"] for doc in api.search_docs(KB, file_name="FAQ.MD")] == ["custom docs"]
    assert len(api.search_docs(KB, ABOUT, score_threshold=None)) == TOP_K

    assert api.update_info(KB, "你好") == {"code": 200, "msg": "success", "data": {"kb_info": "你好"}}
    answer = api.update_docs(KB, names)
    assert (answer["code"], answer["data"]["failed_files"]) == (200, {})
    assert len(api.search_docs(KB, ABOUT, score_threshold=None)) == TOP_K

    answer = api.delete_docs(KB, names)
    assert (answer["code"], answer["data"]["failed_files"]) == (200, {})
    assert api.search_docs(KB, ABOUT) == []

    steps = list(api.recreate_vector_store(KB))
    assert [step["code"] for step in steps] == [200] * len(names), steps
    assert sorted(step["doc"] for step in steps) == names
    assert len(api.search_docs(KB, "本项目支持哪些文件格式?", score_threshold=None)) == TOP_K

    assert api.delete_knowledge_base(KB)["code"] == 200
    assert KB not in api.list_knowledge_bases()
    assert api.list_knowledge_bases()
    assert api.unreadable == []


def custom():
    return {"FAQ.MD": [{"page_content": "custom docs", "metadata": {}}]}


def test_arguments_in_the_wrong_order_are_no_error(whole):
    """The search of that test file names the question where the knowledge base belongs."""
    assert whole.search_docs(ABOUT, KB) == []


def test_chunks_are_changed_and_deleted_by_their_ids(whole):
    first, second = whole.search_docs(KB, file_name="test.txt")[:1] + whole.search_docs(KB, file_name="FAQ.MD")[:1]
    docs = {
        first["id"]: {"page_content": "改写过的分块", "metadata": first["metadata"], "type": "Document"},
        second["id"]: {"page_content": "", "metadata": {}},
    }
    assert whole.update_docs_by_id(KB, docs).json()["code"] == 200
    [found] = whole.search_docs(KB, file_name="test.txt")
    assert (found["id"], found["page_content"]) == (first["id"], "改写过的分块")
    assert whole.search_docs(KB, "改写过的分块", top_k=1)[0]["id"] == first["id"]
    assert second["id"] not in [doc["id"] for doc in whole.search_docs(KB, file_name="FAQ.MD")]


def test_chat_with_the_model(api):
    events = list(api.chat("请用100字左右的文字介绍自己", TALK))
    assert "".join(event["text"] for event in events) == "You asked: 请用100字左右的文字介绍自己"
    assert len(events) > 3
    [message_id] = {event["message_id"] for event in events}
    assert len(message_id) == 32
    assert api.feedback(message_id, 80, "不错")["code"] == 200
    [whole] = api.chat("你好", stream=False)
    assert whole["text"] == "You asked: 你好"
    assert api.unreadable == []


def test_chat_with_a_knowledge_base(api):
    events = list(api.knowledge_base_chat("知问支持哪些文件格式", SHARED, history=TALK))
    assert all("answer" in event for event in events[:-1])
    assert "answer" not in events[-1]
    assert 0 < len(events[-1]["docs"]) <= TOP_K
    assert api.unreadable == []


def test_chat_raw_as_the_tests_without_a_client_read_it(product):
    """They take six characters off each chunk and parse the rest with its line ends."""
    requests = pytest.importorskip("requests")
    body = {"query": "如何提问以获得高质量答案", "knowledge_base_name": SHARED, "history": TALK, "stream": True}
    session = requests.Session()
    session.trust_env = False
    response = session.post(f"{product.url}/chat/knowledge_base_chat", json=body, stream=True)
    events = [json.loads(chunk[6:]) for chunk in response.iter_content(None, decode_unicode=True)]
    assert response.status_code == 200
    assert len(events) > 1
    assert events[-1]["docs"]


def test_forms_and_rebuilds_raw(product, files):
    """Booleans of forms are sent as Python writes them."""
    requests = pytest.importorskip("requests")
    url = f"{product.url}/knowledge_base"
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(f"{url}/create_knowledge_base", json={"knowledge_base_name": KB}).json()["code"] == 200
        for override, failed in ((True, []), (False, list(files)), (True, [])):
            named = [("files", (name, path.read_bytes())) for name, path in files.items()]
            data = {"knowledge_base_name": KB, "override": override}
            answer = session.post(f"{url}/upload_docs", data=data, files=named).json()
            assert sorted(answer["data"]["failed_files"]) == failed
        answer = session.post(f"{url}/search_docs", json={"knowledge_base_name": KB, "query": ABOUT})
        assert len(answer.json()) == TOP_K
        response = session.post(f"{url}/recreate_vector_store", json={"knowledge_base_name": KB}, stream=True)
        steps = [json.loads(chunk[6:]) for chunk in response.iter_content(None)]
        assert [step["code"] for step in steps] == [200] * len(files)
        assert session.post(f"{url}/delete_knowledge_base", json=KB).json()["code"] == 200


def test_ten_chats_at_once(product):
    def ask(number):
        with PeerClient(product.url) as client:
            events = list(client.knowledge_base_chat(f"知问支持哪些文件格式？{number}", SHARED))
            return client.unreadable, events[-1]

    with ThreadPoolExecutor(10) as pool:
        for unreadable, last in pool.map(ask, range(10)):
            assert unreadable == []
            assert last["docs"]


def test_chat_with_dropped_files(api):
    answer = api.upload_temp_docs(["保修期为两年，自购买之日起计算。".encode()])
    assert answer["code"] == 200
    assert answer["data"]["failed_files"] == []
    events = list(api.file_chat("保修期多久？", answer["data"]["id"]))
    assert "保修期为两年" in events[-1]["docs"][0]
    again = api.upload_temp_docs(["退货须在七天之内提出。".encode()], answer["data"]["id"])
    assert again["code"] == 200
    [gone] = api.file_chat("保修期多久？", "no-such-id")
    assert gone["code"] == 404


def test_chat_with_a_search_engine(api):
    [refused] = api.search_engine_chat("室温超导最新进展是什么样？", "bing")
    assert (refused["code"], refused["msg"]) == (404, "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`")
    events = list(api.search_engine_chat("When was Zhiwen 9 released?", "searxng"))
    assert events[-1]["docs"] == [
        "出处 [1] [https://example.com/news](https://example.com/news) \n\nZhiwen 9 was released in May.\n\n"
    ]


def test_chat_with_the_agent(api, product):
    product.script[:] = [{"text": "我来算。", "calls": [("calculate", {"expression": "6 * 7"})]}, {"text": "是42。"}]
    events = list(api.agent_chat("六乘七？", AGENT))
    assert [next(iter(event)) for event in events] == ["answer", "tools", "answer", "final_answer"]
    shown = events[1]["tools"]
    assert [line.split(":")[0] for line in shown[1:-1]] == ["工具名称", "工具状态", "工具输入", "工具输出"]
    assert "调用成功" in shown[2]
    assert events[-1]["final_answer"] == "是42。"
    product.script[:] = [{"calls": [("calculate", {"expression": "1/0"})]}, {"text": "不能除以零。"}]
    [whole] = api.agent_chat("一除以零？", AGENT, stream=False)
    assert whole["final_answer"] == "不能除以零。"
    assert "调用失败" in whole["answer"]


def test_summaries(api, product):
    body = {"knowledge_base_name": SHARED, "file_name": "RAG入门.md", "model_name": None, "max_tokens": None}
    route = "/knowledge_base/kb_summary_api"
    [event] = api.events(f"{route}/summary_file_to_vector_store", body)
    assert event["code"] == 200
    assert event["doc"] == "RAG入门.md"
    ids = [doc["id"] for doc in api.search_docs(SHARED, "知问是什么", top_k=2)]
    body = {"knowledge_base_name": SHARED, "doc_ids": ids, "file_description": "关于知问"}
    answer = api.post(f"{route}/summary_doc_ids_to_vector_store", json=body).json()
    assert answer["code"] == 200
    [made] = answer["data"]["summarize"]
    assert made["page_content"]
    assert made["metadata"]["doc_ids"].split(",") == ids
    assert made["metadata"]["file_description"] == "关于知问"
    assert made["metadata"]["summary_intermediate_steps"]["intermediate_steps"]
    events = list(api.events(f"{route}/recreate_summary_vector_store", {"knowledge_base_name": SHARED}))
    assert [(event["code"], event["finished"], event["total"]) for event in events] == [
        (200, n, 4) for n in range(1, 5)
    ]


def test_state_of_the_server(api):
    name, is_local = api.default_model("chatglm3-6b")
    assert (name, is_local) == (FIRST, True)
    assert len(api.server_configs()) > 0
    assert api.search_engines()[:3] == ["bing", "duckduckgo", "metaphor"]
    for kind in ("llm_chat", "agent_chat"):
        assert len(json.loads(api.prompt_template(kind))) > 0


def test_models_are_changed_and_stopped(api):
    assert FIRST in api.running_models()
    assert {FIRST, SECOND} <= set(api.config_models()["local"])
    assert api.model_config(FIRST)["host"]
    assert api.change_model(FIRST, FIRST)["msg"] == "无需切换"
    assert api.change_model(FIRST, SECOND) == {"code": 200, "msg": "success"}
    assert FIRST not in api.running_models()
    [event] = api.chat("你好", model_name=SECOND, stream=False)
    assert event["text"] == "You asked: 你好"
    assert api.change_model(SECOND, FIRST) == {"code": 200, "msg": "success"}
    assert FIRST in api.running_models()
    assert api.stop_model(SECOND)["code"] == 409
    assert api.stop_model(FIRST) == {"code": 200, "msg": "success", "data": None}
    assert FIRST not in api.running_models()
    assert api.post("/llm_model/start", json={"model_name": FIRST}).json()["code"] == 200
    assert FIRST in api.running_models()


def test_vectors(api):
    assert len(api.embed_texts(["知问", "zhiwen"])[1]) > 10


def test_names_with_folders(api):
    assert api.create_knowledge_base(KB)["code"] == 200
    try:
        named = [("files", ("wiki/首页.md", "# 首页\n\n本项目的首页。".encode()))]
        data = {"knowledge_base_name": KB, "override": True}
        answer = api.post("/knowledge_base/upload_docs", data=data, files=named).json()
        assert answer["data"]["failed_files"] == {}
        assert api.list_files(KB) == ["wiki/首页.md"]
        file = api.get("/knowledge_base/download_doc", knowledge_base_name=KB, file_name="wiki/首页.md")
        assert "本项目的首页" in file.text
    finally:
        api.delete_knowledge_base(KB)
