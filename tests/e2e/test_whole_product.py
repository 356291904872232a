"""The product as its users meet it: `startup.py -a` on free ports, the sample knowledge base, a real browser."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest
from free_ports import free_ports
from web_product import CHROMIUM, PATIENCE_S, ROOT, START_S, browser, settle

pytestmark = pytest.mark.e2e

QUESTION = "知问支持哪些文件格式？"
OWN_FILE = "火星基地手册.md"
OWN_TEXT = "# 火星基地手册\n\n火星基地的氧气由电解水装置供应，每天检修一次，检修时间为地球时间早上六点。\n"


@dataclass(frozen=True)
class Running:
    """Addresses of a running Zhiwen, and its launcher."""

    api: str
    webui: str
    openai: str
    launcher: subprocess.Popen[bytes]


def clean_environment(folder: Path) -> tuple[dict[str, str], dict[str, int]]:
    ports = dict(zip(("WEBUI", "API", "OPENAI_API", "CONTROLLER", "CONTROL"), free_ports(5), strict=True))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZHIWEN")}
    environment |= {f"ZHIWEN__SERVICES__{name}__PORT": str(port) for name, port in ports.items()}
    environment["ZHIWEN_CONFIG"] = str(folder / "local.toml")
    for name in ("KNOWLEDGE_BASE", "LOGS", "MODELS"):
        environment[f"ZHIWEN__PATHS__{name}"] = str(folder / name.lower())
    return environment, ports


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("zhiwen")
    environment, ports = clean_environment(folder)
    shutil.copytree(ROOT / "knowledge_base" / "samples" / "content", folder / "knowledge_base" / "samples" / "content")
    subprocess.run(
        [sys.executable, "init_database.py", "--if-missing"], cwd=ROOT, env=environment, check=True, timeout=120
    )
    with (folder / "console.log").open("wb") as console:
        launcher = subprocess.Popen(
            [sys.executable, "startup.py", "-a"], cwd=ROOT, env=environment, stdout=console, stderr=subprocess.STDOUT
        )
    made = Running(
        api=f"http://127.0.0.1:{ports['API']}",
        webui=f"http://127.0.0.1:{ports['WEBUI']}",
        openai=f"http://127.0.0.1:{ports['OPENAI_API']}/v1",
        launcher=launcher,
    )
    try:
        wait_until_ready(made, folder / "console.log")
        yield made
    finally:
        stop(launcher)


def wait_until_ready(running: Running, console: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if running.launcher.poll() is not None:
            break
        if running.webui in console.read_text("utf-8", errors="replace") and _answers(running):
            return
        time.sleep(0.2)
    pytest.fail(f"Zhiwen did not start:\n{console.read_text('utf-8', errors='replace')}")


def _answers(running: Running) -> bool:
    try:
        healthy = httpx.get(f"{running.api}/health").json()["status"] == "ok"
        return healthy and httpx.get(f"{running.webui}/_stcore/health").status_code == 200
    except httpx.HTTPError:
        return False


def stop(launcher: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(launcher.pid).children(recursive=True) if launcher.poll() is None else []
    launcher.send_signal(signal.SIGTERM)
    launcher.wait(PATIENCE_S)
    left = [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    for child in left:
        child.kill()
    assert left == []


def ask(running: Running, question: str, knowledge_base: str = "samples") -> dict:
    body = {"query": question, "knowledge_base_name": knowledge_base, "stream": False}
    answer = httpx.post(f"{running.api}/chat/knowledge_base_chat", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    [event] = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data:")]
    return json.loads(event)


def test_the_sample_questions_find_their_files(running: Running) -> None:
    lines = (ROOT / "knowledge_base" / "samples" / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    assert len(questions) == 30
    missed = []
    for item in questions:
        found = [source["file"] for source in ask(running, item["question"])["sources"]]
        if item["file"] not in found[:3]:
            missed.append((item["question"], found))
    assert len(missed) <= 2, missed


def test_the_first_question_is_answered_with_its_source(running: Running) -> None:
    answer = ask(running, QUESTION)
    for name in ("docx", "pdf", "xlsx", "epub"):
        assert name in answer["answer"]
    assert "[1]" in answer["answer"]
    source = answer["sources"][0]
    assert source["file"] == "支持的文件格式.md"
    assert 0.5 <= source["score"] <= 1
    got = httpx.get(source["url"], timeout=PATIENCE_S).content
    assert got == (ROOT / "knowledge_base/samples/content" / source["file"]).read_bytes()


def test_a_question_nothing_matches_says_so(running: Running) -> None:
    answer = ask(running, "Quetzalcoatlus wingspan palaeontology?")
    assert answer["sources"] == []
    assert len(answer["docs"]) == 1


def test_the_official_openai_client_works(running: Running) -> None:
    from openai import OpenAI

    client = OpenAI(base_url=running.openai, api_key="any")
    assert [model.id for model in client.models.list()] == ["builtin-extractive"]
    said = client.chat.completions.create(
        model="builtin-extractive", messages=[{"role": "user", "content": "解释一下相对论"}]
    )
    assert "startup.py --download" in (said.choices[0].message.content or "")
    stream = client.chat.completions.create(
        model="builtin-extractive", messages=[{"role": "user", "content": "Who are you?"}], stream=True
    )
    assert len([part for part in stream if part.choices and part.choices[0].delta.content]) > 3


def test_no_service_has_loaded_torch(running: Running) -> None:
    if not Path("/proc/self/maps").exists():
        pytest.skip("needs /proc")
    family = [psutil.Process(running.launcher.pid), *psutil.Process(running.launcher.pid).children(recursive=True)]
    guilty = [child.cmdline() for child in family if "/torch/" in Path(f"/proc/{child.pid}/maps").read_text()]
    assert guilty == []


@pytest.fixture(scope="module")
def page(running: Running) -> Iterator[object]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs chromium (tests/install_browser.sh installs it)")
        pytest.skip("no chromium: apt-get install chromium")
    complaints: list[str] = []
    with browser(complaints) as context:
        opened = context.new_page()
        opened.goto(running.webui)
        yield opened
        assert complaints == []
        assert opened.locator('[data-testid="stException"]').count() == 0


def type_question(page, question: str) -> None:
    settle(page)
    box = page.locator(".st-key-question textarea, [data-testid='stChatInputTextArea']").first
    box.fill(question)
    box.press("Enter")


def test_ask_the_samples_in_the_browser(page) -> None:
    page.locator(".st-key-mode").get_by_text("知识库").click()
    type_question(page, QUESTION)
    answer = page.locator(".st-key-answer_0")
    answer.get_by_text("docx").first.wait_for()
    sources = page.locator(".st-key-sources_0")
    sources.locator("summary").click()
    sources.get_by_text("支持的文件格式.md").first.wait_for()


def test_upload_a_file_and_ask_it_in_the_browser(page, tmp_path: Path) -> None:
    own = tmp_path / OWN_FILE
    own.write_text(OWN_TEXT, "utf-8")
    empty = tmp_path / "空.txt"
    empty.write_bytes(b"")
    page.get_by_role("link", name="知识库").click()
    page.locator(".st-key-open_samples button").click()
    page.locator(".st-key-manage_knowledge_base").wait_for()
    settle(page)
    page.locator('input[type="file"]').set_input_files([own, empty])
    settle(page)
    page.locator(".st-key-upload_start button").click()
    outcomes = page.locator(".st-key-upload_outcomes")
    outcomes.get_by_text(OWN_FILE).first.wait_for()
    outcomes.get_by_text("空文件").first.wait_for()
    page.get_by_role("link", name="对话").click()
    type_question(page, "火星基地的氧气从哪里来？")
    page.locator(".st-key-answer_1").get_by_text("电解水装置").first.wait_for()
    page.locator(".st-key-sources_1 summary").click()
    page.locator(".st-key-sources_1").get_by_text(OWN_FILE).first.wait_for()


def test_the_page_speaks_english_too(page) -> None:
    page.locator(".st-key-language").get_by_text("English").click()
    settle(page)
    page.get_by_role("link", name="Chat").wait_for()
    page.locator(".st-key-new_conversation button").click()
    page.locator(".st-key-welcome").wait_for()
    type_question(page, "How many months of warranty does the height-adjustable standing desk have?")
    page.locator(".st-key-answer_0").get_by_text("[1]").first.wait_for()
    page.locator(".st-key-stop").wait_for(state="detached")
    page.locator(".st-key-sources_0 summary").click()
    page.locator(".st-key-sources_0").get_by_text("product-catalogue.csv").first.wait_for()
