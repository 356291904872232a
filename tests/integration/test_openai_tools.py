"""Tools and the other options of the OpenAI protocol under `/v1`: passed on as they are, or refused plainly."""

import json

import httpx
import openai
import pytest
from agent_model import MODEL, PLAIN, ScriptedServer, agent_settings
from api_server import serving
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from server.api.app import create_app

KB = "手册"
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ASKED = {"role": "user", "content": "北京天气如何？"}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c0", "type": "function", "function": {"name": "weather", "arguments": '{"city": "北京"}'}}],
}
RESULT = {"role": "tool", "tool_call_id": "c0", "content": "晴，3 度"}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The scripted provider, and a client of the application in front of it."""
    provider = ScriptedServer()
    with serving(provider.app()) as behind:
        app = create_app(agent_settings(tmp_path_factory.mktemp("data"), behind))
        with serving(app) as port:
            url = f"http://127.0.0.1:{port}"
            httpx.post(f"{url}/knowledge_base/create_knowledge_base", json={"knowledge_base_name": KB})
            files = [("files", ("条款.txt", "本产品的保修期为两年。".encode()))]
            sent = httpx.post(f"{url}/knowledge_base/upload_docs", data={"knowledge_base_name": KB}, files=files)
            assert sent.json()["data"]["failed_files"] == {}
            yield provider, url


@pytest.fixture
def provider(stage):
    stage[0].script.clear()
    stage[0].requests.clear()
    return stage[0]


@pytest.fixture(scope="module")
def client(stage):
    with openai.OpenAI(base_url=f"{stage[1]}/v1", api_key="none", max_retries=0) as made:
        yield made


def ask(client, *messages, model=MODEL, **options):
    return client.chat.completions.create(model=model, messages=list(messages) or [ASKED], **options)


def refusal(client, *messages, **options):
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, *messages, **options)
    return caught.value


def test_a_call_of_a_tool(client, provider):
    provider.script[:] = [{"text": "我查一下。", "calls": [("weather", {"city": "北京"})]}]
    answer = ask(client, tools=[WEATHER], tool_choice="auto", parallel_tool_calls=False)
    choice = answer.choices[0]
    assert (choice.finish_reason, choice.message.content) == ("tool_calls", "我查一下。")
    (call,) = choice.message.tool_calls
    assert (call.id, call.type, call.function.name) == ("c0", "function", "weather")
    assert json.loads(call.function.arguments) == {"city": "北京"}
    (sent,) = provider.requests
    assert sent["tools"] == [WEATHER]
    assert (sent["tool_choice"], sent["parallel_tool_calls"]) == ("auto", False)
    assert sent["messages"] == [ASKED]


def test_calls_are_streamed_in_deltas(client, provider):
    provider.script[:] = [{"calls": [("weather", '{"city"'), ("weather", {"city": "上海"})]}]
    chunks = list(ask(client, tools=[WEATHER], stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    calls = [call for chunk in chunks if chunk.choices for call in chunk.choices[0].delta.tool_calls or ()]
    assert [(call.index, call.id, call.type, call.function.name) for call in calls] == [
        (0, "c0", "function", "weather"),
        (1, "c1", "function", "weather"),
    ]
    assert calls[0].function.arguments == '{"city"'
    assert chunks[-2].choices[0].finish_reason == "tool_calls"
    assert chunks[-1].usage.total_tokens > 0


def test_arguments_in_pieces_become_one_call(client, provider):
    def piece(index, **call):
        return {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": index, **call}]}, "finish_reason": None}]}

    provider.script[:] = [
        {
            "events": [
                piece(0, id="a", type="function", function={"name": "weather", "arguments": ""}),
                piece(0, function={"arguments": '{"city": '}),
                piece(0, function={"arguments": '"北京"}'}),
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
            ]
        }
    ]
    message = ask(client, tools=[WEATHER]).choices[0].message
    assert message.content is None
    (call,) = message.tool_calls
    assert (call.id, call.function.arguments) == ("a", '{"city": "北京"}')


def test_calls_and_results_go_back_as_they_are(client, provider):
    provider.script[:] = [{"text": "北京晴，3 度。"}]
    system = {"role": "developer", "content": "简短"}
    answer = ask(client, system, ASKED, CALLED, RESULT, tools=[WEATHER], tool_choice="none")
    assert answer.choices[0].message.content == "北京晴，3 度。"
    assert provider.requests[0]["messages"] == [{"role": "system", "content": "简短"}, ASKED, CALLED, RESULT]
    provider.script[:] = [{"text": "好。"}]
    assert ask(client, ASKED, CALLED, RESULT, {"role": "user", "content": "谢谢"}).choices[0].message.content == "好。"
    assert "tools" not in provider.requests[1]


def test_langchain_with_bound_tools(stage, provider):
    @tool
    def weather(city: str) -> str:
        """Weather of a city."""
        return f"{city}：晴"

    provider.script[:] = [{"calls": [("weather", {"city": "北京"})]}, {"text": "北京晴。"}]
    chat = ChatOpenAI(base_url=f"{stage[1]}/v1", api_key="none", model=MODEL, max_retries=0).bind_tools([weather])
    asked = HumanMessage("北京天气如何？")
    called = chat.invoke([asked])
    (call,) = called.tool_calls
    assert (call["name"], call["args"]) == ("weather", {"city": "北京"})
    told = ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])
    assert chat.invoke([asked, called, told]).text == "北京晴。"

    provider.script[:] = [{"calls": [("weather", {"city": "上海"})]}]
    whole = None
    for chunk in chat.stream([asked]):
        whole = chunk if whole is None else whole + chunk
    assert whole.tool_calls[0]["args"] == {"city": "上海"}


@pytest.mark.parametrize(
    ("model", "reason"),
    [(PLAIN, "tools = true"), ("builtin-extractive", "providers"), ("no such", "providers")],
)
@pytest.mark.parametrize("stream", [True, False])
def test_models_without_tools_refuse_them(client, provider, model, reason, stream):
    error = refusal(client, model=model, tools=[WEATHER], stream=stream)
    assert error.code == "option_not_supported"
    assert "tools" in error.message
    assert provider.requests == []


@pytest.mark.parametrize("model", [PLAIN, "builtin-extractive"])
def test_models_without_tools_refuse_earlier_calls(client, provider, model):
    error = refusal(client, ASKED, CALLED, RESULT, {"role": "user", "content": "谢谢"}, model=model)
    assert error.code == "option_not_supported"
    assert provider.requests == []


@pytest.mark.parametrize("messages", [[ASKED], [ASKED, CALLED, RESULT]])
def test_knowledge_bases_refuse_tools(client, provider, messages):
    options = {"tools": [WEATHER]} if len(messages) == 1 else {}
    error = refusal(client, *messages, model=f"kb:{KB}|{MODEL}", **options)
    assert (error.code, error.type) == ("option_not_supported", "invalid_request_error")
    assert "agent_chat" in error.message


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"functions": [WEATHER["function"]]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"modalities": ["text", "audio"]}, "modalities.1"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"temperature": 2.5}, "temperature"),
        ({"extra_body": {"tools": [{"type": "retrieval"}]}}, "tools.0.type"),
    ],
)
def test_what_would_change_the_answer_is_refused_by_name(client, provider, options, field):
    error = refusal(client, **options)
    assert (error.code, error.type) == ("invalid_request", "invalid_request_error")
    assert error.param.startswith(field)
    assert provider.requests == []


def test_pictures_are_refused_plainly(client, provider):
    error = refusal(client, {"role": "user", "content": [{"type": "text", "text": "这是什么？"}, PICTURE]})
    assert 'parts of the type "image_url" are not read; send text' in error.message
    assert provider.requests == []


@pytest.mark.parametrize(
    "options", [{"conversation_id": "c"}, {"return_direct": True}, {"references": True}, {"prompt_name": "py"}]
)
def test_what_tools_leave_no_place_for_is_refused(client, provider, options):
    assert refusal(client, tools=[WEATHER], extra_body=options).code == "not_supported"
    provider.script[:] = [{"text": "好。"}]
    plain = {"conversation_id": "", "return_direct": False, "references": None, "prompt_name": "default"}
    assert ask(client, tools=[WEATHER], extra_body=plain).choices[0].message.content == "好。"


def test_options_of_providers_are_passed_on(client, provider):
    provider.script[:] = [{"text": "{}"}] * 2
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}
    given = {"response_format": form, "logit_bias": {"7": -100}, "reasoning_effort": "low"}
    numbers = {"presence_penalty": 0.5, "frequency_penalty": -0.5, "seed": 7, "stop": ["完"], "top_p": 0.9}
    for model in (PLAIN, f"kb:{KB}|{PLAIN}"):
        ask(client, model=model, max_completion_tokens=9, **given, **numbers)
        sent = provider.requests.pop()
        assert {name: sent[name] for name in (*given, *numbers)} == {**given, **numbers}
        assert sent["max_tokens"] == 9


@pytest.mark.parametrize("field", [{"response_format": {"type": "json_object"}}, {"logit_bias": {"1": 1}}])
def test_other_models_refuse_options_of_providers(client, field):
    assert refusal(client, model="builtin-extractive", **field).code == "option_not_supported"


def test_what_says_nothing_is_taken(client, provider):
    provider.script[:] = [{"text": "好。"}]
    empty = {"response_format": {"type": "text"}, "logit_bias": {}, "logprobs": False, "n": 1, "modalities": ["text"]}
    ignored = {"user": "u", "metadata": {"a": "b"}, "store": False, "service_tier": "auto"}
    answer = ask(client, tools=[], **empty, **ignored, extra_body={"tool_choice": "auto", "functions": None})
    assert answer.choices[0].message.content == "好。"
    assert not set(provider.requests[0]) & {*empty, *ignored, "tools", "tool_choice"} - {"n"}


def test_a_refusal_of_the_provider_is_one_of_the_request(client, provider):
    provider.script[:] = [{"status": 400}]
    assert "scripted failure" in refusal(client, tools=[WEATHER]).message
    provider.script[:] = [{"status": 400, "code": "context_length_exceeded"}]
    error = refusal(client)
    assert error.code == "context_length_exceeded"
    assert error.body["details"]["error"] == "context_too_long"


def test_instructions_outlive_what_does_not_fit(client, provider):
    provider.script[:] = [{"text": "好。"}]
    turns = [{"role": role, "content": "很长的话" * 1500} for role in ("user", "assistant") * 3]
    answer = ask(client, {"role": "system", "content": "简短"}, *turns, ASKED)
    messages = provider.requests[0]["messages"]
    assert messages[0] == {"role": "system", "content": "简短"}
    assert 2 <= len(messages) < 8
    assert answer.model_extra["trimmed"] == {"messages": 8 - len(messages), "hits": 0}
