"""MCP servers as tools: one over stdio and one over HTTP are really called; dead ones only miss."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from agent_model import MODEL, agent_app
from api_app import events
from free_ports import free_port

SERVER = Path(__file__).with_name("mcp_sample_server.py")
STDIO = {"command": sys.executable, "args": [str(SERVER)], "env": {"SAMPLE": "given"}, "timeout_s": 20}


@pytest.fixture(scope="module")
def http_server():
    port = free_port()
    process = subprocess.Popen([sys.executable, str(SERVER), str(port)], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def product(tmp_path_factory, http_server):
    os.environ["ZHIWEN_SAMPLE_SECRET"] = "secret"
    servers = {
        "local": STDIO,
        "web": {"url": http_server, "timeout_s": 20},
        "dead": {"command": "no-such-command"},
        "gone": {"url": "http://127.0.0.1:9/mcp", "timeout_s": 5},
    }
    with agent_app(tmp_path_factory.mktemp("agent"), mcp=servers, tools=["calculate"]) as running:
        yield running
    del os.environ["ZHIWEN_SAMPLE_SECRET"]


def call(product, name, arguments):
    return product[1].post(
        "/tools/call", json={"name": name, "tool_input": arguments}, headers={"Accept-Language": "en"}
    )


def test_tools_of_both_servers_answer_the_agent(product):
    server, client, _ = product
    calls = [("local_add", {"left": 2, "right": 3}), ("web_add", {"left": 20, "right": 30})]
    server.script = [{"calls": calls}, {"text": "5 和 50"}]
    found = events(
        client.post("/chat/agent_chat", json={"query": "加", "model_name": MODEL, "stream": True, "events": True})
    )
    outputs = {
        event["tool_finished"]["name"]: event["tool_finished"]["output"] for event in found if "tool_finished" in event
    }
    assert outputs == {"local_add": "5", "web_add": "50"}
    missing = [event["notice"] for event in found if "notice" in event]
    assert [notice["error"] for notice in missing] == ["mcp_server_unavailable"] * 2
    assert {notice["name"] for notice in missing} == {"dead", "gone"}


def test_they_are_listed_with_their_servers(product):
    body = product[1].get("/tools").json()
    assert body["data"]["local_add"]["server"] == "local"
    assert body["data"]["local_add"]["title"] == "Add numbers"
    assert set(body["data"]["local_add"]["args"]) == {"left", "right"}
    assert {server["name"]: server["state"] for server in body["servers"]} == {
        "local": "ready",
        "web": "ready",
        "dead": "failed",
        "gone": "failed",
    }
    assert "not installed" in next(server["reason"] for server in body["servers"] if server["name"] == "dead")


def test_what_a_tool_reports_as_an_error_is_one(product):
    answer = call(product, "local_fail", {})
    assert (answer.status_code, answer.json()["data"]["error"]) == (502, "tool_failed")
    assert call(product, "local_add", {"left": "x"}).json()["data"]["error"] == "tool_failed"


def test_a_server_gets_its_own_environment_only(product):
    assert call(product, "local_environment", {"name": "SAMPLE"}).json()["data"] == "given"
    assert call(product, "local_environment", {"name": "ZHIWEN_SAMPLE_SECRET"}).json()["data"] == "(unset)"


def test_a_server_that_dies_is_started_again(product):
    first = call(product, "local_pid", {}).json()["data"]
    assert call(product, "local_die", {}).json()["data"]["error"] == "mcp_server_unavailable"
    second = call(product, "local_pid", {}).json()["data"]
    assert first != second
    assert int(second) > 0


def test_no_server_outlives_the_service(tmp_path):
    with agent_app(tmp_path, mcp={"local": STDIO}) as product:
        pid = int(call(product, "local_pid", {}).json()["data"])
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nothing_is_started_before_it_is_needed(tmp_path):
    with agent_app(tmp_path, mcp={"local": STDIO}) as product:
        assert call(product, "calculate", {"expression": "1+1"}).status_code == 200
        assert not (tmp_path / "logs" / "mcp_local.log").exists()
