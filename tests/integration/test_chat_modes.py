"""Every chat mode over HTTP with a scripted model: order of events, failures at each point, memory, leaving."""

import asyncio
import contextlib
import json
import time
from unittest import mock

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from api_server import raw_request, serving

from server import container as container_module
from server.api.app import create_app
from server.chat.grounds import Found
from server.chat.web import WebFinder
from server.errors import ModelFailed, ModelTimeout, SearchFailed, ServiceUnavailable
from server.types import Chunk, Hit, Message, Noticed

KB, OTHER = "手册", "价目"
ANSWER = ["两", "年", "。[1]"]
PAGE = Hit(Chunk(1, "", "Warranty", 0, "保修期为两年。", {"url": "https://example.org/a?b=1"}), 0.9, 0.8, 0.7)
REPLACED = Noticed("search_engine_replaced", {"name": "bing", "replacement": "searxng"})
FAILED = SearchFailed(name="bing", setting="search.bing", reason_en="closed", reason_zh="断网")
DOWN = ServiceUnavailable(name="FastChat OpenAI API", url="http://127.0.0.1:20000", log="openai_api.log")
MODES = ["chat", "knowledge_base_chat", "file_chat", "search_engine_chat"]


class Internet:
    """Takes the place of `WebFinder.find`."""

    def __init__(self):
        self.found, self.asked = Found((PAGE,)), []

    async def __call__(self, question, *, engine, top_k, split_result):
        self.asked.append((question, engine, top_k, split_result))
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture(scope="module")
def model():
    return ScriptedModel()


@pytest.fixture(scope="module")
def internet():
    return Internet()


@pytest.fixture(scope="module")
def client(tmp_path_factory, model, internet):
    settings = make_settings(tmp_path_factory.mktemp("data"))
    with mock.patch.object(WebFinder, "find", internet), running_app(settings, model) as client:
        for name, text in ((KB, "本产品的保修期为两年。"), (OTHER, "延长保修期每年三百元。")):
            client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name})
            upload = [("files", (f"{name}.txt", text.encode()))]
            client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": name}, files=upload)
        upload = [("files", ("便条.txt", "钥匙的保修期是三个月。".encode()))]
        client.knowledge_id = client.post("/knowledge_base/upload_temp_docs", files=upload).json()["data"]["id"]
        yield client


@pytest.fixture(autouse=True)
def fresh(model, internet):
    model.__init__()
    internet.__init__()


def ask(client, mode, **body):
    where = {
        "chat": {},
        "knowledge_base_chat": {"knowledge_base_name": KB},
        "file_chat": {"knowledge_id": client.knowledge_id},
        "search_engine_chat": {"search_engine_name": "bing"},
    }[mode]
    return client.post(f"/chat/{mode}", json={"query": "保修期多久？", **where, **body})


def messages(client, conversation):
    return client.get(f"/conversations/{conversation}/messages").json()["data"]["history"]


@pytest.mark.parametrize("mode", MODES[1:])
def test_answers_come_first_and_docs_last(client, mode):
    *answer, last = events(ask(client, mode, stream=True))
    assert answer == [{"answer": piece} for piece in ANSWER]
    assert len(last["docs"]) == len(last["sources"]) == 1
    (whole,) = events(ask(client, mode))
    assert whole["answer"] == "".join(ANSWER)
    assert whole["docs"] == last["docs"]


def test_docs_of_dropped_files_have_no_link_those_of_pages_have(client):
    (dropped,) = events(ask(client, "file_chat"))
    assert dropped["docs"] == ["出处 [1] [便条.txt] \n\n钥匙的保修期是三个月。\n\n"]
    assert dropped["sources"][0]["url"] == ""
    (found,) = events(ask(client, "search_engine_chat"))
    url = "https://example.org/a?b=1"
    assert found["docs"] == [f"出处 [1] [{url}]({url}) \n\n保修期为两年。\n\n"]
    assert found["sources"][0]["file"] == "Warranty"


def test_several_knowledge_bases_are_asked_at_once(client):
    (event,) = events(ask(client, "knowledge_base_chat", knowledge_base_names=[OTHER, KB]))
    assert {source["knowledge_base"] for source in event["sources"]} == {KB, OTHER}


def test_a_search_passes_its_options_on(client, internet):
    ask(client, "search_engine_chat", top_k=7, split_result=True)
    assert internet.asked == [("保修期多久？", "bing", 7, True)]


def test_sources_carry_marks_and_chunks(client):
    (event,) = events(ask(client, "knowledge_base_chat"))
    (source,) = event["sources"]
    assert [source["text"][start:end] for start, end in source["marks"]] == ["保修期"]
    assert source["excerpt"] == [0, len(source["text"])]
    assert len(source["chunk_ids"]) == 1


def test_extra_events_come_to_those_who_ask_for_them(client, internet):
    internet.found = Found((PAGE,), (REPLACED,))
    history = [{"role": "user", "content": "XT-1 的价格？"}, {"role": "assistant", "content": "一元"}]
    asked = {"query": "它的保修期多久？", "history": history, "stream": True}
    opening, rewritten, notice, sources, *answer, last = events(ask(client, "search_engine_chat", events=True, **asked))
    assert opening == {"message_id": last["message_id"]}
    assert rewritten == {"question": "XT-1的保修期多久？"}
    assert notice["notice"]["error"] == "search_engine_replaced"
    assert "searxng" in notice["notice"]["msg"]
    assert sources["sources"] == last["sources"]
    assert answer == [{"answer": piece} for piece in ANSWER]
    *plain, same = events(ask(client, "search_engine_chat", **asked))
    assert plain == answer
    for event in (last, same):
        event.pop("message_id")
    assert same == last


def test_a_plain_answer_may_end_with_how_it_ended(client):
    *_, last = events(ask(client, "chat", stream=True, events=True))
    assert (last["text"], last["finish_reason"]) == ("", "stop")


@pytest.mark.parametrize("mode", MODES[1:])
def test_return_direct_is_sources_alone(client, model, mode):
    (event,) = events(ask(client, mode, return_direct=True, stream=True))
    assert len(event["sources"]) == 1
    assert model.calls == []


@pytest.mark.parametrize("mode", MODES[1:])
def test_thanks_have_no_sources(client, model, mode):
    (event,) = events(ask(client, mode, query="谢谢！"))
    assert (event["docs"], event["sources"]) == ([], [])
    assert model.calls[0][0] == [Message("user", "谢谢！")]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("error", "status"), [(DOWN, 503), (ModelTimeout(name="m", seconds=1), 504)])
def test_a_model_that_fails_before_the_first_event(client, model, mode, stream, error, status):
    model.pieces, model.error = [], error
    answer = ask(client, mode, stream=stream, conversation_id=f"f{mode}{stream}{status}")
    assert answer.status_code == answer.json()["code"] == status
    assert answer.json()["data"]["error"] == error.code
    (kept,) = messages(client, f"f{mode}{stream}{status}")
    assert (kept["finish"], kept["error_code"], kept["answer"]) == ("failed", error.code, "")


@pytest.mark.parametrize("mode", MODES)
def test_a_model_that_fails_in_the_midst(client, model, mode):
    model.error = ModelFailed(name="m", reason="lost")
    *pieces, last = events(ask(client, mode, stream=True, conversation_id=f"m{mode}"))
    assert len(pieces) == 3
    assert (last["code"], last["error"]) == (502, "model_failed")
    (kept,) = messages(client, f"m{mode}")
    assert (kept["finish"], kept["answer"]) == ("failed", "".join(ANSWER))
    assert ask(client, mode).status_code == 502


@pytest.mark.parametrize("stream", [True, False])
def test_a_search_that_fails_is_an_http_error(client, internet, stream):
    internet.found = FAILED
    answer = ask(client, "search_engine_chat", stream=stream)
    assert answer.status_code == 502
    assert "bing" in answer.json()["msg"]


def test_an_unknown_knowledge_id_is_404(client):
    answer = ask(client, "file_chat", knowledge_id="tmp0")
    assert (answer.status_code, answer.json()["data"]["error"]) == (404, "temporary_not_found")


@pytest.mark.parametrize("query", ["保修期多久？", "你好"])
def test_an_unknown_knowledge_base_is_404_even_for_a_greeting(client, query):
    assert ask(client, "knowledge_base_chat", knowledge_base_name="nope", query=query).status_code == 404


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_keeps_its_conversation(client, mode):
    conversation = f"keeps-{mode}"
    (event,) = events(ask(client, mode, conversation_id=conversation))
    (kept,) = messages(client, conversation)
    assert kept["id"] == event["message_id"]
    assert (kept["mode"], kept["answer"], kept["finish"]) == (
        "llm_chat" if mode == "chat" else mode, "".join(ANSWER), "complete",
    )  # fmt: skip
    assert kept["sources"] == event.get("sources", [])
    assert kept["first_token_ms"] is not None


def test_memory_of_plain_chat_is_that_of_0_2_10(client, model):
    ask(client, "chat", query="一", conversation_id="mem")
    ask(client, "chat", query="二", conversation_id="mem")
    assert model.calls[-1][0] == [Message("user", "二")], "without a number of turns nothing is loaded"
    ask(client, "chat", query="三", conversation_id="mem", history_len=1)
    (prompt,) = model.calls[-1][0]
    assert "user: 二\nassistant: 两年。[1]" in prompt.content
    assert "user: 一" not in prompt.content
    ask(client, "chat", query="四", conversation_id="mem", history=2)
    assert "user: 二" in model.calls[-1][0][0].content
    ask(client, "chat", query="码", conversation_id="mem", history_len=1, prompt_name="py")
    *before, prompt = model.calls[-1][0]
    assert [message.content for message in before] == ["四", "".join(ANSWER)]
    assert prompt.content != "码", "a template that is named is used, with the turns before it"
    given = [{"role": "user", "content": "另"}, {"role": "assistant", "content": "外"}]
    ask(client, "chat", query="五", conversation_id="mem", history_len=3, history=given)
    assert model.calls[-1][0] == [Message("user", "另"), Message("assistant", "外"), Message("user", "五")]


def test_other_modes_remember_as_the_settings_say(client, model):
    for query in ("手册的保修期多久？", "延长呢？"):
        ask(client, "knowledge_base_chat", query=query, conversation_id="mem2")
    assert [message.content for message in model.calls[-1][0][:2]] == ["手册的保修期多久？", "".join(ANSWER)]
    *_, last = messages(client, "mem2")
    assert last["question"] == "延长呢？"
    assert last["rewritten"]
    ask(client, "knowledge_base_chat", query="保修期多久？", conversation_id="mem2", history_len=0)
    assert len(model.calls[-1][0]) == 1


def test_nothing_found_is_told_to_the_model_or_refused(client, model, tmp_path):
    (event,) = events(ask(client, "knowledge_base_chat", query="火星上有没有火山"))
    assert event["sources"] == []
    assert "没有与下面的问题相符的文档" in model.calls[0][0][-1].content
    settings = make_settings(tmp_path, ZHIWEN__CHAT__ANSWER_WITHOUT_SOURCES="false")
    with running_app(settings, ScriptedModel()) as strict:
        strict.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": KB})
        body = {"query": "火星上有没有火山", "knowledge_base_name": KB}
        (event,) = events(strict.post("/chat/knowledge_base_chat", json=body))
    assert event["answer"].startswith("你的文档里没有")
    assert event["finish_reason"] == "not_in_documents"
    assert event["docs"] == ["<span style='color:red'>知识库中没有与问题相符的文档。</span>"]


class Endless(ScriptedModel):
    """Goes on until it is closed."""

    closed = False

    async def stream(self, messages, generation):
        from server.llm.generation import Piece

        try:
            while True:
                yield Piece("字")
                await asyncio.sleep(0.01)
        finally:
            type(self).closed = True


def test_a_client_that_leaves_ends_the_generation_and_the_part_is_kept(tmp_path):
    settings, model = make_settings(tmp_path), Endless()
    with (
        mock.patch.object(container_module, "ChatModels", return_value=model),
        serving(create_app(settings)) as port,
    ):
        body = json.dumps({"query": "说", "stream": True, "conversation_id": "left"}).encode()
        with contextlib.closing(
            raw_request(port, "POST", "/chat/chat", body, ["Content-Type: application/json"])
        ) as connection:
            while "字" not in connection.recv(65536).decode("utf-8", "replace"):
                pass
        deadline = time.monotonic() + 60
        kept = b""
        while b"stopped" not in kept and time.monotonic() < deadline:
            time.sleep(0.05)
            with contextlib.closing(
                raw_request(port, "GET", "/conversations/left/messages", headers=["Connection: close"])
            ) as connection:
                kept = b"".join(iter(lambda: connection.recv(65536), b""))
    assert Endless.closed
    assert b'"finish":"stopped"' in kept
    assert "字".encode() in kept
