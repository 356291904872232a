"""One page of the web UI in Streamlit's test harness, talking to a fake API."""

from streamlit.testing.v1 import AppTest
from webui_fake_api import FakeApi

from webui_pages.state import Access


def open_page(
    api: FakeApi,
    view: str,
    language: str = "zh",
    conversation: str = "",
    access: Access | None = None,
) -> AppTest:
    """The page after its first run; `view` is a module of `webui_pages.views`, `conversation` in its address, `access`
    what the key of the session may do."""
    known = {"view": view, "url": api.url, "language": language, "access": access}
    page = AppTest.from_function(_script, kwargs=known, default_timeout=60)
    if conversation:
        page.query_params["conversation"] = conversation
    return page.run()


def _script(view, url, language, access):
    import importlib

    import streamlit as st

    from configs.settings import load_settings
    from webui_pages.client import ApiClient, open_http
    from webui_pages.labels import Labels
    from webui_pages.state import ChatOptions, session_state
    from webui_pages.ui import Ui

    state = session_state(language, ChatOptions(temperature=0.7, top_k=3, relevance_floor=50, history_length=3))
    state.access = state.access or access
    client = ApiClient(open_http(url, 10), language)
    ui = Ui(client, Labels(language), state, load_settings(), st.sidebar.container())
    importlib.import_module(f"webui_pages.views.{view}").render(ui)


def texts(page: AppTest) -> str:
    """Everything the page says, in one string."""
    kinds = ("markdown", "caption", "text", "info", "warning", "error", "subheader", "toast")
    return "\n".join(str(element.value) for kind in kinds for element in page.get(kind))


def in_dialog(page: AppTest, opener: str, button: str, **inputs: str) -> None:
    """Open a dialog and press a button in it. The harness always runs the whole script, never a fragment, so the
    dialog is there in the second run only when its opener is pressed again."""
    page.button(key=opener).click().run()
    for key, value in inputs.items():
        page.text_input(key=key).set_value(value)
    page.button(key=opener).click()
    page.button(key=button).click().run()
