"""One panel for how a question is asked; what the mode does not use is not shown."""

import streamlit as st

from webui_pages.chat_state import DEFAULT_PROMPT, PROMPT_GROUPS, Offer
from webui_pages.components.chat.seeds import seed, seed_choice
from webui_pages.ui import Ui, literal

HIDDEN_PROMPTS = frozenset({"empty", "with_history"})
"""Templates that a mode takes by itself."""


def settings_panel(ui: Ui, offer: Offer) -> None:
    """Model, template, temperature, history and retrieval behind one button; writes into the options."""
    options = ui.state.chat.options
    with st.popover(ui.text.options, icon=":material/tune:", type="tertiary", key="options"):
        _model(ui, offer)
        _prompt(ui, offer)
        _slider(ui, "temperature", 0.0, 2.0, step=0.05)
        _slider(ui, "history_length", 0, 20)
        if options.searches or options.mode == "agent":
            st.divider()
        if options.searches:
            _slider(ui, "top_k", 1, 20)
        if options.mode in ("knowledge_base", "file"):
            _slider(ui, "relevance_floor", 0, 100, step=5)
        if options.mode == "search_engine":
            _toggle(ui, "read_pages")
        if options.searches:
            _toggle(ui, "return_direct")


def _model(ui: Ui, offer: Offer) -> None:
    chat, text = ui.state.chat, ui.text
    running = [model.name for model in offer.models if model.state == "running"]
    wanted = chat.options.model
    names = ["", *running] + ([wanted] if wanted and wanted not in running else [])
    default = offer.default_model

    def shown(name: str) -> str:
        if not name:
            return literal(text.model_default_named.format(name=default)) if default else text.model_default
        return literal(name if name in running else text.model_not_running.format(name=name))

    seed_choice(chat, "chat_model", wanted, names)
    chat.options.model = st.selectbox(text.chat_model, names, format_func=shown, key="chat_model") or ""


def _prompt(ui: Ui, offer: Offer) -> None:
    chat = ui.state.chat
    known = offer.choices.prompts.get(PROMPT_GROUPS[chat.options.mode], [])
    names = [DEFAULT_PROMPT, *(name for name in known if name not in (DEFAULT_PROMPT, *HIDDEN_PROMPTS))]
    seed_choice(chat, "prompt", chat.options.prompt, names)
    chosen = st.selectbox(
        ui.text.prompt,
        names,
        format_func=lambda name: ui.text.prompt_default if name == DEFAULT_PROMPT else literal(name),
        help=ui.text.prompt_help,
        key="prompt",
    )
    chat.options.prompt = chosen or DEFAULT_PROMPT


def _slider(ui: Ui, name: str, least: float, most: float, *, step: float | None = None) -> None:
    chat, text = ui.state.chat, ui.text
    seed(chat, name, min(max(getattr(chat.options, name), least), most))
    value = st.slider(
        getattr(text, name),
        least,
        most,
        step=step,
        format="%d%%" if name == "relevance_floor" else None,
        help=getattr(text, f"{name}_help"),
        key=name,
    )
    setattr(chat.options, name, value)


def _toggle(ui: Ui, name: str) -> None:
    chat, text = ui.state.chat, ui.text
    seed(chat, name, getattr(chat.options, name))
    value = st.toggle(getattr(text, name), help=getattr(text, f"{name}_help"), key=name)
    setattr(chat.options, name, value)
