"""A running Zhiwen with the samples, and Chromium on its page, for the browser tests of the web page."""

import gc
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import httpx
import psutil
from free_ports import free_ports
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("WEBUI", "API", "OPENAI_API", "CONTROLLER", "CONTROL")
START_S = 200
PHONE_PX = 400
PATIENCE_S = 60
"""Long, because the tests may run on a machine that has other things to do. What comes sooner is seen sooner."""
LONGEST_NOTICE = 20_000
"""Bytes of a message; those that begin and end a run are shorter, and longer ones cost time to read."""


@dataclass(frozen=True)
class Product:
    """Addresses, the launcher, and the variables that its processes were started with."""

    api: str
    webui: str
    launcher: "subprocess.Popen[bytes]"
    environment: dict[str, str]

    def process_of(self, module: str) -> psutil.Process:
        """The process that runs a module of ours."""
        children = psutil.Process(self.launcher.pid).children(recursive=True)
        return next(child for child in children if module in child.cmdline())


@contextmanager
def running_product(folder: Path, **variables: str) -> Iterator[Product]:
    """`startup.py -a` on free ports with the samples, until the block ends."""
    ports = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZHIWEN")}
    environment |= {f"ZHIWEN__SERVICES__{name}__PORT": str(port) for name, port in ports.items()}
    environment |= {
        f"ZHIWEN__PATHS__{name}": str(folder / name.lower()) for name in ("KNOWLEDGE_BASE", "LOGS", "MODELS")
    }
    environment |= {"ZHIWEN_CONFIG": str(folder / "local.toml"), **variables}
    shutil.copytree(_samples(folder.parent), folder / "knowledge_base")
    console = folder / "console.log"
    with console.open("wb") as output:
        argv = [sys.executable, "startup.py", "-a"]
        launcher = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    made = Product(f"http://127.0.0.1:{ports['API']}", f"http://127.0.0.1:{ports['WEBUI']}", launcher, environment)
    try:
        _wait(made, console)
        yield made
    finally:
        launcher.send_signal(signal.SIGTERM)
        launcher.wait(PATIENCE_S)


def _samples(folder: Path) -> Path:
    """Knowledge bases with the samples in them, which all products of this process start from."""
    ready, begun = folder / "samples", folder / "samples-begun"
    if not ready.exists():
        shutil.copytree(ROOT / "knowledge_base/samples/content", begun / "samples/content")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ZHIWEN")}
        environment |= {"ZHIWEN_CONFIG": os.devnull, "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(begun)}
        environment |= {f"ZHIWEN__PATHS__{name}": str(folder / name.lower()) for name in ("LOGS", "MODELS")}
        argv = [sys.executable, "init_database.py", "--if-missing"]
        subprocess.run(argv, cwd=ROOT, env=environment, check=True, timeout=START_S, stdout=subprocess.DEVNULL)
        begun.rename(ready)
    return ready


def _wait(made: Product, console: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and made.launcher.poll() is None:
        if made.webui in console.read_text("utf-8", errors="replace") and answers(f"{made.api}/health"):
            return
        time.sleep(0.2)
    raise AssertionError(f"Zhiwen did not start:\n{console.read_text('utf-8', errors='replace')}")


def answers(url: str) -> bool:
    """Whether somebody answers there."""
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def browser(complaints: list[str], **context: Any) -> Iterator[Any]:
    """A context of a fresh browser; what its pages complain of goes to the list."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_FLAGS)
        defaults = {"locale": "zh-CN", "viewport": {"width": 1440, "height": 1000}}
        opened = chromium.new_context(**(defaults | context))
        opened.set_default_timeout(PATIENCE_S * 1000)
        opened.on("page", follow_runs)
        opened.on("console", lambda said: _complained(said, complaints))
        opened.on("weberror", lambda error: complaints.append(str(error.error)))
        try:
            yield opened
        finally:
            chromium.close()
            # Playwright leaves greenlets behind. One that is collected while Python parses a file breaks the parser
            # ("AST constructor recursion depth mismatch"), which other tests of this process do.
            gc.collect()


def _complained(said: Any, complaints: list[str]) -> None:
    # Every site that a link leads to is asked for its icon, and few sites of tests have one.
    if said.type == "error" and not said.location["url"].endswith("/favicon.ico"):
        complaints.append(f"{said.text} {said.location['url']}")


@contextmanager
def browser_page(product: Product, **context: Any) -> Iterator[Any]:
    """The page in a fresh browser; afterwards nothing may have complained."""
    complaints: list[str] = []
    with browser(complaints, **context) as opened:
        page = opened.new_page()
        page.goto(product.webui)
        page.locator("[data-testid='stSidebarNavLink']").nth(3).wait_for()
        yield page
        assert complaints == [], complaints
        assert page.locator('[data-testid="stException"]').count() == 0


def show(page: Any, name: str) -> None:
    """Go to a page by its link; `name` is the end of its address, "" the first page."""
    links = page.locator("[data-testid='stSidebarNavLink']")
    order = ("", "knowledge_base", "models", "system")
    if (narrow := page.locator("[data-testid='stExpandSidebarButton']")).is_visible():
        narrow.click()
        page.wait_for_timeout(500)  # the sidebar moves in
    links.nth(order.index(name)).click()
    page.wait_for_url(f"**/{name}*")
    settle(page)
    if page.viewport_size["width"] <= PHONE_PX:
        page.wait_for_timeout(500)
        if page.locator("[data-testid='stSidebar'][data-collapsed='false']").count():
            page.locator("[data-testid='stSidebarCollapseButton'] button").click()  # it lies above the page
            page.wait_for_timeout(500)


class Runs:
    """Runs of the page's script, as its messages tell: asked for, begun, ended."""

    def __init__(self) -> None:
        self.due = False
        self.running = False

    def sent(self, message: "str | bytes") -> None:
        if isinstance(message, bytes) and BackMsg.FromString(message).WhichOneof("type") == "rerun_script":
            self.due = True

    def received(self, message: "str | bytes") -> None:
        if not isinstance(message, bytes) or len(message) > LONGEST_NOTICE:
            return
        notice = ForwardMsg.FromString(message)
        match notice.WhichOneof("type"):
            case "new_session":
                self.due, self.running = False, True
            case "script_finished":
                self.due |= notice.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
                self.running = False


_RUNS: "WeakKeyDictionary[Any, Runs]" = WeakKeyDictionary()


def follow_runs(page: Any) -> None:
    """Let `settle` know of the runs of a page that is not open yet. What the page shows of them is not enough: on a
    busy machine a run begins long after the click."""
    runs = _RUNS[page] = Runs()

    def connected(socket: Any) -> None:
        runs.due = runs.running = False
        socket.on("framesent", runs.sent)
        socket.on("framereceived", runs.received)

    page.on("websocket", connected)


def settle(page: Any) -> None:
    """Wait until Streamlit has finished its run."""
    page.wait_for_timeout(150)
    deadline = time.monotonic() + PATIENCE_S
    while (runs := _RUNS.get(page)) and (runs.due or runs.running):
        assert time.monotonic() < deadline, "the page did not finish its run"
        page.wait_for_timeout(50)
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']", timeout=PATIENCE_S * 1000)
