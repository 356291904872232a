"""The pictures of docs/images, to be looked at by people: each page in both languages, themes and widths, and the
states of the pages that matter besides.

ZHIWEN_UPDATE_IMAGES=1 takes them all and keeps them. Without it a few prove that they can be taken.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from web_product import ROOT, Product, browser_page
from web_scenes import PAGES, PARTS, furnished_product

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")

FOLDER = ROOT / "docs" / "images"
UPDATE = bool(os.environ.get("ZHIWEN_UPDATE_IMAGES"))
LOCALES = {"zh": "zh-CN", "en": "en-US"}
SIZES = {"": {"width": 1440, "height": 1000}, "_narrow": {"width": 390, "height": 844}}
THEMES = {"": "light", "_dark": "dark"}
EVERY_PAGE = [(language, theme, size) for language in LOCALES for theme in THEMES for size in SIZES]
EVERY_PART = [("zh", "", ""), ("zh", "_dark", "_narrow")]
PROOF = [("zh", "", ""), ("en", "_dark", "_narrow")]
COLOURS = 128
LARGEST_BYTES = 150_000


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with furnished_product(tmp_path_factory.mktemp("zhiwen")) as running:
        yield running


@pytest.mark.parametrize(("language", "theme", "size"), EVERY_PAGE if UPDATE else PROOF)
def test_every_page_can_be_shown(product: Product, language: str, theme: str, size: str, tmp_path: Path) -> None:
    look = {"locale": LOCALES[language], "color_scheme": THEMES[theme], "viewport": SIZES[size]}
    scenes = PAGES | PARTS if UPDATE and (language, theme, size) in EVERY_PART else PAGES
    with browser_page(product, base_url=product.webui, **look) as page:
        for name, scene in scenes.items():
            scene(page, language)
            kept = _taken(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], name
            assert len(kept) < LARGEST_BYTES, name
            ((FOLDER if UPDATE else tmp_path) / f"{name}_{language}{theme}{size}.png").write_bytes(kept)


def _taken(page: Any) -> bytes:
    """The page when nothing moves any more, in few colours: most of it is text on plain ground."""
    page.mouse.move(5, 5)
    page.wait_for_timeout(1200)
    made = BytesIO()
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    return made.getvalue()
