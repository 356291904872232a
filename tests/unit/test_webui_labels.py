"""The table of labels is complete, and it is the only place with text for people."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from webui_pages.labels import LANGUAGES, Label, Labels

WEBUI = Path(__file__).resolve().parents[2] / "webui_pages"
SOURCES = [path for path in sorted(WEBUI.rglob("*.py")) if path.parent.name != "labels"]
TABLE = {name: label for part in Labels.__mro__ for name, label in vars(part).items() if isinstance(label, Label)}
CHINESE = re.compile(r"[\u3400-\u9fff\u3000-\u303f\uff00-\uffef]")
WORD = re.compile(r"[A-Za-z]{2,}")
SHOWN_BY_POSITION = re.compile(
    "badge|.*button|caption|chat_input|dialog|error|expander|file_uploader|header|info|markdown|metric|popover|"
    "segmented_control|selectbox|slider|spinner|status|subheader|success|text|text_area|text_input|title|toast|toggle|"
    "warning|write"
)
SHOWN_BY_NAME = {"label", "help", "placeholder", "body", "title", "text", "page_title"}
MARKUP = re.compile(r":material/\w+:|:(red|green|gray|orange)\[|[^A-Za-z]")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", TABLE)
def test_each_label_has_both_languages(name):
    texts = TABLE[name].texts
    assert set(texts) == set(LANGUAGES)
    assert all(text.strip() for text in texts.values())
    assert not CHINESE.search(texts["en"]), "Chinese in the English text"
    assert CHINESE.search(texts["zh"]), "no Chinese in the Chinese text"


@pytest.mark.parametrize("name", TABLE)
def test_both_languages_have_the_same_places_to_fill(name):
    texts = TABLE[name].texts
    assert places(texts["zh"]) == places(texts["en"])


def test_labels_speak_the_language_they_were_made_for():
    assert Labels("zh").stop == "停止"
    assert Labels("en").stop == "Stop"


def test_each_label_is_used():
    source = "\n".join(path.read_text("utf-8") for path in SOURCES)
    used = set(re.findall(r"\.(\w+)", source))
    families = tuple(re.findall(r"getattr\([\w.]+, f[\"'](\w+_)\{", source))
    assert sorted(name for name in set(TABLE) - used if not name.startswith(families)) == []


def literals(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [part.value for part in node.values if isinstance(part, ast.Constant)]
    return []


def shown(call: ast.Call) -> list[ast.AST]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    by_name = [word.value for word in call.keywords if word.arg in SHOWN_BY_NAME]
    return [*call.args[:1], *by_name] if SHOWN_BY_POSITION.fullmatch(name) else by_name


def literal_ui_text(source: str) -> list[str]:
    tree = ast.parse(source)
    documented = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docs = {ast.get_docstring(node, clean=False) for node in documented}
    found = [text for node in ast.walk(tree) for text in literals(node) if CHINESE.search(text) and text not in docs]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            found += [
                text for argument in shown(node) for text in literals(argument) if WORD.search(MARKUP.sub(" ", text))
            ]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(WEBUI).as_posix())
def test_no_page_holds_text_of_its_own(path):
    assert literal_ui_text(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source", ['st.error("Something")', 'x = "错误"', 'st.button(f"Do {x}")', 'st.slider(x, help="Why")']
)
def test_the_search_for_text_finds_it(source):
    assert literal_ui_text(source)
