"""The pages “Models” and “System” in a browser, every control once; and what all pages do while the API is away."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_hands import choose, until
from web_product import PATIENCE_S, ROOT, Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    variables = {
        "ZHIWEN__LAUNCHER__RESTART_LIMIT": "0",
        "ZHIWEN__PROVIDERS__AWAY__BASE_URL": f"{NOWHERE}/v1",
        "ZHIWEN__PROVIDERS__AWAY__MODELS": '["far"]',
        "ZHIWEN__MODELS__LLM_PREFERENCE": '["builtin-extractive"]',
        "ZHIWEN__MODELS__HUB": "huggingface",
        "HF_ENDPOINT": NOWHERE,
    }
    with running_product(tmp_path_factory.mktemp("zhiwen"), **variables) as running:
        yield running


@pytest.fixture(scope="module")
def page(product: Product) -> Iterator[object]:
    """One session for the module: its last test takes the API away, which no console need like."""
    with browser_page(product) as opened:
        yield opened


def tab(page, number: int):
    page.get_by_role("tab").nth(number).click()
    settle(page)


def test_a_chat_model_is_stopped_and_started(page) -> None:
    show(page, "models")
    card = page.locator(".st-key-model_builtin-extractive")
    card.get_by_text("运行中").wait_for()
    page.locator(".st-key-stop_model_builtin-extractive button").click()
    page.locator(".st-key-start_model_builtin-extractive button").click()
    card.get_by_text("运行中").wait_for()


def test_weights_that_do_not_arrive_say_why(page) -> None:
    show(page, "models")
    tab(page, 1)
    page.locator(".st-key-weights_embed_builtin-ngram").get_by_text("使用中").wait_for()
    page.locator(".st-key-download_m3e-small button").click()
    page.locator(".st-key-weights_embed_m3e-small").get_by_text("未能从").wait_for()


def test_a_provider_is_tested_and_another_is_explained(page) -> None:
    show(page, "models")
    tab(page, 2)
    page.locator(".st-key-test_away button").click()
    page.locator(".st-key-provider_away [role='alert']").wait_for()
    page.locator(".st-key-preset input").click()
    page.get_by_role("option", name="Ollama").click()
    page.get_by_text("[providers.ollama]").wait_for()
    tab(page, 3)
    page.get_by_text(re.compile("内存 .* GB")).first.wait_for()


def test_services_and_their_logs(page) -> None:
    show(page, "system")
    page.locator(".st-key-service_api").get_by_text("运行中").wait_for()
    page.locator(".st-key-service_webui").get_by_text(re.compile(r"\d+ MB")).wait_for()
    page.locator(".st-key-log_name input").click()
    page.get_by_role("option", name="controller").click()
    page.locator(".st-key-log_lines input").click()
    page.get_by_role("option", name="200").click()
    settle(page)
    page.locator(".st-key-log_follow label").click()
    page.locator(".st-key-log").get_by_text("Uvicorn running").wait_for()
    page.locator(".st-key-log_refresh button").click()
    page.locator(".st-key-log_follow label").click()
    settle(page)


def test_jobs_versions_settings_and_exports(page) -> None:
    show(page, "system")
    tab(page, 1)
    page.locator(".st-key-jobs_state").get_by_text("失败").click()
    page.get_by_text("没有这样的任务").wait_for()
    tab(page, 2)
    page.get_by_text("[services.api]").wait_for()
    page.locator(".st-key-disk").get_by_text("可用").first.wait_for()
    tab(page, 4)
    with page.expect_download() as download:
        page.locator(".st-key-feedback_export button").click()
    assert download.value.suggested_filename == "feedback.jsonl"
    with page.expect_download() as download:
        page.locator(".st-key-metrics_export button").click()
    assert download.value.suggested_filename == "metrics.txt"
    assert "zhiwen" in Path(download.value.path()).read_text("utf-8")


def test_every_page_tells_that_the_api_is_away_and_recovers(page, product: Product) -> None:
    show(page, "system")
    api = product.process_of("server.api")
    api.kill()
    api.wait(PATIENCE_S)  # until then it may answer the page once more
    failure = page.locator(".st-key-failure")
    for name in ("models", "system", "knowledge_base", ""):
        show(page, name)
        failure.get_by_text("没有响应").first.wait_for()
        settle(page)
        until(page, lambda: page.locator("[role='alert']").count() == 1)
    page.locator(".st-key-retry button").click()
    settle(page)
    failure.get_by_text("没有响应").first.wait_for()
    argv = [sys.executable, "-m", "server.api"]
    again = subprocess.Popen(argv, cwd=ROOT, env=product.environment, stdout=subprocess.DEVNULL)
    try:
        failure.wait_for(state="detached")
        page.locator("[data-testid='stChatInputTextArea']").wait_for()
        keys_are_made_used_and_revoked(page)
    finally:
        again.terminate()
        again.wait(PATIENCE_S)


def keys_are_made_used_and_revoked(page) -> None:
    show(page, "system")
    tab(page, 3)
    page.locator(".st-key-key_name input").fill("boss")
    page.locator(".st-key-key_create button").click()
    page.locator(".st-key-new_key_shown").get_by_text(re.compile("zw-")).wait_for()
    page.locator(".st-key-account").get_by_text("boss").wait_for()
    settle(page)
    page.locator(".st-key-key_scope").get_by_text("read", exact=True).click()
    choose(page, "key_limit", "samples")
    page.keyboard.press("Escape")
    page.locator(".st-key-key_name input").fill("reader")
    page.locator(".st-key-key_create button").click()
    settle(page)
    choose(page, "revoke_name", "reader")
    settle(page)
    page.locator(".st-key-revoke_key button").click()
    page.locator(".st-key-confirm_revoke_key button").click()
    page.locator(".st-key-confirm_revoke_key").wait_for(state="detached")
    settle(page)
    page.locator(".st-key-revoke_name input").click()
    page.get_by_role("option", name="boss").wait_for()
    assert page.get_by_role("option", name="reader").count() == 0
    page.keyboard.press("Escape")
    page.locator(".st-key-log_out button").click()
    page.locator(".st-key-gate_key input").wait_for()
