"""Actions as models write them, well and badly, and what of their text can be shown meanwhile."""

import pytest

from server.agent.actions import Action, Answer, Malformed, parse
from server.agent.visible import Visible

SOLE = {"calculate": "expression"}
ADD = Action("calculate", {"expression": "1+1"})


@pytest.mark.parametrize(
    "text",
    [
        '{"action": "calculate", "action_input": {"expression": "1+1"}}',
        '我来算一下。\n```json\n{"action": "calculate", "action_input": {"expression": "1+1"}}\n```',
        "Action: ```\n{'action': 'calculate', 'action_input': {'expression': '1+1'}}\n```",
        '{"action": "calculate", "action_input": "1+1"}',
        '{"action": "calculate", "action_input": "{\\"expression\\": \\"1+1\\"}"}',
        '{"tool": "calculate", "parameters": {"expression": "1+1",},}',
        '{"name": "calculate", "arguments": {"expression": "1+1"}}',
        '{"function": {"name": "calculate", "arguments": {"expression": "1+1"}}}',
        '{"action": "calculate", "action_input": {"expression": "1+1"}',
        '{"action": "calculate", "action_input": {"expression": "1+1',
        "{“action”：“calculate”，“action_input”：{“expression”：“1+1”}}",
        '{"thought": "I {need} it", "action": "calculate", "action_input": {"expression": "1+1"}}',
        "Thought: hm\nAction: calculate\nAction Input: 1+1\nObservation: 3",
        'Action: calculate\nAction Input: {"expression": "1+1"}',
        '动作：calculate\n动作输入：{"expression": "1+1"}',
        '{"action": "calculate", "action_input": {"expression": "1+1"}}\nObservation: 3\n{"action": "fly"}',
    ],
)
def test_an_action_however_it_is_written(text):
    assert parse(text, SOLE) == ADD


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("就是两年。", None),
        ('配置如下：\n```json\n{"port": 8501, "name": "web"}\n```', None),
        ("def f():\n    return {1: 2}", None),
        ('{"action": "Final Answer", "action_input": "两年"}', "两年"),
        ('```\n{"action": "final_answer", "action_input": {"years": 2}}\n```', '{"years": 2}'),
        ("", None),
        ("{" * 3000, None),
    ],
)
def test_an_answer(text, answer):
    assert parse(text, SOLE) == Answer(answer)


@pytest.mark.parametrize(
    "text", ['{"action": calculate, "action_input": }', '{"action": "a" "b": [1}', '```json\n{"action":']
)
def test_an_action_that_cannot_be_read(text):
    assert isinstance(parse(text, SOLE), Malformed)


def test_input_that_is_no_object_is_a_problem_of_the_call():
    assert parse('{"action": "weather", "action_input": "北京"}', SOLE).problem


def test_data_with_a_name_is_no_action():
    assert parse('{"name": "calculate"}', SOLE) == Answer()


def shown(text, size=1):
    visible = Visible()
    pieces = [visible.feed(text[n : n + size]) for n in range(0, len(text), size)]
    return "".join(pieces), visible.rest()


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "held"),
    [
        ('先查一下。\n{"action": "x"}', '{"action": "x"}'),
        ('看：\n```json\n{"action": 1}\n```', '```json\n{"action": 1}\n```'),
        ("想\nAction: x\nAction Input: y", "Action: x\nAction Input: y"),
    ],
)
def test_an_action_is_held_back(text, held, size):
    assert shown(text, size) == (text.removesuffix(held), held)


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    "text",
    [
        "两年。",
        "用 `x` 与 {y}。",
        "```python\nprint({1: 2})\n```\n完",
        '```json\n{"port": 1}\n```\n完',
        "Act now.\nThen rest.",
    ],
)
def test_an_answer_is_shown_at_once(text, size):
    assert shown(text, size) == (text, "")
