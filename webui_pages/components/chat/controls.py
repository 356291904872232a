"""Above the conversation: mode, what is asked, settings, export."""

from functools import partial
from typing import cast

import streamlit as st

from webui_pages.chat_state import MODES, Mode, Offer
from webui_pages.components.chat.seeds import seed, seed_choice, seed_choices
from webui_pages.components.chat.settings_panel import settings_panel
from webui_pages.ui import Ui, literal


def choose_mode(ui: Ui) -> None:
    """The modes side by side; writes the choice into the options."""
    chat = ui.state.chat
    names = {
        "llm": ui.text.mode_llm,
        "knowledge_base": ui.text.mode_knowledge_base,
        "file": ui.text.mode_file,
        "search_engine": ui.text.mode_search_engine,
        "agent": ui.text.mode_agent,
    }
    start = seed(chat, "mode", chat.options.mode)
    chosen = st.segmented_control(
        ui.text.mode,
        MODES,
        default=start,
        required=True,
        format_func=lambda mode: names[mode],
        key="mode",
        label_visibility="collapsed",
    )
    chat.options.mode = cast("Mode", chosen or chat.options.mode)


def controls(ui: Ui, offer: Offer) -> None:
    """What belongs to the chosen mode, the settings, and the export of what was said."""
    mode = ui.state.chat.options.mode
    if mode == "knowledge_base" and offer.knowledge_bases:
        _knowledge_bases(ui, offer)
    elif mode == "search_engine":
        _engine(ui, offer)
    elif mode == "agent":
        _tools(ui, offer)
    settings_panel(ui, offer)
    if ui.state.chat.turns:
        _export(ui)
    ui.state.chat.reseed = False


def _knowledge_bases(ui: Ui, offer: Offer) -> None:
    chat = ui.state.chat
    names = [entry.name for entry in offer.knowledge_bases]
    start = seed_choices(chat, "chat_knowledge_bases", chat.options.knowledge_bases, names)
    with st.container(width=300, key="chat_knowledge_base"):
        chat.options.knowledge_bases = st.multiselect(
            ui.text.knowledge_base,
            names,
            start,
            key="chat_knowledge_bases",
            placeholder=ui.text.choose_knowledge_bases,
            label_visibility="collapsed",
        )


def _engine(ui: Ui, offer: Offer) -> None:
    chat = ui.state.chat
    usable = [engine.name for engine in offer.choices.search_engines if not engine.missing]
    if not usable:
        return
    index = seed_choice(chat, "search_engine", chat.options.search_engine, usable)
    with st.container(width=220):
        chosen = st.selectbox(ui.text.engine, usable, index, key="search_engine", label_visibility="collapsed")
    chat.options.search_engine = chosen or usable[0]


def _tools(ui: Ui, offer: Offer) -> None:
    chat, known, text = ui.state.chat, offer.tools or {}, ui.text
    ready = [name for name, tool in known.items() if tool.state == "ready"]
    lacking = [f"{tool.title}: {tool.reason}" for tool in known.values() if tool.state != "ready"]
    wanted = ready if chat.options.tools is None else chat.options.tools
    start = seed_choices(chat, "tools", wanted, ready)
    # What was just chosen inside is known before the button is drawn, but not yet among the options.
    label = text.tools_chosen.format(count=len(st.session_state.get("tools", wanted)))
    with st.popover(label, icon=":material/construction:", key="agent_tools"):
        chosen = st.multiselect(
            text.tools,
            ready,
            start,
            format_func=lambda name: known[name].title,
            key="tools",
            placeholder=text.choose_tools,
        )
        if lacking:
            st.caption(literal(text.tools_missing.format(names=text.comma.join(lacking))))
    chat.options.tools = None if len(chosen) == len(ready) else chosen


def _export(ui: Ui) -> None:
    chat, text = ui.state.chat, ui.text
    if not chat.conversation_id:
        return
    with st.popover(text.export_conversation, icon=":material/ios_share:", type="tertiary", key="export"):
        for form, suffix, label in (("markdown", "md", text.export_markdown), ("json", "json", text.export_json)):
            st.download_button(
                label,
                data=partial(ui.client.export_conversation, chat.conversation_id, form),
                file_name=f"{_file_name(chat.title or text.product)}.{suffix}",
                on_click="ignore",
                type="tertiary",
                icon=":material/download:",
                key=f"export_{form}",
            )


def _file_name(title: str) -> str:
    return "".join(mark if mark.isalnum() else "_" for mark in title).strip("_")[:60] or "chat"
