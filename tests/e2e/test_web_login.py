"""Logging in with a key, in a browser: it outlasts a reload, ends on every page, and leaves nothing to steal."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from web_hands import until
from web_product import PATIENCE_S, ROOT, Product, browser, running_product, settle

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("zhiwen")


@pytest.fixture(scope="module")
def product(folder: Path) -> Iterator[Product]:
    with running_product(folder, ZHIWEN__MODELS__LLM_PREFERENCE='["builtin-extractive"]') as running:
        yield running


@pytest.fixture(scope="module")
def key(product: Product) -> str:
    argv = [sys.executable, "startup.py", "--create-key", "boss", "--scope", "admin"]
    environment = dict(os.environ) | product.environment
    said = subprocess.run(argv, cwd=ROOT, env=environment, check=True, capture_output=True, text=True, timeout=60)
    return next(word for word in said.stdout.split() if word.startswith("zw-"))


def logged_in(page, key: str) -> None:
    page.locator(".st-key-gate_key input").fill(key)
    page.locator(".st-key-gate_enter button").click()
    page.locator(".st-key-account").get_by_text("boss").wait_for()
    settle(page)


def logins(context) -> list[dict]:
    """The cookies of logins."""
    return [one for one in context.cookies() if one["name"].startswith("zhiwen_login")]


def test_a_login_outlasts_a_reload_and_ends_on_every_page(product: Product, key: str) -> None:
    complaints: list[str] = []
    with browser(complaints) as context:
        page = context.new_page()
        page.goto(product.webui)
        page.locator(".st-key-gate_key input").wait_for()
        with page.expect_response("**/login") as answered:
            logged_in(page, key)
        assert answered.value.status == 204
        (cookie,) = logins(context)
        assert cookie["httpOnly"]
        assert cookie["sameSite"] == "Strict"
        assert key not in json.dumps(context.storage_state())
        assert "zhiwen_login" not in page.evaluate("document.cookie")
        page.reload()
        page.locator(".st-key-account").get_by_text("boss").wait_for()
        other = context.new_page()
        other.goto(f"{product.webui}/models")
        other.locator(".st-key-account").get_by_text("boss").wait_for()
        other.locator(".st-key-log_out button").click()
        other.locator(".st-key-gate_key input").wait_for()
        settle(other)
        until(other, lambda: not logins(context))
        page.locator("[data-testid='stSidebarNavLink']").nth(1).click()
        page.locator(".st-key-gate_key input").wait_for()
        context.add_cookies([cookie])
        page.reload()
        page.locator(".st-key-gate_key input").wait_for()
        assert "zw-" not in page.content()
    assert complaints == []


def test_the_key_is_in_no_log_and_no_address(product: Product, key: str, folder: Path) -> None:
    logs = "".join(path.read_text("utf-8", "replace") for path in (folder / "logs").glob("*.log"))
    assert key not in logs
    assert "ticket" not in logs


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, '{"ticket": "guessed"}', 403),
        ({"Content-Type": "application/json"}, '["guessed"]', 400),
        ({"Content-Type": "text/plain"}, '{"ticket": "guessed"}', 415),
        ({"Content-Type": "application/json"}, '{"ticket": "' + 2000 * "x" + '"}', 415),
    ],
)
def test_a_ticket_that_is_none_gets_no_cookie(
    product: Product, headers: dict[str, str], body: str, status: int
) -> None:
    answer = httpx.post(f"{product.webui}/login", headers=headers, content=body, trust_env=False, timeout=PATIENCE_S)
    assert answer.status_code == status
    assert "zhiwen_login" not in answer.headers.get("set-cookie", "")
