"""Entry of the web page: `python -m streamlit run webui_pages/app.py`, from any folder.

A client of the knowledge API, which may run on another machine (environment variable ZHIWEN_API_URL).
Pages live in `views/`: Streamlit would take a folder `pages/` beside this file for pages of its own making.

Hooks for browser tests: an element with the key K has the CSS class `st-key-K`.

    frame        language · footer · gate_key · gate_enter · retry
    chat         mode · chat_knowledge_base · options (top_k · relevance_floor · temperature · history_length) · clear ·
                 welcome · suggestion_N · question · question_N · answer_N · stop · sources_N · source_N_I ·
                 no_sources_N · open_N_I · download_N_I          (N: turn, from 0; I: number in the [I] marks)
    knowledge    manage_knowledge_base · new_knowledge_base (new_name · new_info · new_embedder · new_create) ·
    bases        no_knowledge_base · delete_knowledge_base · confirm_delete_knowledge_base(_cancel) · counts · rebuild ·
                 confirm_rebuild(_cancel) · rebuild_progress · rebuild_outcomes · upload_area · upload_files_V ·
                 upload_overwrite · upload_start · upload_outcomes · jobs · cancel_job_ID · ingest_settings ·
                 settings_save · retry_failed · retry_job_ID · file_table · file_actions · download ·
                 download_selected_N · delete_selected · confirm_delete_files(_cancel) · failed_files
                 (V: grows with each finished upload)
"""

import logging
import os
import sys
from functools import partial
from pathlib import Path

import streamlit as st
from httpx import Client

FOLDER = Path(__file__).resolve().parent
if str(FOLDER.parent) not in sys.path:
    sys.path.append(str(FOLDER.parent))  # Streamlit puts the folder of this file there, not the one above it

from configs.settings import Settings, load_settings  # noqa: E402  # found through the line above
from server.errors import Language  # noqa: E402
from webui_pages.client import ApiClient, open_http  # noqa: E402
from webui_pages.components.frame import footer, gate, language_switch  # noqa: E402
from webui_pages.labels import Labels  # noqa: E402
from webui_pages.state import ChatOptions, session_state  # noqa: E402
from webui_pages.ui import Ui  # noqa: E402
from webui_pages.views import chat, knowledge_base  # noqa: E402

API_URL_VARIABLE = "ZHIWEN_API_URL"
SILENCE_ALLOWANCE_S = 30.0

_log = logging.getLogger("webui_pages")


@st.cache_resource(show_spinner=False)
def shared() -> tuple[Settings, Client]:
    """Settings and connections, once for the process."""
    settings = load_settings()
    url = os.environ.get(API_URL_VARIABLE) or settings.services.api.url
    key = settings.security.api_key.get_secret_value()
    # The API itself gives up on a silent model, with a better text than a timeout here could have.
    return settings, open_http(url, key, settings.chat.request_timeout_s + SILENCE_ALLOWANCE_S)


def browser_language() -> Language:
    """What the browser asks for; Chinese when it does not say."""
    locale = st.context.locale
    return "zh" if not locale or locale.lower().startswith("zh") else "en"


def default_options(settings: Settings) -> ChatOptions:
    """The settings of the installation, which a user may change for the session."""
    return ChatOptions(
        temperature=settings.chat.temperature,
        top_k=settings.retrieval.top_k,
        relevance_floor=round(100 * (1 - settings.retrieval.score_threshold / 2)),
        history_length=settings.chat.history_len,
    )


def main() -> None:
    """One run of the script: the frame, and inside it the page."""
    settings, http = shared()
    language = browser_language() if settings.web.language == "auto" else settings.web.language
    state = session_state(language, default_options(settings))
    with st.sidebar:
        state.language = language_switch(state.language)
    ui = Ui(ApiClient(http, state.language), Labels(state.language), state, settings)
    st.set_page_config(page_title=ui.text.product, page_icon="📖", layout="wide")
    st.html(FOLDER / "style.css")
    allowed = gate(ui)
    pages = [
        st.Page(
            partial(chat.render, ui), title=ui.text.chat_page, icon=":material/forum:", url_path="chat", default=True
        ),
        st.Page(
            partial(knowledge_base.render, ui),
            title=ui.text.knowledge_base_page,
            icon=":material/library_books:",
            url_path="knowledge_base",
        ),
    ]
    page = st.navigation({ui.text.product: pages}, position="sidebar" if allowed else "hidden")
    if allowed:
        with st.sidebar:
            footer(ui)
        page.run()


try:
    main()
except Exception:  # noqa: BLE001  # the edge of the page: people get a sentence, the log the traceback
    _log.exception("a run of the page failed")
    st.error(Labels(browser_language()).unexpected, icon=":material/error:")
