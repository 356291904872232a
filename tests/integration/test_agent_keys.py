"""Which tools an API key may use, in a chat and by hand; and that the agent's tokens are counted."""

import json

import pytest
from agent_model import BASE_URL, MODEL, ScriptedServer, add_samples, agent_settings
from api_app import events
from api_server import serving
from starlette.testclient import TestClient

from server.api.app import create_app

ADMIN = "a" * 40
SQL = ("query_database", {"sql": "SELECT city FROM orders"})


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    (folder / "none.toml").write_text(f'[security]\napi_key = "{ADMIN}"\n', "utf-8")
    provider = ScriptedServer()
    with (
        serving(provider.app()) as port,
        TestClient(create_app(agent_settings(folder, port, shell=True)), base_url=BASE_URL) as client,
    ):
        client.headers |= sent(ADMIN)
        add_samples(client)
        yield provider, client


@pytest.fixture(scope="module")
def keys(stage):
    made = {"admin": ADMIN}
    for name, options in {
        "reader": {"scope": "read"},
        "writer": {"scope": "write"},
        "limited": {"scope": "write", "knowledge_bases": ["samples"]},
    }.items():
        made[name] = stage[1].post("/keys", json={"name": name, **options}).json()["data"]["key"]
    return made


def sent(key):
    return {"Authorization": f"Bearer {key}", "Accept-Language": "en"}


def offered(stage, key):
    """The names of the tools that the model was told of, and the events."""
    provider, client = stage
    provider.script[:] = [{"calls": [SQL]}, {"text": "Done."}]
    provider.requests.clear()
    body = {"query": "Which cities?", "model_name": MODEL, "stream": True, "events": True}
    told = events(client.post("/chat/agent_chat", json=body, headers=sent(key)))
    return {tool["function"]["name"] for tool in provider.requests[0]["tools"]}, told


@pytest.mark.parametrize(
    ("name", "withheld"),
    [
        ("admin", set()),
        ("writer", {"shell"}),
        ("reader", {"shell"}),
        ("limited", {"shell", "query_database"}),
    ],
)
def test_the_agent_leaves_out_what_the_key_may_not_use(stage, keys, name, withheld):
    everything, _ = offered(stage, ADMIN)
    names, told = offered(stage, keys[name])
    assert everything - names == withheld
    [tools] = [event["tools"] for event in told if "tools" in event]
    assert ("北京" in "".join(tools)) is ("query_database" not in withheld)
    assert told[-1]["final_answer"] == "Done."


@pytest.mark.parametrize(("name", "tool"), [("limited", "query_database"), ("limited", "shell"), ("writer", "shell")])
def test_a_tool_that_is_named_is_refused(stage, keys, name, tool):
    client = stage[1]
    arguments = {"sql": "SELECT 1"} if tool == "query_database" else {"command": "echo hi"}
    by_hand = {"name": tool, "tool_input": arguments}
    for path, body in (
        ("/tools/call", by_hand),
        ("/chat/agent_chat", {"query": "?", "model_name": MODEL, "tools": [tool]}),
    ):
        answer = client.post(path, json=body, headers=sent(keys[name]))
        assert (answer.status_code, answer.json()["data"]["error"]) == (403, "tool_forbidden")
    assert client.post("/tools/call", json=by_hand, headers=sent(ADMIN)).status_code == 200


def test_the_list_says_why(stage, keys):
    client = stage[1]
    tools = client.get("/tools", headers=sent(keys["limited"])).json()["data"]
    assert tools["query_database"]["state"] == "unavailable"
    assert "limited to some knowledge bases" in tools["query_database"]["reason"]
    assert tools["search_knowledge_bases"]["state"] == "ready"
    tools = client.get("/tools", headers={**sent(keys["reader"]), "Accept-Language": "zh"}).json()["data"]
    assert "admin 权限" in tools["shell"]["reason"]
    assert client.get("/tools").json()["data"]["shell"]["state"] == "ready"


def test_tokens_of_the_agent_are_counted(stage):
    def spent():
        lines = stage[1].get("/metrics").text.splitlines()
        found = [line.split() for line in lines if line.startswith("zhiwen_tokens_total{")]
        return {name.split('"')[1]: float(number) for name, number in found}

    before = spent()
    _, told = offered(stage, ADMIN)
    after = spent()
    usage = told[-1]["usage"]
    assert usage["completion_tokens"] > 0
    for kind in ("prompt", "completion"):
        assert after[kind] - before[kind] == usage[f"{kind}_tokens"], json.dumps(usage)
