"""What the pictures of the web page show: a product with something in it, and the way to each state worth a look."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from web_product import ROOT, Product, running_product, settle

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))

from gateway_backend import Backend, backend

SAMPLES = ROOT / "knowledge_base" / "samples" / "content"
OTHERS = {
    "人事制度": ("员工手册-请假与考勤.pdf", "差旅报销制度.docx", "信息安全管理办法.txt"),
    "Product support": ("troubleshooting.md", "service-level-agreement.pdf", "product-catalogue.csv"),
}
ABOUT = {
    "人事制度": "请假、考勤、差旅报销与信息安全",
    "Product support": "Service terms, catalogue and troubleshooting",
}
PDF = "员工手册-请假与考勤.pdf"
QUESTIONS = {
    "zh": ("员工每年有多少天年假？", "育儿假多少天？"),
    "en": ("What is the monthly uptime commitment?", "How are service credits calculated?"),
}
TASK = {"zh": "37 × 91 是多少？", "en": "How much is 37 × 91?"}
AGENT = "example/scripted"
PATIENCE_S = 60
Scene = Callable[[Any, str], None]
"""Leads a page, in a language, to the state."""


@contextmanager
def furnished_product(folder: Path) -> Iterator[Product]:
    """A product with three knowledge bases, conversations in both languages, and a scripted model for the agent."""
    action = {"action": "calculate", "action_input": {"expression": "37*91"}}
    plan = f"```json\n{json.dumps(action)}\n```"
    with backend(answers=[[plan], ["37 × 91 = 3367"], [plan], ["37 × 91 = 3367"]]) as model:
        (folder / "local.toml").write_text(_settings(model), "utf-8")
        with running_product(folder) as product, httpx.Client(base_url=product.api, trust_env=False) as api:
            api.timeout = httpx.Timeout(PATIENCE_S)
            for name, files in OTHERS.items():
                _fill(api, name, files)
            for talk in (_task, _talk):  # an empty chat asks on as it was asked last
                for language in QUESTIONS:
                    talk(api, language)
            yield product


def _settings(model: Backend) -> str:
    provider, name = AGENT.split("/")
    return (
        '[models]\nllm_preference = ["builtin-extractive"]\n'
        f'[providers.{provider}]\nbase_url = "{model.url}"\nmodels = ["{name}"]\n'
    )


def _fill(api: httpx.Client, name: str, files: tuple[str, ...]) -> None:
    about = {"knowledge_base_name": name, "kb_info": ABOUT[name]}
    api.post("/knowledge_base/create_knowledge_base", json=about).raise_for_status()
    sent = [("files", (file, (SAMPLES / file).read_bytes())) for file in files]
    api.post("/knowledge_base/upload_docs", data={"knowledge_base_name": name}, files=sent).raise_for_status()


def _talk(api: httpx.Client, language: str) -> None:
    headers = {"Accept-Language": language}
    for question in QUESTIONS[language]:
        asked = {"query": question, "knowledge_base_name": "samples", "conversation_id": f"talk-{language}"}
        asked |= {"stream": False}
        api.post("/chat/knowledge_base_chat", json=asked, headers=headers).raise_for_status()


def _task(api: httpx.Client, language: str) -> None:
    headers = {"Accept-Language": language}
    task = {"query": TASK[language], "conversation_id": f"agent-{language}", "model_name": AGENT, "stream": False}
    api.post("/chat/agent_chat", json=task, headers=headers).raise_for_status()


def _open(page: Any, address: str) -> None:
    page.goto("/" + address)
    page.locator("[data-testid='stMainBlockContainer']").wait_for()
    page.locator(".st-key-footer .stMarkdownBadge").first.wait_for(state="attached")
    settle(page)
    page.locator("[data-testid='stSkeleton']").first.wait_for(state="detached")


def _key(page: Any, name: str) -> Any:
    return page.locator(f'[class*="st-key-{name}"]' if name.endswith("_") else f".st-key-{name}").first


def _press(page: Any, name: str) -> None:
    _key(page, name).locator("button").first.click()
    settle(page)


def _at(address: str) -> Scene:
    return lambda page, language: _open(page, address)


def _tab(address: str, number: int) -> Scene:
    def scene(page: Any, language: str) -> None:
        _open(page, address)
        page.get_by_role("tab").nth(number).click()
        settle(page)

    return scene


def _pressed(address: str, button: str) -> Scene:
    def scene(page: Any, language: str) -> None:
        _open(page, address)
        _press(page, button)

    return scene


def _chat(page: Any, language: str) -> None:
    """An answer with its sources unfolded."""
    _open(page, f"?conversation=talk-{language}")
    _key(page, "sources_1").locator("summary").click()
    _key(page, "source_1_1").wait_for()
    _key(page, "question_1").scroll_into_view_if_needed()


def _passage(page: Any, language: str) -> None:
    _chat(page, language)
    _press(page, "open_1_1")
    _key(page, "passage_page").locator("img").wait_for()
    # What the browser scrolled to reach the button lies behind the dialog now.
    page.evaluate("document.querySelectorAll('.stApp, .stAppViewContainer').forEach(one => one.scrollTop = 0)")


def _agent(page: Any, language: str) -> None:
    _open(page, f"?conversation=agent-{language}")
    _key(page, "steps_0").locator("summary").click()
    _key(page, "step_0_0").wait_for()


def _retrieval(page: Any, language: str) -> None:
    _open(page, "knowledge_base?kb=samples&tab=retrieval")
    _key(page, "retrieval_question").locator("textarea").fill(QUESTIONS[language][0])
    _press(page, "retrieval_ask")
    _key(page, "retrieval_found").locator("canvas").first.wait_for()


PAGES: dict[str, Scene] = {
    "chat": _chat,
    "knowledge_base": _at("knowledge_base"),
    "models": _at("models"),
    "system": _at("system"),
}
PARTS: dict[str, Scene] = {
    "chat_empty": _at(""),
    "chat_passage": _passage,
    "chat_agent": _agent,
    "chat_settings": _pressed("", "options"),
    "files": _at(f"knowledge_base?kb={quote('人事制度')}&tab=files"),
    "chunks": _at(f"knowledge_base?kb=samples&tab=chunks&file={quote(PDF)}"),
    "retrieval": _retrieval,
    "summaries": _at("knowledge_base?kb=samples&tab=summaries"),
    "kb_settings": _at("knowledge_base?kb=samples&tab=settings"),
    "new_knowledge_base": _pressed("knowledge_base", "new_knowledge_base"),
    "rebuild": _pressed("knowledge_base?kb=samples&tab=files", "rebuild"),
    "models_weights": _tab("models", 1),
    "models_providers": _tab("models", 2),
    "models_machine": _tab("models", 3),
    "system_jobs": _tab("system", 1),
    "system_machine": _tab("system", 2),
    "system_keys": _tab("system", 3),
    "system_exports": _tab("system", 4),
}
