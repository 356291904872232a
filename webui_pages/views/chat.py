"""The chat page."""

from typing import Any

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.chat_state import Offer
from webui_pages.components.chat.asking import ask
from webui_pages.components.chat.commands import as_question, is_command, run_command
from webui_pages.components.chat.controls import choose_mode, controls
from webui_pages.components.chat.conversation import follow_address, take_back
from webui_pages.components.chat.conversation_list import conversation_list
from webui_pages.components.chat.dropped import add_files, dropped_files
from webui_pages.components.chat.offer import present_offer
from webui_pages.components.chat.turns import show_turns
from webui_pages.components.chat.welcome import welcome
from webui_pages.ui import Ui, failures_shown, link_to, literal


def render(ui: Ui) -> None:
    """Controls, the conversation so far, and the next question."""
    chat = ui.state.chat
    is_ready, hint = False, ""
    with failures_shown(ui):
        follow_address(ui)
        with ui.beside:
            conversation_list(ui)
        bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="chat_bar")
        with bar:
            choose_mode(ui)
        offer = present_offer(ui)
        with bar:
            controls(ui, offer)
        hint = _why_not_ask(ui, offer)
        _take_back(ui, may_ask=not hint)
        is_ready = True
    if notice := ui.state.take_notice():
        st.toast(literal(notice), icon=":material/check:")
    opening = st.empty()
    show_turns(ui, may_ask=not hint)
    typed = _typed(ui, disabled=not is_ready or bool(hint and chat.options.mode != "file"))
    if not is_ready:
        return
    if hint:
        st.info(hint, icon=":material/info:")
        if chat.options.mode == "knowledge_base" and hint != ui.text.no_knowledge_base_chosen:
            link_to(ui, "knowledge_base", ui.text.manage_knowledge_bases)
    if typed and (not hint or is_command(typed)):
        with failures_shown(ui):
            _send(ui, typed)
        return
    _show_unsent(ui, typed)
    if not chat.turns:
        with opening.container():
            welcome(ui, may_ask=not hint)


def _take_back(ui: Ui, *, may_ask: bool) -> None:
    """A question that is asked again, changed perhaps: it and what followed goes, unless it could not be asked now."""
    chat = ui.state.chat
    if chat.redo and may_ask:
        number, question = chat.redo
        take_back(ui, number)
        chat.pending_question = question
    chat.redo = None


def _show_unsent(ui: Ui, question: str) -> None:
    """A question that went nowhere, to be copied: the box does not hold it any more."""
    if question:
        st.caption(ui.text.not_asked)
        st.text(question)


def _typed(ui: Ui, *, disabled: bool) -> str:
    """What was typed into the box at the bottom, or asked for by a button. Files that were dropped into it are sent
    first, in a run of their own."""
    known = ui.state.formats
    given: Any = st.chat_input(
        ui.text.ask,
        key="question",
        accept_file="multiple",
        file_type=known.suffixes if known else None,
        submit_mode="disable",
        disabled=disabled,
    )
    if given and given.files:
        with failures_shown(ui):
            add_files(ui, given.files)
            ui.state.chat.pending_question = given.text
            st.rerun()
        _show_unsent(ui, given.text)
        return ""
    return ((given.text if given else "") or ui.state.chat.take_pending_question()).strip()


def _send(ui: Ui, typed: str) -> None:
    if is_command(typed):
        run_command(ui, typed)
    else:
        ask(ui, as_question(typed))


def _why_not_ask(ui: Ui, offer: Offer) -> str:
    """What is missing before a question can be asked; "" when nothing is."""
    options, text = ui.state.chat.options, ui.text
    if options.mode == "knowledge_base":
        return _why_no_knowledge_base(ui, offer.knowledge_bases)
    if options.mode == "file":
        return "" if dropped_files(ui) else text.dropped_none
    if options.mode == "agent":
        return literal(offer.choices.no_agents.get(options.model or offer.model_of(options.mode), ""))
    return ""


def _why_no_knowledge_base(ui: Ui, known: list[KnowledgeBaseDetails]) -> str:
    options, text = ui.state.chat.options, ui.text
    if not known:
        return text.no_knowledge_base
    if not options.knowledge_bases:
        return text.no_knowledge_base_chosen
    has_chunks = any(entry.chunks for entry in known if entry.name in options.knowledge_bases)
    return "" if has_chunks else text.empty_knowledge_base
