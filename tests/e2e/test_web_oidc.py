"""Logging in at an OpenID Connect provider, in a browser: who is on the list comes in, who is not is told so."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from free_ports import free_port
from web_product import PATIENCE_S, ROOT, answers, browser, running_product, settle

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")
pytest.importorskip("authlib")
from oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider  # noqa: E402  # it needs Authlib's parts

ADMINISTRATOR = {"email": "li@example.org", "email_verified": True, "name": "Li"}
SECRETS = """[auth]
redirect_uri = "{page}/oauth2callback"
cookie_secret = "a text of the test, long enough"
client_id = "{client_id}"
client_secret = "{client_secret}"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@dataclass(frozen=True)
class Stand:
    """A page that knows the provider, as it would run on another machine than the API."""

    page: str
    provider: Provider


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    folder = tmp_path_factory.mktemp("zhiwen")
    variables = {"ZHIWEN__MODELS__LLM_PREFERENCE": '["builtin-extractive"]'}
    with running_provider() as provider, running_product(folder, **variables) as product:
        argv = [sys.executable, "startup.py", "--create-key", "li", "--scope", "write"]
        made = subprocess.run(argv, cwd=ROOT, env=product.environment, check=True, capture_output=True, text=True)
        key = next(word for word in made.stdout.split() if word.startswith("zw-"))
        page = f"http://127.0.0.1:{free_port()}"
        known = {"page": page, "provider": provider.url, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        (folder / ".streamlit").mkdir()
        (folder / ".streamlit/secrets.toml").write_text(SECRETS.format(**known), "utf-8")
        environment = product.environment | {
            "ZHIWEN_API_URL": product.api,
            "ZHIWEN__WEB__USERS": json.dumps({"li@example.org": key}),
        }
        process = _page_process(folder, page, environment)
        try:
            yield Stand(page, provider)
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _page_process(folder: Path, page: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    flags = ["--server.port", page.rsplit(":", 1)[1], "--server.address", "127.0.0.1", "--server.headless", "true"]
    argv = [sys.executable, "-m", "streamlit", "run", str(ROOT / "webui_pages/serve.py"), *flags]
    with (folder / "page.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=folder, env=dict(os.environ) | environment, stdout=log, stderr=log)
    deadline = time.monotonic() + PATIENCE_S
    while not answers(f"{page}/_stcore/health"):
        assert time.monotonic() < deadline, (folder / "page.log").read_text("utf-8")
        time.sleep(0.2)
    return process


@pytest.fixture
def page(stand: Stand) -> Iterator[object]:
    complaints: list[str] = []
    with browser(complaints) as context:
        opened = context.new_page()
        opened.goto(stand.page)
        opened.locator(".st-key-log_in button").wait_for()
        yield opened
        assert complaints == []


def test_who_is_on_the_list_comes_in_stays_in_and_leaves(stand: Stand, page) -> None:
    stand.provider.person = ADMINISTRATOR
    page.locator(".st-key-log_in button").click()
    page.locator(".st-key-account").get_by_text("li · write").wait_for()
    page.locator("[data-testid='stChatInputTextArea']").wait_for()
    assert {"/authorize", "/token", "/jwks"} <= set(stand.provider.requests)
    page.reload()
    page.locator(".st-key-account").get_by_text("li · write").wait_for()
    settle(page)
    page.locator(".st-key-log_out button").click()
    page.locator(".st-key-log_in button").wait_for()
    end = time.monotonic() + PATIENCE_S
    while "/end" not in stand.provider.requests:
        assert time.monotonic() < end, stand.provider.requests
        page.wait_for_timeout(100)
    page.reload()
    page.locator(".st-key-log_in button").wait_for()


@pytest.mark.parametrize(
    "person",
    [
        {"email": "someone@example.org", "email_verified": True},
        {"email": "li@example.org", "email_verified": False},
        {"name": "nobody"},
    ],
)
def test_who_is_not_is_told_so_and_may_take_another_account(stand: Stand, page, person: dict[str, object]) -> None:
    stand.provider.person = person
    page.locator(".st-key-log_in button").click()
    page.get_by_text("web.users").wait_for()
    assert page.locator("[data-testid='stChatInputTextArea']").count() == 0
    stand.provider.person = ADMINISTRATOR
    page.locator(".st-key-log_out button").click()
    page.locator(".st-key-log_in button").click()
    page.locator(".st-key-account").get_by_text("li · write").wait_for()
