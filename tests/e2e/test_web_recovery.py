"""The knowledge API is killed under an open page: one clear message, and everything goes on when it is back. And links
that lead to a page: they open it without an error in the console."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil
import pytest
from web_hands import PATIENCE_S, key, until
from web_product import Product, answers, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")
BOX = "[data-testid='stChatInputTextArea']"
SCRIPTED = '[models.llm.script]\nengine = "fake"\n'
SLOW = "script: " + json.dumps({"reply": " ".join(f"第{number}句" for number in range(100)), "delay_s": 0.3})
VARIABLES = {"ZHIWEN__LAUNCHER__RESTART_WINDOW_S": "1", "ZHIWEN__MODELS__LLM_PREFERENCE": '["script"]'}
"""Each death counts as the first, after which the launcher waits shortest."""


@dataclass(frozen=True)
class Api:
    """The knowledge API, which a test kills. The launcher, which would start it again, sleeps till then."""

    product: Product

    def kill(self) -> None:
        psutil.Process(self.product.launcher.pid).suspend()
        self.product.process_of("server.api").kill()
        until_gone(self.product)

    def start(self) -> None:
        psutil.Process(self.product.launcher.pid).resume()


def until_gone(product: Product) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while answers(f"{product.api}/health"):
        assert time.monotonic() < deadline, "the API still answers"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("zhiwen")
    (folder / "local.toml").write_text(SCRIPTED, "utf-8")
    with running_product(folder, **VARIABLES) as product:
        made = Api(product)
        try:
            yield made
        finally:
            made.start()


@pytest.fixture(scope="module")
def page(api: Api) -> Iterator[Any]:
    with browser_page(api.product) as opened:
        yield opened


@pytest.mark.parametrize("name", ["knowledge_base", "models", "system"])
def test_a_link_that_leads_to_a_page_opens_it(api: Api, page: Any, name: str) -> None:
    page.goto(f"{api.product.webui}/{name}")
    heading = {"knowledge_base": "card_samples", "models": "model_tabs", "system": "system_tabs"}[name]
    key(page, heading).wait_for()
    assert page.url.rstrip("/").endswith(name)
    page.reload()
    key(page, heading).wait_for()
    settle(page)


def test_a_page_that_looks_by_itself_tells_it_without_a_click(api: Api, page: Any) -> None:
    show(page, "system")
    key(page, "service_api").wait_for()
    is_told_and_over(api, page, lambda: None)
    key(page, "service_api").wait_for()


@pytest.mark.parametrize("part", ["files", "chunks", "settings"])
def test_each_part_of_a_knowledge_base_recovers(api: Api, page: Any, part: str) -> None:
    page.goto(f"{api.product.webui}/knowledge_base?kb=samples&tab={part}")
    key(page, "manage_knowledge_base").wait_for()
    settle(page)
    is_told_and_over(api, page, lambda: key(page, "language").get_by_text("English").click())
    key(page, "language").get_by_text("中文").click()
    key(page, "manage_knowledge_base").wait_for()


def test_the_models_recover(api: Api, page: Any) -> None:
    show(page, "models")
    key(page, "model_script").wait_for()
    is_told_and_over(api, page, lambda: None)
    key(page, "model_script").wait_for()


def test_an_answer_that_breaks_off_says_so_once_and_the_next_one_comes(api: Api, page: Any) -> None:
    show(page, "")
    page.locator(BOX).wait_for()
    key(page, "mode").get_by_text("模型", exact=True).click()
    settle(page)
    page.locator(BOX).fill(SLOW)
    page.locator(BOX).press("Enter")
    page.get_by_text("第3句").wait_for()
    api.kill()
    key(page, "answer_0").get_by_text("回答没有完成").wait_for()
    key(page, "failure").wait_for()
    settle(page)
    until(page, lambda: page.get_by_role("alert").count() == 1)
    api.start()
    key(page, "failure").wait_for(state="detached")
    page.locator(BOX).fill('script: {"reply": "又好了"}')
    page.locator(BOX).press("Enter")
    page.get_by_text("又好了", exact=True).wait_for()


def is_told_and_over(api: Api, page: Any, do: Any) -> None:
    """With the API gone there is one message, after `do` at the latest; when it is back there is none."""
    api.kill()
    do()
    failure = page.locator(".st-key-failure")
    failure.get_by_text(re.compile("没有响应|does not answer")).first.wait_for()
    settle(page)
    until(page, lambda: page.get_by_role("alert").count() == 1)
    api.start()
    failure.wait_for(state="detached")
    until(page, lambda: page.get_by_role("alert").count() == 0)
    settle(page)
