"""Keys of the widgets of the web page, and those that the browser tests press: both read from the source.

What is only known when the program runs may be anything: it is a hole in the key.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

WIDGETS = frozenset({
    "audio_input", "button", "camera_input", "chat_input", "checkbox", "color_picker", "data_editor", "date_input",
    "datetime_input", "download_button", "expander", "feedback", "file_uploader", "form_submit_button", "link_button",
    "menu_button", "multiselect", "number_input", "pagination", "pills", "popover", "radio", "segmented_control",
    "select_slider", "selectbox", "slider", "tabs", "text_area", "text_input", "time_input", "toggle",
})  # fmt: skip
HOLE = "\0"
SELECTOR = re.compile(rf"st-key-([\w{HOLE}-]+)")


@dataclass(frozen=True)
class Function:
    """A function of the page, and all calls of it."""

    node: ast.FunctionDef
    calls: "list[Call]"

    def takes(self, name: str) -> bool:
        """Whether it has such a parameter."""
        known = self.node.args
        return any(argument.arg == name for argument in (*known.args, *known.kwonlyargs))

    def given(self, name: str, call: ast.Call) -> ast.expr | None:
        """What a call passes for a parameter, or its default."""
        known = self.node.args
        for keyword in call.keywords:
            if keyword.arg == name:
                return keyword.value
        order = [argument.arg for argument in known.args]
        if name in order:
            place = order.index(name)
            return call.args[place] if place < len(call.args) else None
        return known.kw_defaults[[argument.arg for argument in known.kwonlyargs].index(name)]

    def sets(self, name: str) -> Iterator[ast.expr]:
        """What it puts into a variable of its own."""
        for node in ast.walk(self.node):
            if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == name for target in node.targets):
                yield node.value


Call = tuple[ast.Call, Function | None]
"""A call, and the function that makes it."""


class _Reader(ast.NodeVisitor):
    """Notes each call together with the function that it stands in."""

    def __init__(self) -> None:
        self.functions: dict[str, list[Function]] = {}
        self.calls: list[Call] = []
        self._inside: list[Function] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside.append(Function(node, []))
        self.functions.setdefault(node.name, []).append(self._inside[-1])
        self.generic_visit(node)
        self._inside.pop()

    def visit_Call(self, node: ast.Call) -> None:
        self.calls.append((node, self._inside[-1] if self._inside else None))
        self.generic_visit(node)


def widget_keys(folder: Path) -> dict[str, str]:
    """The key of every widget with the place where it is made; `<kind>` where a widget has none."""
    readers: dict[Path, _Reader] = {}
    for path in sorted(folder.rglob("*.py")):
        readers[path] = _Reader()
        readers[path].visit(ast.parse(path.read_text("utf-8")))
    _tell_functions_of_their_calls(list(readers.values()))
    return {
        key: f"{path.relative_to(folder).as_posix()}:{call.lineno}"
        for path, reader in readers.items()
        for call, function in reader.calls
        if (kind := _kind(call))
        for key in _key(call, kind, function)
    }


def pressed_keys(paths: list[Path]) -> set[str]:
    """The keys in selectors, and those given to a function of a test right after the page."""
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    texts = [text for node in nodes if isinstance(node, (ast.Constant, ast.JoinedStr)) for text in _texts(node, None)]
    given = [
        text
        for node in nodes
        if isinstance(node, ast.Call) and len(node.args) > 1 and isinstance(node.args[0], ast.Name)
        for text in _texts(node.args[1], None)
    ]
    return {key for key in (*given, *(key for text in texts for key in SELECTOR.findall(text))) if key[0:1] != HOLE}


def listed_keys(text: str) -> set[str]:
    """The keys in a list for people, where words in capitals stand for what is only known later."""
    found: set[str] = set()
    for name, more in re.findall(r"\b([a-z][\w]*)(\(_cancel\))?", text):
        key = re.sub(r"_[A-Z]+(?=_|$)", f"_{HOLE}", name)
        found |= {key, f"{key}_cancel"} if more else {key}
    return found


def fits(key: str, pressed: str) -> bool:
    """Whether a key, which may have holes, can be the pressed one, whose end may be left out after an underscore."""
    if pressed.endswith("_") and key.startswith(pressed):
        return not key[len(pressed) :].replace("_", "").strip(HOLE)
    return re.fullmatch(key.replace(HOLE, ".*"), pressed, re.DOTALL) is not None


def _kind(call: ast.Call) -> str:
    """What widget a call makes, on the page or in a column; "" where it makes none."""
    on = call.func.value if isinstance(call.func, ast.Attribute) else None
    return call.func.attr if isinstance(on, ast.Name) and call.func.attr in WIDGETS else ""  # pyright: ignore[reportAttributeAccessIssue]


def _tell_functions_of_their_calls(readers: list[_Reader]) -> None:
    everywhere: dict[str, list[Function]] = {}
    for reader in readers:
        for name, functions in reader.functions.items():
            everywhere.setdefault(name, []).extend(functions)
    for reader in readers:
        for call, caller in reader.calls:
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            for function in reader.functions.get(name) or everywhere.get(name, []):
                function.calls.append((call, caller))


def _key(call: ast.Call, kind: str, function: Function | None) -> set[str]:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "key"]
    return _texts(given[0], function) if given else {f"<{kind}>"}


def _texts(value: ast.expr, function: Function | None, call: Call | None = None) -> set[str]:
    """All texts that an expression can be, or only those of one call of the function that it stands in."""
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if isinstance(value, ast.JoinedStr):
        # Two parameters in one text come from the same call.
        calls = [call] if call or not function else [*function.calls] or [None]
        return {text for each in calls for text in _joined(value, function, each)}
    if not isinstance(value, ast.Name) or function is None:
        return {HOLE}
    if not function.takes(value.id):
        return {text for found in function.sets(value.id) for text in _texts(found, function, call)} or {HOLE}
    given = [(function.given(value.id, each), caller) for each, caller in ([call] if call else function.calls)]
    return {text for found, caller in given if found for text in _texts(found, caller)} or {HOLE}


def _joined(value: ast.JoinedStr, function: Function | None, call: Call | None) -> set[str]:
    expressions = [part.value if isinstance(part, ast.FormattedValue) else part for part in value.values]
    return {"".join(pieces) for pieces in product(*(_texts(each, function, call) for each in expressions))}
