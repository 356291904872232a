"""House rules that no linter knows, checked on the source tree."""

import ast
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from server import errors

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("configs", "server", "document_loaders", "text_splitter", "webui_pages")
SOURCES = [*(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")), *ROOT.glob("*.py")]
HEAVY = ("torch", "transformers", "sentence_transformers", "unstructured", "spacy", "pandas")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_only_the_session_ends_transactions() -> None:
    calls = [
        f"{named(path)}: {node.func.attr}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("commit", "rollback")
    ]
    # Tantivy's writer has a commit of its own; it is no SQL. The session's own units of work end by `begin()`.
    assert calls == ["server/stores/tantivy_index.py: commit"]


def test_broad_except_only_at_edges() -> None:
    """An edge says so beside the clause: HTTP handler, job runner, supervisor."""
    silent: list[str] = []
    for path in SOURCES:
        lines = path.read_text("utf-8").splitlines()
        broad = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ExceptHandler) and _is_broad(node)]
        for node in broad:
            if not _raises_again(node) and "edge" not in " ".join(lines[node.lineno - 2 : node.lineno + 1]):
                silent.append(f"{named(path)}:{node.lineno}")
    assert silent == []


def _is_broad(node: ast.ExceptHandler) -> bool:
    return node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException"))


def _raises_again(node: ast.ExceptHandler) -> bool:
    return any(isinstance(inner, ast.Raise) for inner in ast.walk(node))


def test_no_pickle_is_ever_loaded() -> None:
    pattern = re.compile(r"\b(pickle|joblib|dill)\b|allow_dangerous|torch\.load|np\.load\(.*allow_pickle=True")
    assert [named(path) for path in SOURCES if pattern.search(path.read_text("utf-8"))] == []


def test_nothing_is_left_for_later() -> None:
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    comments = {path: " ".join(_comments(path)) for path in SOURCES}
    assert [named(path) for path, text in comments.items() if pattern.search(text)] == []
    raised = [named(path) for path in SOURCES if "raise NotImplementedError" in path.read_text("utf-8")]
    assert raised == []


def _comments(path: Path) -> list[str]:
    with path.open("rb") as file:
        return [token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]


def test_names_say_a_job() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc", "base_service"}
    assert [named(path) for path in SOURCES if path.stem in vague or path.parent.name in vague] == []


def test_files_are_small() -> None:
    long = {named(path): text.count("\n") for path in SOURCES if (text := path.read_text("utf-8")).count("\n") > 320}
    # One class for each error, one key for each word of the page: tables, read by their index.
    assert set(long) <= {"server/knowledge_base/service.py"}, long


@pytest.mark.parametrize(
    ("module", "also"),
    [
        ("configs", ("fastapi", "sqlalchemy", "faiss", "streamlit", "langchain_core")),
        ("server.errors", ("fastapi", "sqlalchemy", "faiss", "pydantic")),
        ("server.api.schemas.chat", ("fastapi", "sqlalchemy", "faiss", "langchain_core")),
        (
            "server.api.app",
            (
                "langchain",
                "langgraph",
                "mcp",
                "sqlglot",
                "langchain_openai",
                "openai",
                "streamlit",
                "fastchat",
                "langchain_text_splitters",
            ),
        ),
        ("server.container", ("fastapi", "langchain_openai", "streamlit", "fastchat", "faiss")),
        ("server.launcher.main", ("fastapi", "sqlalchemy", "faiss", "numpy", "langchain_core", "rich", "fastchat")),
        ("server.llm.workers.extractive", ("sqlalchemy", "faiss", "langchain_core", "streamlit")),
        ("server.llm.workers.proxy", ("sqlalchemy", "faiss", "langchain_core", "openai", "streamlit")),
        ("server.llm.chat_models", ("fastapi", "sqlalchemy", "faiss", "langchain_core", "openai", "fastchat")),
        ("server.llm.fastchat.controller", ("sqlalchemy", "faiss", "langchain_core", "openai", "streamlit")),
        ("server.llm.fastchat.openai_api", ("sqlalchemy", "faiss", "langchain_core", "streamlit")),
        ("webui_pages.client", ("streamlit", "sqlalchemy", "faiss", "langchain_core", "fastapi")),
        ("document_loaders.table", ("pypdfium2", "docx", "bs4", "lxml", "langchain_core")),
        ("text_splitter.table", ("langchain_text_splitters", "langchain_core")),
    ],
)
def test_a_fresh_interpreter_loads_nothing_heavy(module: str, also: tuple[str, ...]) -> None:
    probe = f"import sys, {module}\nprint(*[name for name in {HEAVY + also!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


class TestErrors:
    @staticmethod
    def every() -> list[type[errors.ZhiwenError]]:
        found = [errors.ZhiwenError]
        for kind in found:
            found.extend(kind.__subclasses__())
        return [kind for kind in found if kind.__module__.startswith("server.errors")]

    def leaves(self) -> list[type[errors.ZhiwenError]]:
        return [kind for kind in self.every() if not kind.__subclasses__() and kind is not errors.ZhiwenError]

    def test_codes_are_unique_and_in_the_drawing_of_the_tree(self) -> None:
        codes = [kind.code for kind in self.leaves()]
        assert len(set(codes)) == len(codes)
        assert [code for code in codes if code not in (errors.__doc__ or "")] == []

    def test_every_error_speaks_both_languages_and_says_what_to_do(self) -> None:
        for kind in self.leaves():
            assert kind.en != errors.ZhiwenError.en, kind
            assert re.search("[\u4e00-\u9fff]", kind.zh), kind
            assert not re.search("[\u4e00-\u9fff]", kind.en), kind
            wanted = {key.removesuffix("_en") for key in re.findall(r"{(\w+)}", kind.en)}
            assert wanted == {key.removesuffix("_zh") for key in re.findall(r"{(\w+)}", kind.zh)}, kind

    def test_an_error_comes_back_from_its_code(self) -> None:
        stored = errors.FileEmpty(name="a.txt")
        again = errors.by_code(stored.code, stored.detail)
        assert (type(again), str(again)) == (errors.FileEmpty, str(stored))
        assert type(errors.by_code("internal", {})) is errors.ZhiwenError

    def test_a_text_with_a_missing_detail_is_still_a_text(self) -> None:
        assert "…" in errors.FileNotFound(name="x").message("zh")
