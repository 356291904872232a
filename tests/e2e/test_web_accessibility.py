"""axe-core on every page in both themes, the contrast of our colours included; and the page by keyboard alone."""

from collections.abc import Iterator

import pytest
from web_product import Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

GRAVE = ("serious", "critical")
STREAMLITS_OWN = {
    "list": "the list of pages in the sidebar holds its groups in elements that are no list items",
    "listitem": "the same, seen from the items",
    "scrollable-region-focusable": "a code block of limited height cannot be focused; its copy button can",
    "aria-dialog-name": "a toast is a dialog without a name",
}
"""Rules that Streamlit 1.67 breaks by itself, wherever it is used; nothing of ours can change its elements."""
PAGES = ("", "knowledge_base", "models", "system")


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("zhiwen")) as running:
        yield running


def grave(page, where: str) -> list[str]:
    """What axe-core finds, less what is Streamlit's own."""
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{where}: {one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes'][:4]]}"
        for one in found
        if one["impact"] in GRAVE and one["id"] not in STREAMLITS_OWN
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_has_a_grave_fault(product: Product, theme: str) -> None:
    faults: list[str] = []
    with browser_page(product, color_scheme=theme) as page:
        for name in PAGES:
            show(page, name)
            page.wait_for_timeout(500)
            tabs = page.locator("[data-testid='stTab']:visible, .stMain [role='tab']:visible")
            faults += grave(page, f"{theme} {name or 'chat'}")
            for number in range(1, tabs.count()):
                tabs.nth(number).click()
                settle(page)
                page.wait_for_timeout(500)
                faults += grave(page, f"{theme} {name} tab {number}")
    assert faults == []


def test_a_narrow_page_never_scrolls_sideways(product: Product) -> None:
    with browser_page(product, viewport={"width": 1440, "height": 844}) as page:
        for name in PAGES:
            show(page, name)
            page.set_viewport_size({"width": 390, "height": 844})
            page.wait_for_timeout(400)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
            page.set_viewport_size({"width": 1440, "height": 844})
            page.wait_for_timeout(400)


def focused(page) -> str:
    return page.evaluate("document.activeElement.innerText || document.activeElement.getAttribute('aria-label') || ''")


def tab_to(page, text: str, most: int = 40) -> None:
    seen = []
    for _ in range(most):
        page.keyboard.press("Tab")
        seen.append(focused(page).strip()[-40:])
        if seen[-1].splitlines()[-1:] == [text]:
            return
    pytest.fail(f"{text!r} is not reached by Tab: {seen}")


def test_pages_tabs_and_buttons_work_by_keyboard(product: Product) -> None:
    with browser_page(product) as page:
        tab_to(page, "模型")
        page.keyboard.press("Enter")
        page.wait_for_url("**/models")
        settle(page)
        tab_to(page, "对话模型")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        settle(page)
        page.locator(".st-key-weights_embed_builtin-ngram").wait_for()
        show(page, "system")
        tab_to(page, "自动刷新" if page.get_by_text("自动刷新").count() else "刷新", most=60)
        page.keyboard.press("Space")
        settle(page)
