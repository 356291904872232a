"""The agent over HTTP with a model that calls tools by a script: tasks over the real tools, and each way to fail."""

import json
import time

import pytest
from agent_model import MODEL, TASK_NAMES, TASKS, add_samples, agent_app, with_page
from api_app import events
from starlette.testclient import TestClient

from server.errors import AgentStepLimit


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with agent_app(tmp_path_factory.mktemp("agent"), tool_timeout_s=5, step_limit=3) as (server, client, port):
        add_samples(client)
        yield server, client, port


def ask(product, script, query="请回答", **body):
    server, client, _ = product
    server.script, server.requests, server.left = list(script), [], 0
    request = {"query": query, "stream": True, "events": True, "model_name": MODEL, **body}
    return events(client.post("/chat/agent_chat", json=request))


def last_result(messages):
    return next(message["content"] for message in reversed(messages) if message["role"] == "tool")


def quoting(messages):
    """The model repeats what the last tool gave it, so the answer shows what reached the model."""
    return {"text": f"得到：{last_result(messages)}"}


def finished(found):
    return [event["tool_finished"] for event in found if "tool_finished" in event]


@pytest.mark.parametrize(("tool", "arguments", "wanted"), TASKS, ids=TASK_NAMES)
def test_a_task_over_a_real_tool(product, tool, arguments, wanted):
    arguments = with_page(arguments, product[2])
    found = ask(product, [{"text": "先查一下。", "calls": [(tool, arguments)]}, quoting])
    kinds = [next(iter(event)) for event in found]
    assert (
        kinds.index("tool_started") < kinds.index("tool_finished") < kinds.index("tools") < kinds.index("final_answer")
    )
    (done,) = finished(found)
    assert (done["name"], done["error"]) == (tool, "")
    assert wanted in done["output"]
    assert wanted in found[-1]["final_answer"]
    assert found[-1]["final_answer"].startswith("得到：")
    assert "".join(event.get("answer", "") for event in found).startswith("先查一下。")
    offered = {each["function"]["name"] for each in product[0].requests[0]["tools"]}
    assert tool in offered
    assert "shell" not in offered


def test_the_contract_of_0_2_10(product):
    script = [{"calls": [("calculate", {"expression": "6*7"})]}, {"text": "四十二"}]
    found = ask(product, script, events=False)
    assert [next(iter(event)) for event in found] == ["tools", "answer", "final_answer"]
    labels = [line.partition(":")[0] for line in found[0]["tools"] if ":" in line]
    assert labels == ["工具名称", "工具状态", "工具输入", "工具输出"]
    assert [found[0]["tools"][0].strip(), found[0]["tools"][-1].strip()] == ["```", "```"]
    (one,) = ask(product, script, events=False, stream=False)
    assert one["final_answer"] == "四十二"
    assert "6*7 = 42" in one["answer"]
    assert one["answer"].endswith("四十二")


def test_two_tools_in_one_step_and_sources_numbered_through(product):
    calls = [("search_knowledge_bases", {"query": "住宿标准", "count": 1}), ("search_internet", {"query": "x"})]
    found = ask(product, [{"calls": calls}, {"text": "见 [1] 与 [2]。"}])
    outputs = " ".join(done["output"] for done in finished(found))
    assert "[1] " in outputs
    assert "[2] " in outputs
    assert [source["index"] for source in found[-1]["sources"]] == [1, 2]


def test_history_and_a_choice_of_tools(product):
    history = [{"role": "user", "content": "我叫小王"}, {"role": "assistant", "content": "你好小王"}]
    ask(product, [{"text": "你叫小王"}], history=history, tools=["calculate"])
    request = product[0].requests[0]
    assert [message["role"] for message in request["messages"]] == ["system", "user", "assistant", "user"]
    assert [tool["function"]["name"] for tool in request["tools"]] == ["calculate"]


def test_a_conversation_is_kept_with_its_tools(product):
    script = [{"calls": [("calculate", {"expression": "1+1"})]}, {"text": "二"}]
    ask(product, script, query="一加一", conversation_id="a" * 32)
    messages = product[1].get(f"/conversations/{'a' * 32}/messages").json()["data"]
    assert "1+1 = 2" in json.dumps(messages, ensure_ascii=False)


class TestFailures:
    def test_a_tool_error_is_told_to_the_model_and_streamed(self, product):
        found = ask(product, [{"calls": [("calculate", {"expression": "1/0"})]}, quoting])
        assert "division by zero" in finished(found)[0]["error"]
        assert any("工具状态: 调用失败" in event.get("tools", ()) for event in found)
        assert "division by zero" in found[-1]["final_answer"]

    def test_wrong_arguments_and_unknown_tools_are_told_to_the_model(self, product):
        calls = [("calculate", {"text": "1"}), ("fly", {})]
        errors = " ".join(done["error"] for done in finished(ask(product, [{"calls": calls}, {"text": "好"}])))
        assert "expression: Field required" in errors
        assert "fly" in errors

    def test_arguments_that_are_no_json_are_asked_for_again(self, product):
        script = [
            {"calls": [("calculate", "expression = 2+2")]},
            {"calls": [("calculate", {"expression": "2+2"})]},
            quoting,
        ]
        assert "2+2 = 4" in ask(product, script)[-1]["final_answer"]
        broken = {"calls": [("calculate", "expression = 2+2")]}
        server, client, _ = product
        server.script = [broken, broken]
        answer = client.post("/chat/agent_chat", json={"query": "x", "model_name": MODEL})
        assert (answer.status_code, answer.json()["data"]["error"]) == (502, "agent_action_unreadable")

    def test_the_step_limit_is_said_and_the_model_answers_from_what_it_has(self, product):
        call = {"calls": [("calculate", {"expression": "1+1"})]}
        found = ask(product, [call, call, call, {"text": "够了"}])
        assert [event["notice"]["error"] for event in found if "notice" in event] == [AgentStepLimit.code]
        assert found[-1]["final_answer"] == "够了"
        assert product[0].requests[-1]["tool_choice"] == "none"
        assert ask(product, [call] * 4)[-1]["error"] == AgentStepLimit.code

    def test_a_model_that_fails_before_and_in_the_midst(self, product):
        server, client, _ = product
        server.script = [{"status": 500}]
        answer = client.post("/chat/agent_chat", json={"query": "x", "model_name": MODEL, "stream": True})
        assert (answer.status_code, answer.json()["data"]["error"]) == (502, "model_failed")
        found = ask(product, [{"text": "正要说的", "cut": True}])
        assert (found[-1]["code"], found[-1]["error"]) == (502, "model_failed")
        assert "secret-key" not in json.dumps(found)

    def test_an_empty_answer_is_an_error(self, product):
        server, client, _ = product
        server.script = [{"text": ""}]
        answer = client.post("/chat/agent_chat", json={"query": "x", "model_name": MODEL})
        assert answer.json()["data"]["error"] == "model_failed"

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"query": " "}, 422, "empty_question"),
            ({"model_name": "builtin-extractive"}, 503, "model_cannot_use_tools"),
            ({"model_name": ""}, 503, "model_cannot_use_tools"),
            ({"tools": ["fly"]}, 404, "tool_not_found"),
            ({"prompt_name": "none"}, 422, "prompt_not_found"),
            ({"query": "长" * 9000}, 422, "question_too_long"),
        ],
    )
    def test_what_is_wrong_with_the_request(self, product, body, status, code):
        answer = product[1].post("/chat/agent_chat", json={"query": "x", "model_name": MODEL, **body})
        assert (answer.status_code, answer.json()["data"]["error"]) == (status, code)


def test_time_limits_of_tool_and_answer(tmp_path):
    limits = {"tool_timeout_s": 0.3, "time_limit_s": 5, "shell": True}
    with agent_app(tmp_path, **limits) as product:
        call = {"calls": [("shell", {"command": "sleep 30"})]}
        begun = time.monotonic()
        assert "0.3 s" in finished(ask(product, [call, {"text": "慢"}], query="please"))[0]["error"]
        assert time.monotonic() - begun < 25
        found = ask(product, [{"text": "想", "calls": [("current_time", {})]}, {"wait_s": 30}])
        assert (found[-1]["code"], found[-1]["error"]) == (504, "agent_time_limit")
        assert product[0].left == 1, "the generation goes on"


def test_tools_are_listed_and_called(product):
    client: TestClient = product[1]
    listed = client.get("/tools", headers={"Accept-Language": "en"}).json()["data"]
    assert listed["calculate"]["title"] == "Calculator"
    assert "expression" in listed["calculate"]["args"]
    assert {tool["state"] for tool in listed.values()} == {"ready"}
    answer = client.post("/tools/call", json={"name": "calculate", "tool_input": {"expression": "2**10"}}).json()
    assert (answer["code"], answer["data"]) == (200, "2**10 = 1024")
    wrong = client.post("/tools/call", json={"name": "calculate", "tool_input": {"expression": "__import__('os')"}})
    assert (wrong.status_code, wrong.json()["data"]["error"]) == (422, "bad_tool_arguments")
    assert client.post("/tools/call", json={"name": "shell", "tool_input": {"command": "id"}}).status_code == 404


def test_no_page_of_the_private_network(product):
    answer = product[1].post("/tools/call", json={"name": "read_url", "tool_input": {"url": "http://127.0.0.1:1/"}})
    assert answer.json()["data"]["error"] == "url_refused"


def test_the_answer_of_arxiv_reads_no_files(product):
    answer = product[1].post("/tools/call", json={"name": "arxiv", "tool_input": {"query": "hostile"}}).json()
    assert "root:" not in json.dumps(answer)


def test_an_unknown_place_is_said(product):
    answer = product[1].post("/tools/call", json={"name": "weather", "tool_input": {"place": "Nowhere"}})
    assert answer.json()["data"]["error"] == "tool_failed"
