"""What a model without tool calling wrote: an action to take, or an answer.

Models write JSON as people do: with Python's quotes, Chinese punctuation, commas too many, brackets too few, other
names for the same keys, or in the older "Action: … Action Input: …" form. All that is read; nothing is guessed that the
text does not say.
"""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

NAME_KEYS = ("action", "tool", "tool_name", "name", "function")
INPUT_KEYS = ("action_input", "arguments", "tool_input", "parameters", "args", "input")
_SURE_KEYS = ("action", "tool", "tool_name")
_FINAL = frozenset({"final answer", "final_answer", "finalanswer", "final", "finish", "最终答案", "最终回答", "回答"})
_LINE = re.compile(r"^\s*(?:Action|动作|行动)\s*[:：]\s*[`*]*([\w.-]+)[`*]*\s*$", re.IGNORECASE | re.MULTILINE)
_LINE_INPUT = re.compile(r"^\s*(?:Action Input|动作输入|行动输入)\s*[:：]\s*", re.IGNORECASE | re.MULTILINE)
_MEANT = re.compile(r"[{,\s][\"'“”]?(?:action|tool|tool_name|action_input)[\"'“”]?\s*[:：]", re.IGNORECASE)
_STRAIGHT = str.maketrans("“”„‟：，", '"""":,')
_LOOSE_COMMA = re.compile(r",\s*(?=[}\]])")


@dataclass(frozen=True, slots=True)
class Action:
    """A tool to call. `problem` says what is wrong with its input."""

    name: str
    arguments: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The final answer; None means all that was written."""

    text: str | None = None


@dataclass(frozen=True, slots=True)
class Malformed:
    """An action was meant and cannot be read."""

    reason: str


def parse(text: str, sole_arguments: Mapping[str, str]) -> Action | Answer | Malformed:
    """Read what a model wrote. `sole_arguments` names the argument of each tool that has only one."""
    for written in _objects(text):
        name = _named(written)
        if name is not None:
            return _action(name, _input(written), sole_arguments)
    line = _LINE.search(text)
    if line:
        return _from_lines(text, line, sole_arguments)
    if _MEANT.search(text):
        return Malformed("the action is no complete JSON object")
    return Answer()


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """Every JSON object that stands in the text, outer ones first."""
    position = text.find("{")
    while position >= 0:
        value, end = _object_at(text, position)
        if value is not None:
            yield value
        position = text.find("{", end if value is not None else position + 1)


def _object_at(text: str, start: int) -> tuple[dict[str, Any] | None, int]:
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text, start)
        return (value, end) if isinstance(value, dict) else (None, start)
    except (ValueError, RecursionError):
        pass
    end = _closing(text, start)
    for candidate in _mended(text[start:end]):
        for read in (_from_json, ast.literal_eval):
            try:
                value = read(candidate)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                continue
            if isinstance(value, dict):
                return value, end
    return None, start


def _from_json(text: str) -> Any:
    return json.loads(text, strict=False)


def _closing(text: str, start: int) -> int:
    """Where the object that begins at `start` ends, by its brackets; the end of the text if it is not closed."""
    depth, quote, skip = 0, "", False
    for position in range(start, len(text)):
        sign = text[position]
        if skip:
            skip = False
        elif quote:
            skip = sign == "\\"
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
            if depth == 0:
                return position + 1
    return len(text)


def _mended(text: str) -> Iterator[str]:
    """The object with the usual slips undone."""
    cut = text.rstrip().removesuffix("```").rstrip()
    for variant in (cut, cut.translate(_STRAIGHT)):
        plain = _LOOSE_COMMA.sub("", variant)
        missing = plain.count("{") - plain.count("}")
        for closed in (plain, plain + "}" * missing, plain + '"' + "}" * missing):
            yield _LOOSE_COMMA.sub("", closed)


def _named(written: Mapping[str, Any]) -> str | None:
    """The tool an object names; an object with just a "name" is data, not an action."""
    for key in NAME_KEYS:
        value = written.get(key)
        if key == "function" and isinstance(value, Mapping):
            return _named(value)
        sure = key in _SURE_KEYS or any(other in written for other in INPUT_KEYS)
        if sure and isinstance(value, str) and value.strip():
            return value.strip()
    return None


def _input(written: Mapping[str, Any]) -> Any:
    function = written.get("function")
    holder = function if isinstance(function, Mapping) else written
    return next((holder[key] for key in INPUT_KEYS if key in holder), {})


def _action(name: str, given: Any, sole_arguments: Mapping[str, str]) -> Action | Answer:
    if name.lower() in _FINAL:
        return Answer(given if isinstance(given, str) else json.dumps(given, ensure_ascii=False))
    if isinstance(given, str) and given.strip().startswith("{"):
        given, _ = next(((value, 0) for value in _objects(given)), (given, 0))
    if isinstance(given, Mapping):
        return Action(name, dict(given))
    if given is None or given == "":
        return Action(name, {})
    if name in sole_arguments:
        return Action(name, {sole_arguments[name]: given})
    return Action(name, {}, "action_input must be a JSON object of arguments")


def _from_lines(text: str, line: re.Match[str], sole_arguments: Mapping[str, str]) -> Action | Answer:
    """The form of older agents, in two lines."""
    given = _LINE_INPUT.search(text, line.end())
    if given is None:
        return _action(line[1], {}, sole_arguments)
    rest = re.split(r"\n\s*(?:Observation|观察)\s*[:：]", text[given.end() :])[0].strip().strip("`").strip()
    return _action(line[1], rest.removeprefix("json\n"), sole_arguments)
