"""axe-core on every page in both themes, the contrast of our colours included; and the page by keyboard alone."""

from collections.abc import Iterator

import pytest
from web_product import Product, browser_page, running_product, settle, show

pytestmark = pytest.mark.e2e
pytest.importorskip("playwright")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

GRAVE = ("serious", "critical")
STREAMLITS_OWN = {
    "scrollable-region-focusable": "a code block of limited height cannot be focused; its copy button can",
    "aria-dialog-name": "a toast is a dialog without a name",
}
"""Rules that Streamlit 1.67 breaks by itself, wherever it is used; nothing of ours can change its elements."""
PAGES = ("", "knowledge_base", "models", "system")
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 844}
THEMES = ("light", "dark")
LOOKS = 5
"""A part of the page that still has the colours of before, on a busy machine, is no fault; one that keeps them is."""
IS_SHOWN = """theme => {
    const ground = getComputedStyle(document.querySelector("[data-testid='stApp']")).backgroundColor
    const [red] = ground.match(/\\d+/)
    return (red > 127) === (theme === "light")
}"""
UNFOLD_SIDEBAR = "[data-testid='stExpandSidebarButton']"
BASE = ".st-key-open_samples button"
PARTS = "[data-testid='stTab']:visible, .stMain [role='tab']:visible, .st-key-mode button"
PARTS_OF_BASE = "[class*='st-key-tab_'] button"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("zhiwen")) as running:
        yield running


def hold_still(page) -> None:
    """Let nothing fade or move on its way: what is half there has half its contrast."""
    page.add_style_tag(content="*, ::before, ::after { transition: none !important; animation: none !important; }")
    page.evaluate(axe.Axe().axe_script)


def grave(page, where: str) -> list[str]:
    """What axe-core finds in both themes, less what is Streamlit's own."""
    found = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(IS_SHOWN, arg=theme)
        for _ in range(LOOKS):
            if not (seen := grave_now(page)):
                break
            page.wait_for_timeout(500)
        found += [f"{theme} {where}: {fault}" for fault in seen]
    return found


def grave_now(page) -> list[str]:
    violations = page.evaluate("axe.run({resultTypes: ['violations']}).then(made => made.violations)")
    return [
        f"{one['id']} ({one['impact']}): {[node['html'][:160] for node in one['nodes'][:4]]}"
        for one in violations
        if one["impact"] in GRAVE and one["id"] not in STREAMLITS_OWN
    ]


def grave_in_parts(page, where: str, links: str = PARTS) -> list[str]:
    """The same for each part that a tab or a button of the page leads to."""
    faults, parts = [], page.locator(links)
    for number in range(1, parts.count()):
        parts.nth(number).click()
        settle(page)
        faults += grave(page, f"{where} part {number}")
    return faults


@pytest.mark.parametrize("look", [{}, {"viewport": NARROW}], ids=["wide", "narrow"])
def test_no_page_has_a_grave_fault(product: Product, look: dict) -> None:
    faults: list[str] = []
    with browser_page(product, **look) as page:
        hold_still(page)
        for name in PAGES:
            show(page, name)
            faults += grave(page, name or "chat")
            faults += grave_in_parts(page, name or "chat")
            if name == "knowledge_base":
                page.locator(BASE).click()
                settle(page)
                faults += grave_in_parts(page, "samples", PARTS_OF_BASE)
    assert faults == []


def test_neither_an_answer_nor_a_dialog_has_a_grave_fault(product: Product) -> None:
    faults: list[str] = []
    with browser_page(product) as page:
        hold_still(page)
        page.locator(".st-key-suggestion_0 button").click()
        page.locator(".st-key-sources_0 summary").click()
        page.locator(".st-key-source_0_1").wait_for()
        faults += grave(page, "answer")
        page.locator(".st-key-open_0_1 button").click()
        page.locator(".st-key-passage").wait_for()
        settle(page)
        faults += grave(page, "passage")
        page.keyboard.press("Escape")
        show(page, "knowledge_base")
        page.locator(".st-key-new_knowledge_base button").click()
        page.locator(".st-key-new_name").wait_for()
        settle(page)
        faults += grave(page, "new knowledge base")
    assert faults == []


def test_a_narrow_page_never_scrolls_sideways(product: Product) -> None:
    with browser_page(product, viewport=WIDE) as page:
        for name in PAGES:
            show(page, name)
            page.set_viewport_size(NARROW)
            page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
            settle(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], name
            page.set_viewport_size(WIDE)
            page.locator(UNFOLD_SIDEBAR).wait_for(state="hidden")


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
