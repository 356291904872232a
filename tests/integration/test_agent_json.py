"""The agent over HTTP with a model that calls no tools: the same tasks by JSON actions, and each way to fail."""

import json
import time

import pytest
from agent_model import MODEL, PLAIN, TASK_NAMES, TASKS, add_samples, agent_app, with_page
from api_app import events
from api_server import raw_request, serving


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    with agent_app(tmp_path_factory.mktemp("agent"), tool_timeout_s=5, step_limit=2) as (server, client, port):
        add_samples(client)
        yield server, client, port


def ask(product, script, query="请回答", **body):
    server, client, _ = product
    server.script, server.requests = [{"text": turn} if isinstance(turn, str) else turn for turn in script], []
    request = {"query": query, "stream": True, "events": True, "model_name": PLAIN, **body}
    return events(client.post("/chat/agent_chat", json=request))


def action(name, arguments):
    return json.dumps({"action": name, "action_input": arguments}, ensure_ascii=False)


def quoting(messages):
    return {"text": f"得到：{messages[-1]['content']}"}


def finished(found):
    return [event["tool_finished"] for event in found if "tool_finished" in event]


@pytest.mark.parametrize(("tool", "arguments", "wanted"), TASKS, ids=TASK_NAMES)
def test_a_task_over_a_real_tool(product, tool, arguments, wanted):
    arguments = with_page(arguments, product[2])
    found = ask(product, [f"先查一下。\n```json\n{action(tool, arguments)}\n```", quoting])
    (done,) = finished(found)
    assert (done["name"], done["error"]) == (tool, "")
    assert wanted in done["output"]
    assert found[-1]["final_answer"].startswith("得到：工具结果")
    assert wanted in found[-1]["final_answer"]
    said = "".join(event.get("answer", "") for event in found)
    assert said.startswith("先查一下。")
    assert '"action"' not in said
    system = product[0].requests[0]["messages"][0]
    assert system["role"] == "system"
    assert f"### {tool}" in system["content"]
    assert "### shell" not in system["content"]


def test_the_answer_is_streamed_while_it_is_written(product):
    found = ask(product, ["这是一个足够长的、不用任何工具的回答。"])
    assert len([event for event in found if event.get("answer")]) > 3
    assert found[-1]["final_answer"] == "这是一个足够长的、不用任何工具的回答。"


def test_the_form_of_chatglm3_also_on_a_model_that_calls_tools(product):
    script = [action("calculate", "6*7"), action("Final Answer", "四十二")]
    found = ask(product, script, prompt_name="ChatGLM3", model_name=MODEL)
    assert finished(found)[0]["output"] == "6*7 = 42"
    assert found[-1]["final_answer"] == "四十二"
    assert "tools" not in product[0].requests[0]


def test_a_broken_action_is_asked_for_again_once(product):
    broken = '{"action": calculate, "action_input": }'
    found = ask(product, [broken, action("calculate", {"expression": "2+3"}), quoting])
    assert "2+3 = 5" in found[-1]["final_answer"]
    assert "无法识别" in product[0].requests[1]["messages"][-1]["content"]
    product[0].script = [{"text": broken}, {"text": broken}]
    answer = product[1].post("/chat/agent_chat", json={"query": "x", "model_name": PLAIN})
    assert (answer.status_code, answer.json()["data"]["error"]) == (502, "agent_action_unreadable")


def test_errors_of_tools_are_told_to_the_model(product):
    found = ask(product, [action("fly", {}), action("calculate", {"expression": "1/0"}), quoting])
    assert ["fly" in finished(found)[0]["error"], "division by zero" in finished(found)[1]["error"]] == [True, True]
    assert "工具出错（calculate）" in found[-1]["final_answer"]


def test_the_step_limit(product):
    call = action("calculate", {"expression": "1+1"})
    found = ask(product, [call, call, "够了"])
    assert [event["notice"]["error"] for event in found if "notice" in event] == ["agent_step_limit"]
    assert found[-1]["final_answer"] == "够了"
    assert "步骤已用完" in product[0].requests[-1]["messages"][-1]["content"]
    assert ask(product, [call, call, call])[-1]["error"] == "agent_step_limit"


def test_a_model_that_dies_in_the_midst_and_one_that_says_nothing(product):
    found = ask(product, [{"text": "正要说", "cut": True}])
    assert (found[-1]["code"], found[-1]["error"]) == (502, "model_failed")
    product[0].script = [{"text": ""}]
    answer = product[1].post("/chat/agent_chat", json={"query": "x", "model_name": PLAIN})
    assert answer.json()["data"]["error"] == "model_failed"


def test_the_window_gives_way_and_that_is_said(product):
    history = [{"role": role, "content": "旧" * 2000} for role in ("user", "assistant", "user", "assistant")]
    found = ask(product, ["好"], history=history)
    assert found[-1]["trimmed"]["messages"] == 2
    assert [message["role"] for message in product[0].requests[0]["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


def test_a_client_that_leaves_ends_tool_and_generation(tmp_path):
    slow = {"shell": True, "tool_timeout_s": 60}
    with agent_app(tmp_path, **slow) as (server, client, _), serving(client.app) as port:
        marker = tmp_path / "alive"
        command = f"while true; do date > {marker}; sleep 0.1; done"
        server.script = [{"text": f"好。\n{action('shell', {'command': command})}"}, {"text": "想", "wait_s": 30}]
        leave_when(port, marker.exists)
        leave_when(port, lambda: len(server.requests) == 2)
        wait_for(lambda: server.left == 1)
        wait_for(lambda: time.time() - marker.stat().st_mtime > 1)


def leave_when(port, condition):
    body = json.dumps({"query": "x", "model_name": PLAIN, "stream": True}).encode()
    connection = raw_request(port, "POST", "/chat/agent_chat", body, ["Content-Type: application/json"])
    wait_for(condition)
    connection.close()


def wait_for(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
