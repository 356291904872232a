"""The chat routes of 0.2.10 over a socket: framing byte by byte, order and content of events, links that work."""

import asyncio
import json
import re
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from api_app import ScriptedModel, make_settings
from api_server import chunks_of, raw_request, read_all, serving
from contract_product import AGENT, SAMPLES, SHARED

from server import container as container_module
from server.api import sse
from server.api.app import create_app
from server.api.schemas.chat import SearchEngineChatRequest
from server.llm.generation import Piece
from webui_pages.client import ApiClient, ApiFailed, open_http

pytestmark = pytest.mark.e2e

ASKED = {"query": "知问支持哪些文件格式？"}
ABOUT_FILES = {**ASKED, "knowledge_base_name": SHARED}
DOC = re.compile(r"出处 \[(\d+)\] \[([^\]]+)\]\((\S+)\) \n\n(.+)\n\n", re.DOTALL)
FRAME = re.compile(rb"data: [^\r\n]*\r\n\r\n")
NOTHING = re.compile(r"<span style='color:red'>[^<]+</span>")
SCRIPT = 'script: {"reply": "one two three", "fail_after": %d}'


@pytest.fixture
def chat(product):
    """Ask a chat route; gives the events."""

    def ask(path, **body):
        return [json.loads(chunk[6:]) for chunk in raw(product.port, path, body)]

    return ask


@pytest.fixture(scope="module")
def http(product):
    with httpx.Client(base_url=product.url, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def dropped(http):
    """The id of a dropped file."""
    files = [("files", ("条款.txt", "本产品的保修期为两年。".encode()))]
    return http.post("/knowledge_base/upload_temp_docs", files=files).json()["data"]["id"]


def raw(port, path, body):
    """The network chunks of a stream, each checked to be one event."""
    head = ("Content-Type: application/json", "Connection: close")
    answer = read_all(raw_request(port, "POST", path, json.dumps(body).encode(), head))
    first, chunks = chunks_of(answer)
    assert first.startswith(b"HTTP/1.1 200"), answer
    headers = dict(line.lower().split(": ", 1) for line in first.decode().split("\r\n")[1:])
    assert headers["content-type"] == "text/event-stream; charset=utf-8"
    assert headers["cache-control"] == "no-cache"
    assert headers["x-accel-buffering"] == "no"
    assert headers["transfer-encoding"] == "chunked"
    for chunk in chunks:
        assert FRAME.fullmatch(chunk), chunk
        assert b"[DONE]" not in chunk
    return chunks


def test_chat_gives_texts_with_one_id(chat):
    pieces = chat("/chat/chat", **ASKED, stream=True)
    assert len(pieces) > 2
    assert all(set(piece) == {"text", "message_id"} for piece in pieces)
    assert re.fullmatch("[0-9a-f]{32}", pieces[0]["message_id"])
    assert len({piece["message_id"] for piece in pieces}) == 1
    [whole] = chat("/chat/chat", **ASKED)
    assert set(whole) == {"text", "message_id"}
    assert whole["text"] == "".join(piece["text"] for piece in pieces)
    assert whole["message_id"] != pieces[0]["message_id"]


def test_text_travels_as_it_is(product):
    [chunk] = raw(product.port, "/chat/chat", {"query": "一\n二 😀"})
    assert 'You asked: 一\\n二 😀"'.encode() in chunk


@pytest.mark.parametrize("path", ["/chat/knowledge_base_chat", "/chat/file_chat", "/chat/search_engine_chat"])
def test_answers_then_docs(chat, dropped, path):
    own = {"knowledge_base_name": SHARED, "knowledge_id": dropped, "search_engine_name": "searxng"}
    *pieces, last = chat(path, query="保修期 Zhiwen 文件格式 was released", **own, stream=True)
    assert all(set(piece) == {"answer"} for piece in pieces)
    assert len(pieces) > 1
    assert "answer" not in last
    assert isinstance(last["docs"], list)
    assert all(isinstance(doc, str) for doc in last["docs"])
    [whole] = chat(path, query="保修期 Zhiwen 文件格式 was released", **own)
    assert isinstance(whole["answer"], str)
    assert whole["docs"] == last["docs"]
    assert whole["docs"]


def test_docs_lead_to_their_files_at_the_public_address(chat, product, http):
    docs = chat("/chat/knowledge_base_chat", **ABOUT_FILES)[0]["docs"]
    assert 0 < len(docs) <= 3
    for number, doc in enumerate(docs, 1):
        found = DOC.fullmatch(doc)
        assert found, doc
        assert int(found[1]) == number
        assert found[3].startswith(f"{product.public}/knowledge_base/download_doc?knowledge_base_name=")
        query = parse_qs(urlsplit(found[3]).query)
        assert query == {"knowledge_base_name": [SHARED], "file_name": [found[2]]}
        file = http.get(found[3])
        assert file.content == (SAMPLES / found[2]).read_bytes()
        assert file.headers["content-disposition"].startswith("attachment; filename*=utf-8''")


def test_docs_of_dropped_files_and_of_pages(chat, dropped):
    [answer] = chat("/chat/file_chat", query="保修期多久？", knowledge_id=dropped)
    assert answer["docs"] == ["出处 [1] [条款.txt] \n\n本产品的保修期为两年。\n\n"]
    [answer] = chat("/chat/search_engine_chat", query="When was Zhiwen 9 released?", search_engine_name="searxng")
    assert DOC.fullmatch(answer["docs"][0])[2] == DOC.fullmatch(answer["docs"][0])[3] == "https://example.com/news"


@pytest.mark.parametrize("prompt", ["default", "text"])
def test_nothing_found_is_said_in_docs(chat, prompt):
    events = chat("/chat/knowledge_base_chat", **ABOUT_FILES, score_threshold=0, stream=True, prompt_name=prompt)
    [doc] = events[-1]["docs"]
    assert NOTHING.fullmatch(doc)
    assert events[0]["answer"]


def test_a_smaller_threshold_is_stricter_and_top_k_limits(chat):
    def docs(**given):
        return [doc for doc in chat("/chat/knowledge_base_chat", **ABOUT_FILES, **given)[0]["docs"] if "出处" in doc]

    numbers = [len("".join(docs(score_threshold=limit, top_k=8))) for limit in (0, 0.2, 1)]
    assert 0 == numbers[0] < numbers[1] < numbers[2]
    assert len(docs(score_threshold=2, top_k=1)) == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"temperature": 2}, 200),
        ({"temperature": 2.1}, 422),
        ({"temperature": -0.1}, 422),
        ({"score_threshold": 2}, 200),
        ({"score_threshold": 2.1}, 422),
        ({"score_threshold": -0.1}, 422),
        ({"max_tokens": 0}, 200),
        ({"max_tokens": -1}, 200),
        ({"history": [["user", "你好"]]}, 422),
        ({"history": [{"role": "human", "content": "你好"}, {"role": "ai", "content": "{{ 7 * 7 }}"}]}, 200),
        ({"history": 0}, 200),
        ({"history": 3}, 200),
    ],
)
def test_limits_of_fields(http, given, status):
    assert http.post("/chat/knowledge_base_chat", json={**ABOUT_FILES, **given}).status_code == status


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/chat/knowledge_base_chat", {"knowledge_base_name": "no such"}, 404),
        ("/chat/file_chat", {"knowledge_id": "no such"}, 404),
        ("/chat/search_engine_chat", {"search_engine_name": "no such"}, 404),
        ("/chat/chat", {"prompt_name": "no such"}, 422),
        ("/chat/chat", {"model_name": "no such"}, 404),
    ],
)
def test_what_fails_before_the_first_event_is_no_stream(http, path, body, code):
    answer = http.post(path, json={**ASKED, **body, "stream": True})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["code"] == answer.status_code == code


@pytest.mark.parametrize("language", ["zh", "en", None])
def test_the_missing_key_is_told_in_the_words_clients_compare_with(http, language):
    headers = {"Accept-Language": language} if language else {}
    body = {**ASKED, "search_engine_name": "bing"}
    answer = http.post("/chat/search_engine_chat", json=body, headers=headers).json()
    assert (answer["code"], answer["msg"]) == (404, "要使用Bing搜索引擎，需要设置 `BING_SUBSCRIPTION_KEY`")


@pytest.mark.parametrize(("language", "told"), [("zh", "要使用Bing"), ("en", "To use the search engine Bing")])
def test_our_own_page_tells_it_in_its_own_language(product, language, told):
    with open_http(product.url, 10) as connections:
        asked = SearchEngineChatRequest(query="问", search_engine_name="bing")
        with pytest.raises(ApiFailed, match=told):
            list(ApiClient(connections, language).ask(asked))


def test_what_fails_later_is_an_event(chat):
    *pieces, last = chat("/chat/chat", query=SCRIPT % 2, stream=True)
    assert all(piece["text"] for piece in pieces)
    assert pieces
    assert (last["code"], last["error"]) == (502, "model_failed")
    assert last["msg"]


def test_agent_events(chat, product):
    turns = [{"text": "我来算。", "calls": [("calculate", {"expression": "6 * 7"})]}, {"text": "是42。"}]
    product.script[:] = turns
    events = chat("/chat/agent_chat", query="六乘七？", model_name=AGENT, stream=True)
    assert [set(event) - {"message_id"} for event in events] == [{"answer"}, {"tools"}, {"answer"}, {"final_answer"}]
    assert events[1]["tools"] == [
        "\n```\n",
        "工具名称: calculate",
        "工具状态: 调用成功",
        '工具输入: {"expression": "6 * 7"}',
        f"工具输出: {events[1]['tools'][4].removeprefix('工具输出: ')}",
        "\n```\n",
    ]
    product.script[:] = turns
    [whole] = chat("/chat/agent_chat", query="六乘七？", model_name=AGENT)
    assert set(whole) == {"answer", "final_answer", "message_id"}
    assert "工具名称: calculate" in whole["answer"]
    assert whole["final_answer"] == "是42。"


def test_a_conversation_is_continued_by_its_id(http):
    conversation = {"conversation_id": "c" * 32, "stream": False}
    http.post("/chat/chat", json={"query": "我叫小明", **conversation})
    answer = http.post("/chat/chat", json={"query": "我叫什么？", **conversation, "history_len": 3})
    assert "小明" in answer.text
    answer = http.post("/chat/chat", json={"query": "我叫什么？", **conversation})
    assert "小明" not in answer.text


def test_feedback(http, chat):
    [said] = chat("/chat/chat", **ASKED)
    for score in (0, 100, 999):
        body = {"message_id": said["message_id"], "score": score, "reason": "好"}
        assert http.post("/chat/feedback", json=body).json()["code"] == 200
    assert http.post("/chat/feedback").json()["code"] == 404
    assert http.post("/chat/feedback", json={"message_id": "x" * 33}).status_code == 422


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("echo", [True, False])
def test_completion_is_plain_text(product, stream, echo):
    body = {"query": "从前有座山", "stream": stream, "echo": echo}
    texts = [chunk[6:-4].decode() for chunk in raw(product.port, "/other/completion", body)]
    assert ("从前有座山" in texts[0]) is (echo or not stream)
    assert "".join(texts).startswith("从前有座山" if echo else "You asked: ")
    assert (len(texts) == 1) is not stream


class Slow(ScriptedModel):
    """Pauses in the midst of its answer for longer than the pings of the test are apart."""

    async def stream(self, messages, generation):
        yield Piece("先")
        await asyncio.sleep(0.5)
        yield Piece("后")
        yield Piece(finish_reason="stop")


@pytest.fixture
def near(tmp_path):
    """The application in this process, without a public address, pinging often."""
    made = mock.patch.object(container_module, "ChatModels", return_value=Slow())
    with made, mock.patch.object(sse, "PING_S", 0.15), serving(create_app(make_settings(tmp_path))) as port:
        with_knowledge(f"http://127.0.0.1:{port}")
        yield port


def with_knowledge(url):
    httpx.post(f"{url}/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "k"})
    files = [("files", ("条款.txt", "本产品的保修期为两年。".encode()))]
    sent = httpx.post(f"{url}/knowledge_base/upload_docs", data={"knowledge_base_name": "k"}, files=files)
    assert sent.json()["data"]["failed_files"] == {}


def test_a_silent_stream_is_pinged(near):
    body = {"query": "保修期多久？", "knowledge_base_name": "k", "stream": True}
    head = ("Content-Type: application/json", "Connection: close")
    answer = read_all(raw_request(near, "POST", "/chat/knowledge_base_chat", json.dumps(body).encode(), head))
    chunks = chunks_of(answer)[1]
    pings = [chunk for chunk in chunks if chunk.startswith(b":")]
    assert pings
    assert all(re.fullmatch(rb": ping - [^\r\n]+\r\n\r\n", ping) for ping in pings)
    assert [json.loads(chunk[6:]).get("answer") for chunk in chunks if chunk not in pings] == ["先", "后", None]


def test_pings_are_fifteen_seconds_apart():
    assert sse.PING_S == 15


def test_links_lead_to_the_address_the_client_used(near):
    url = f"http://localhost:{near}"
    answer = httpx.post(f"{url}/chat/knowledge_base_chat", json={"query": "保修期多久？", "knowledge_base_name": "k"})
    [doc] = json.loads(answer.text.split("data: ")[-1])["docs"]
    link = DOC.fullmatch(doc)[3]
    assert link.startswith(f"{url}/knowledge_base/download_doc?")
    assert httpx.get(link).text == "本产品的保修期为两年。"
