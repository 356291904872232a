"""Measures the web page with Chromium: how long until it shows, and how long a change of page takes.

    python benchmarks/web.py [--url http://127.0.0.1:8501] [--rounds 5]

Zhiwen must be running. "First paint" is a load with an empty cache until the chat box can be used; "page switch" is
from the click on a link in the sidebar until the new page has its content and Streamlit has finished its run.
"""

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHAT = "[data-testid='stChatInputTextArea']"
PAGES = {
    "chat": CHAT,
    "knowledge_base": ".st-key-new_knowledge_base",
    "models": ".st-key-model_tabs, [data-baseweb='tab']",
    "system": ".st-key-system_tabs, [data-baseweb='tab']",
}
WANTED = {"first paint": 3.0, "page switch": 1.0}
PATIENCE_MS = 30_000


def main() -> int:
    """Measure, print a table, and return 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8501")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        measured = _measure(browser, options.url, options.rounds)
        browser.close()
    sys.stdout.write(table(measured))
    return int(any(statistics.median(times) > _wanted(name) for name, times in measured.items()))


def table(measured: dict[str, list[float]]) -> str:
    """The medians as Markdown."""
    lines = ["| what | median | slowest | wanted |", "|---|---|---|---|"]
    for name, times in measured.items():
        row = f"| {name} | {statistics.median(times):.2f} s | {max(times):.2f} s | {_wanted(name):.0f} s |"
        lines.append(row)
    return "\n".join(lines) + "\n"


def _measure(browser: Browser, url: str, rounds: int) -> dict[str, list[float]]:
    measured: dict[str, list[float]] = {}
    for _ in range(rounds):
        context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 1000})
        page = context.new_page()
        took = _timed(lambda page=page: _opened(page, url))
        measured.setdefault("first paint", []).append(took)
        _settle(page)
        for name in ("knowledge_base", "models", "system", "chat"):
            took = _timed(lambda page=page, name=name: _switched(page, name))
            measured.setdefault(f"page switch to {name}", []).append(took)
            _settle(page)
        context.close()
    return measured


def _timed(action: Callable[[], None]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def _opened(page: Page, url: str) -> None:
    page.goto(url)
    page.locator(CHAT).first.wait_for(timeout=PATIENCE_MS)


def _switched(page: Page, name: str) -> None:
    link = f"[data-testid='stSidebarNavLink'][href$='/{name}']"
    home = "[data-testid='stSidebarNavLink'][href$='/']"
    page.locator(f"{link}, {home}" if name == "chat" else link).first.click()
    page.locator(PAGES[name]).first.wait_for(timeout=PATIENCE_MS)
    _settle(page)


def _settle(page: Page) -> None:
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=PATIENCE_MS)


def _wanted(name: str) -> float:
    return next(limit for what, limit in WANTED.items() if name.startswith(what))


if __name__ == "__main__":
    sys.exit(main())
