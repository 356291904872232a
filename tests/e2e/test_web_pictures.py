"""The pictures of the README: each page in both languages and themes, wide and narrow.

ZHIWEN_UPDATE_IMAGES=1 keeps them under docs/images/; without it this only proves that they can be taken.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from web_product import ROOT, Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

FOLDER = ROOT / "docs" / "images"
UPDATE = bool(os.environ.get("ZHIWEN_UPDATE_IMAGES"))
WIDE, NARROW = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
LOOKS = {
    "zh": {"locale": "zh-CN", "viewport": WIDE},
    "zh_dark": {"locale": "zh-CN", "viewport": WIDE, "color_scheme": "dark"},
    "en": {"locale": "en-US", "viewport": WIDE},
    "zh_narrow": {"locale": "zh-CN", "viewport": NARROW},
}
QUESTIONS = {
    "zh-CN": "知问支持哪些文件格式？",
    "en-US": "How many months of warranty does the height-adjustable standing desk have?",
}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("zhiwen")) as running:
        yield running


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_can_be_shown(product: Product, look: str, tmp_path: Path) -> None:
    wanted = LOOKS[look]
    folder = FOLDER if UPDATE else tmp_path
    with browser_page(product, **(wanted | {"viewport": WIDE})) as page:
        for name in ("", "knowledge_base", "models", "system"):
            show(page, name)
            if not name:
                box = page.locator("[data-testid='stChatInputTextArea']").first
                box.fill(QUESTIONS[wanted["locale"]])
                box.press("Enter")
                page.get_by_text("[1]").first.wait_for(timeout=30_000)
                settle(page)
            page.set_viewport_size(wanted["viewport"])
            page.mouse.move(5, 5)
            page.wait_for_timeout(1200)
            picture = folder / f"{name or 'chat'}_{look}.png"
            page.screenshot(path=picture)
            assert picture.stat().st_size < 400_000
            page.set_viewport_size(WIDE)
