"""What exists is documented: settings, error codes, routes, flags, loaders, splitters, make targets."""

import re

import pytest

from configs.sections.base import Section
from configs.settings import Settings
from document_loaders.table import SUFFIXES
from server.knowledge_base.index import VECTOR_STORES
from server.launcher.arguments import parser as startup_parser
from server.llm.embedders import LOADERS
from server.upkeep import parser as database_parser
from tests.arch.test_rules import ROOT, TestErrors
from text_splitter.table import SPLITTERS

DOCS = {path.name: path.read_text("utf-8") for path in (ROOT / "docs").glob("*.md")}


def missing(names: list[str], text: str) -> list[str]:
    return [name for name in names if name not in text]


def setting_keys(section: type, prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            keys += setting_keys(inner, f"{prefix}{name}.")
        else:
            keys.append(f"{prefix}{name}")
    return keys


def test_every_setting_is_documented() -> None:
    assert missing([f"`{key}`" for key in setting_keys(Settings)], DOCS["configuration.md"]) == []


def test_every_error_code_is_documented() -> None:
    assert missing([f"`{kind.code}`" for kind in TestErrors().leaves()], DOCS["api.md"]) == []


def test_every_route_is_documented(settings: Settings) -> None:
    from server.api.app import create_app

    paths = list(create_app(settings).openapi()["paths"])
    assert len(paths) > 10
    assert missing([f"`{path}`" for path in paths], DOCS["api.md"]) == []


@pytest.mark.parametrize("parser", [startup_parser, database_parser])
def test_every_flag_is_documented(parser: object) -> None:
    flags = [flag for action in parser()._actions for flag in action.option_strings if flag.startswith("--")]  # type: ignore[operator]
    assert missing([f"`{flag}`" for flag in flags if flag != "--help"], DOCS["configuration.md"]) == []


def test_every_format_splitter_store_and_engine_is_documented() -> None:
    names = [*SUFFIXES, *SPLITTERS, *VECTOR_STORES.names(), *LOADERS.names()]
    assert missing([f"`{name}`" for name in names], "\n".join(DOCS.values())) == []


def test_every_direct_dependency_has_its_reason() -> None:
    lines = "\n".join((ROOT / name).read_text("utf-8") for name in ("requirements.txt", "requirements-lite.txt"))
    packages = set(re.findall(r"^([A-Za-z0-9_-]+)==", lines, re.MULTILINE))
    assert missing([f"`{name}`" for name in sorted(packages)], DOCS["architecture.md"]) == []


@pytest.mark.parametrize("name", ["README.md", "README_zh.md"])
def test_links_and_pictures_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    targets = [link for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", text) if not link.startswith("http")]
    targets += re.findall(r'src="([^"]+)"', text)
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []
