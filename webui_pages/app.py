"""The web page, which `serve.py` serves: `python -m streamlit run webui_pages/serve.py`, from any folder.

A client of the knowledge API, which may run on another machine (environment variable ZHIWEN_API_URL).
Pages live in `views/`: Streamlit would take a folder `pages/` beside this file for pages of its own making.

Hooks for browser tests: an element with the key K has the CSS class `st-key-K`.

    frame        below (language) · foot (account · log_out · footer) · gate_key · gate_enter · log_in ·
                 failure (retry)
    chat         ?conversation=ID opens one. chat_bar · mode · chat_knowledge_base (chat_knowledge_bases) ·
                 search_engine · agent_tools (tools) · options (chat_model · prompt · temperature · history_length ·
                 top_k · relevance_floor · read_pages · return_direct) · export (export_markdown · export_json) ·
                 dropped · dropped_K · drop_K · drop_all · welcome · suggestion_K · no_model ·
                 question · earlier · question_N · edit_N (edit_text_N · edit_send ·
                 edit_cancel) · answer_N · stop · steps_N · sources_N · source_N_I · link_N_I · no_sources_N · open_N_I
                 (passage · passage_page · passage_text · passage_download) · actions_N · feedback_N (thumbs_ID) ·
                 reason_N (reason_text_ID · reason_send_ID) · copy_N (copied_N) · regenerate_N · conversations ·
                 new_conversation · search_conversations · open_conversation_K · conversation_menu_K
                 (title_ID · save_title · confirm_delete_conversation(_cancel)) · page_before · page_after   (N: turn,
                 from 0; I: number in the [I] marks; K: place, from 0)
    knowledge    ?kb=NAME&tab=files|chunks|retrieval|summaries|settings&file=NAME leads to a part of a knowledge base.
    bases        find_knowledge_base · order_knowledge_bases · new_knowledge_base (new_name · new_info · new_embedder ·
                 new_store · new_settings · new_splitter · new_chunk_size · new_chunk_overlap · new_ocr ·
                 new_zh_title_enhance · new_preview_tabs · new_preview_text · new_preview_file · new_preview_chunks ·
                 new_create) · no_knowledge_base · card_NAME · open_NAME · knowledge_base_page_V · all_knowledge_bases ·
                 manage_one_NAME · tab_NAME_PART · counts · rebuild · rebuild_embedder · rebuild_store · rebuild_force ·
                 confirm_rebuild(_cancel) · rebuild_progress · rebuild_cancel · rebuild_end · rebuild_outcomes ·
                 rebuild_dismiss
      files      upload · upload_tabs · upload_area · upload_files_V · upload_overwrite · upload_start · paste_name_V ·
                 paste_text_V · paste_start · upload_outcomes · jobs · cancel_job_ID · file_search · file_states ·
                 file_order · file_table · file_actions · download · download_selected_N · reindex_selected ·
                 reindex_custom · reindex_start · summarize_selected · show_chunks · delete_selected ·
                 confirm_delete_files(_cancel) · receipt · receipt_dismiss · failed_files · retry_failed · retry_job_ID
      chunks     chunk_controls · chunk_file_V · chunk_search · chunk_state · chunk_add (chunk_add_file ·
                 chunk_add_where · chunk_add_text · chunk_add_save(_cancel)) · chunk_ID · chunk_edit_ID
                 (chunk_text_ID_V) · chunk_save(_cancel) · chunk_switch_ID · chunk_delete_ID ·
                 confirm_delete_chunk(_cancel) · chunk_page_of_ID · show_pages · chunk_picture ·
                 chunk_pages (chunk_page_V)
      retrieval  retrieval_question · retrieval_bases (retrieval_bases_NAME) · retrieval_more · retrieval_k
                 (retrieval_k_NAME) · retrieval_floor (retrieval_floor_NAME) · retrieval_rerank ·
                 retrieval_neighbours · retrieval_files · retrieval_filters · retrieval_ask ·
                 retrieval_found · retrieval_table · found_N · found_open_N
      summaries  summary_make_all · summary_make_missing · summary_cancel · summary_whole · summary_FILE ·
                 summary_make_FILE · summary_delete_FILE · summary_parts_FILE · summaries ·
                 summary_pages (summary_page_NAME_V)   (FILE: "whole" for the knowledge base)
      settings   info_of_NAME_V · info_save · ingest_settings · settings_splitter_V_NAME · settings_chunk_size_V_NAME ·
                 settings_chunk_overlap_V_NAME · settings_ocr_V_NAME · settings_zh_title_enhance_V_NAME · settings_save
                 · settings_reset · preview_tabs · preview_text · preview_file · preview_chunks · search_settings ·
                 top_k_V_W_NAME · floor_V_W_NAME · rerank_V_W_NAME · search_save · search_reset · check · repair ·
                 care_rebuild · care_progress · check_report · repair_report · delete_knowledge_base ·
                 confirm_delete_knowledge_base(_cancel) (V: another number whenever a widget begins anew)
    models       ?tab=providers leads to that part. model_tabs · model_NAME (start_model_NAME ·
                 switch_model_NAME · stop_model_NAME) · weights_KIND_NAME (download_NAME · cancel_download_NAME ·
                 start_downloaded_NAME) · provider_NAME (test_NAME) · preset · service_memory
    system       system_tabs · services · service_NAME · log_controls (log_name · log_lines · log_follow) · log ·
                 log_refresh · jobs_state · jobs_table · disk · settings_in_force · keys_table · new_key_shown ·
                 key_name · key_scope · key_limit · key_create · revoke_name · revoke_key · confirm_revoke_key ·
                 feedback_export · metrics_export
"""

import importlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from httpx import Client

FOLDER = Path(__file__).resolve().parent
if str(FOLDER.parent) not in sys.path:
    sys.path.append(str(FOLDER.parent))  # Streamlit puts the folder of this file there, not the one above it

from configs.settings import Settings, load_settings  # noqa: E402  # found through the line above
from webui_pages.client import ApiClient, open_http  # noqa: E402
from webui_pages.components.frame import brand, footer, language_switch  # noqa: E402
from webui_pages.components.login import account, gate  # noqa: E402
from webui_pages.labels import Labels  # noqa: E402
from webui_pages.state import ChatOptions, known_language, session_state  # noqa: E402
from webui_pages.tongue import first_language  # noqa: E402
from webui_pages.ui import Ui  # noqa: E402

API_URL_VARIABLE = "ZHIWEN_API_URL"
SILENCE_ALLOWANCE_S = 30.0

_log = logging.getLogger("webui_pages")


@st.cache_resource(show_spinner=False)
def shared() -> tuple[Settings, Client]:
    """Settings and connections, once for the process."""
    settings = load_settings()
    url = os.environ.get(API_URL_VARIABLE) or settings.services.api.url
    # The API itself gives up on a silent model, with a better text than a timeout here could have.
    return settings, open_http(url, settings.chat.request_timeout_s + SILENCE_ALLOWANCE_S)


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
    language = first_language(settings.web.language, st.context.locale)
    state = session_state(language, default_options(settings))
    with st.sidebar:
        beside, foot, below = st.container(), st.container(key="foot"), st.container(key="below")
    with below:
        state.language = language_switch(state.language)
    key = state.access.key if state.access else settings.security.api_key.get_secret_value()
    ui = Ui(ApiClient(http, state.language, key), Labels(state.language), state, settings, beside)
    brand(ui)
    st.html(FOLDER / "style.css")
    allowed = gate(ui)
    page = st.navigation(_pages(ui), position="sidebar" if allowed else "hidden")
    if allowed:
        with foot:
            account(ui)
            footer(ui)
        page.run()


def _pages(ui: Ui) -> list[Any]:
    """All pages. The module of a page is imported when the page is shown."""
    titles = {
        "chat": (ui.text.chat_page, ":material/forum:"),
        "knowledge_base": (ui.text.knowledge_base_page, ":material/library_books:"),
        "models": (ui.text.models_page, ":material/neurology:"),
        "system": (ui.text.system_page, ":material/monitor_heart:"),
    }
    for name, (title, icon) in titles.items():
        ui.pages[name] = st.Page(_shown(ui, name), title=title, icon=icon, url_path=name, default=name == "chat")
    return list(ui.pages.values())


def _shown(ui: Ui, name: str) -> Callable[[], None]:
    return lambda: importlib.import_module(f"webui_pages.views.{name}").render(ui)


try:
    main()
except Exception:  # noqa: BLE001  # the edge of the page: people get a sentence, the log the traceback
    _log.exception("a run of the page failed")
    told = Labels(known_language() or first_language("auto", st.context.locale))
    st.error(told.unexpected, icon=":material/error:")
