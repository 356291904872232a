"""Work on models in a browser: one put in place of another, weights fetched, called off, and fetched to their end."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from web_hands import PATIENCE_S, key, part, press, until
from web_product import Product, browser_page, running_product, show

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))

from embed_fake_hub import FakeHub, running  # pyright: ignore[reportMissingImports]
from tiny_models import make_model  # pyright: ignore[reportMissingImports]

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

BIG = "model.safetensors"
SIZE = 30_000_000
LOADING_S = 240
SETTINGS = """
[models]
llm_preference = ["builtin-extractive"]
hub = "huggingface"
hub_mirror = "{hub}"
[models.llm.script]
engine = "fake"
[models.llm.pupil]
engine = "transformers"
repo = "org/pupil"
[models.embed.tiny]
engine = "sentence-transformers"
repo = "org/tiny"
"""


@pytest.fixture(scope="module")
def hub() -> Iterator[FakeHub]:
    """A hub that gives half of the weights, and the rest when it is told to."""
    about = json.dumps({"t": {"dtype": "U8", "shape": [SIZE], "data_offsets": [0, SIZE]}}).encode()
    weights = len(about).to_bytes(8, "little") + about + bytes(SIZE)
    files = {"config.json": b"{}", "modules.json": b"[]", BIG: weights}
    with running(FakeHub(files)) as opened:
        opened.held.add(BIG)
        yield opened


@pytest.fixture(scope="module")
def product(hub: FakeHub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("zhiwen")
    (folder / "local.toml").write_text(SETTINGS.format(hub=hub.url), "utf-8")
    with running_product(folder) as started:
        yield started


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator[Any]:
    """One session for the module; the tests follow each other in it."""
    with browser_page(product) as opened:
        opened.set_default_timeout(PATIENCE_S * 1000)
        show(opened, "models")
        yield opened


def ask(product: Product, path: str) -> Any:
    return httpx.get(f"{product.api}/llm_model/{path}", trust_env=False, timeout=PATIENCE_S).json()["data"]


def states(product: Product) -> dict[str, str]:
    return {each["name"]: each["state"] for each in ask(product, "states")}


def download(product: Product) -> dict[str, Any]:
    return next((each for each in ask(product, "downloads") if each["name"] == "tiny"), {})


def test_one_model_is_put_in_place_of_another_and_back(product: Product, page: Any) -> None:
    key(page, "model_script").get_by_text("未启动").wait_for()
    press(page, "switch_model_script")
    key(page, "model_script").get_by_text("运行中").wait_for()
    until(page, lambda: states(product)["script"] == "running")
    assert states(product)["builtin-extractive"] == "stopped"
    press(page, "switch_model_builtin-extractive")
    key(page, "model_builtin-extractive").get_by_text("运行中").wait_for()
    until(page, lambda: states(product)["script"] == "stopped")


def test_a_download_is_called_off_and_goes_on_later(product: Product, page: Any, hub: FakeHub) -> None:
    part(page, "model_tabs", "向量与重排")
    weights = key(page, "weights_embed_tiny")
    press(page, "download_tiny")
    until(page, lambda: download(product).get("arrived", 0) > 1_000_000)
    weights.get_by_text("MB").first.wait_for()
    press(page, "cancel_download_tiny")
    weights.get_by_text("下载已取消").wait_for()
    assert download(product)["state"] == "cancelled"
    hub.held.clear()
    hub.go.set()
    press(page, "download_tiny")
    weights.get_by_text("下载完成").wait_for()
    weights.get_by_text("MB").first.wait_for()


def test_a_chat_model_is_fetched_and_started(product: Product, page: Any, hub: FakeHub, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    hub.files = {path.name: path.read_bytes() for path in make_model(tmp_path / "pupil", "qwen2").iterdir()}
    part(page, "model_tabs", "对话模型")
    press(page, "download_pupil")
    key(page, "weights_llm_pupil").get_by_text("下载完成").wait_for()
    press(page, "start_downloaded_pupil")
    until(page, lambda: states(product)["pupil"] == "running", LOADING_S)
    key(page, "model_pupil").get_by_text("运行中").wait_for()


def test_parts_of_the_system_are_shown_one_by_one(page: Any) -> None:
    show(page, "system")
    part(page, "system_tabs", "密钥")
    key(page, "key_create").wait_for()
    part(page, "system_tabs", "服务")
    key(page, "service_api").wait_for()
