"""What hands do on the web page, by the keys of its elements; each waits for what it needs, never for a time."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from web_product import PATIENCE_S, Product, settle


def call(product: Product, method: str, path: str, **options: Any) -> Any:
    """`data` of what the API answers about knowledge bases."""
    url = f"{product.api}/knowledge_base/{path}"
    answer = httpx.request(method, url, trust_env=False, timeout=PATIENCE_S, **options)
    answer.raise_for_status()
    return answer.json()["data"]


def key(page: Any, name: str) -> Any:
    """The element with this key, or the first whose key begins so where the name ends with an underscore. Streamlit
    has no other marks in its classes than those of ASCII words."""
    name = re.sub(r"[^a-zA-Z0-9_-]", "-", name.strip())
    return page.locator(f'[class*="st-key-{name}"]' if name.endswith("_") else f".st-key-{name}").first


def press(page: Any, name: str) -> None:
    """Press a button, also one that opens something."""
    key(page, name).locator("button").first.click()
    settle(page)


def fill(page: Any, name: str, text: str) -> None:
    """Put a text in the place of what a field holds, and leave it as people do."""
    field = key(page, name).locator("input, textarea").first
    field.fill(text)
    field.press("Control+Enter" if field.evaluate("node => node.tagName") == "TEXTAREA" else "Enter")
    settle(page)


def flip(page: Any, name: str) -> None:
    """Turn a switch."""
    key(page, name).locator("label").first.click()
    settle(page)


def pick(page: Any, name: str, option: str) -> None:
    """Choose one of the buttons that stand side by side."""
    key(page, name).get_by_text(option, exact=True).first.click()
    settle(page)


def choose(page: Any, name: str, option: str) -> None:
    """Choose from a list that unfolds; a click on a list that has the focus already may fold it."""
    field, wanted = key(page, name).locator("input").first, page.get_by_role("option", name=option).first

    def unfolded() -> bool:
        if not wanted.is_visible():
            field.click()
        return appears(page, wanted)

    until(page, unfolded)
    wanted.click()
    settle(page)


def slide(page: Any, name: str, presses: int) -> None:
    """Move a slider by keyboard."""
    thumb = key(page, name).locator("input[type=range]")
    thumb.focus()
    for _ in range(abs(presses)):
        thumb.press("ArrowRight" if presses > 0 else "ArrowLeft")
    settle(page)


def unfold(page: Any, name: str) -> None:
    """Open what is folded."""
    key(page, name).locator("summary").first.click()
    settle(page)


def part(page: Any, name: str, label: str) -> None:
    """Show a part of the page by its tab."""
    key(page, name).get_by_role("tab", name=label).click()
    settle(page)


def saved_by(page: Any, name: str) -> Path:
    """Press a button that downloads; where the file came to lie."""
    with page.expect_download() as download:
        key(page, name).locator("button").click()
    return Path(download.value.path())


def dialog(page: Any) -> Any:
    """What stands above the page."""
    return page.get_by_role("dialog")


def confirm(page: Any, name: str) -> None:
    """Press the button at the end of a dialog, which goes away."""
    dialog(page).locator(f".st-key-{name} button").click()
    dialog(page).wait_for(state="detached")
    settle(page)


def said(page: Any, text: str) -> None:
    """Wait until the page says this."""
    page.get_by_text(text).first.wait_for()


def tick(page: Any, row: int, action: str) -> None:
    """Tick a row of the table of files, which is a canvas, until the button for it is there."""
    table = key(page, "file_table").locator(".dvn-scroller").first
    table.wait_for()

    def ticked() -> bool:
        if not key(page, action).is_visible():
            table.click(position={"x": 16, "y": 36 * (row + 1) + 18})
            settle(page)
        return appears(page, key(page, action))

    until(page, ticked)


def appears(page: Any, element: Any, within_ms: int = 2000) -> bool:
    """Whether something is to be seen soon."""
    for _ in range(within_ms // 100):
        if element.is_visible():
            return True
        page.wait_for_timeout(100)
    return False


def until(page: Any, seen: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Wait until the function gives something true."""
    deadline = time.monotonic() + patience_s
    while not seen():
        assert time.monotonic() < deadline, "it did not come about"
        page.wait_for_timeout(100)
