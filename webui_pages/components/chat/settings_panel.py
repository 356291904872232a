"""One panel for how a question is asked; what the mode does not use is not shown."""

import streamlit as st

from webui_pages.chat_state import DEFAULT_PROMPT, PROMPT_GROUPS, Offer
from webui_pages.components.chat.seeds import seed, seed_choice
from webui_pages.ui import Ui, literal

HIDDEN_PROMPTS = frozenset({"empty", "with_history"})
"""Templates that a mode takes by itself."""


def settings_panel(ui: Ui, offer: Offer) -> None:
    """Model, template, temperature, history and retrieval behind one button; writes into the options."""
    options, text = ui.state.chat.options, ui.text
    with st.popover(text.options, icon=":material/tune:", type="tertiary", key="options"):
        _model(ui, offer)
        _prompt(ui, offer)
        _slider(ui, "temperature", text.temperature, text.temperature_help, (0.0, 2.0, 0.05))
        _slider(ui, "history_length", text.history_length, text.history_length_help, (0, 20, 1))
        if options.searches:
            st.divider()
        if options.searches:
            _slider(ui, "top_k", text.top_k, text.top_k_help, (1, 20, 1))
        if options.mode in ("knowledge_base", "file"):
            _slider(ui, "relevance_floor", text.relevance_floor, text.relevance_floor_help, (0, 100, 5))
        if options.mode == "search_engine":
            _toggle(ui, "read_pages", text.read_pages, text.read_pages_help)
        if options.searches:
            _toggle(ui, "return_direct", text.return_direct, text.return_direct_help)
        if options.mode == "search_engine":
            _missing_engines(ui, offer)


def _model(ui: Ui, offer: Offer) -> None:
    chat, text = ui.state.chat, ui.text
    running = [model.name for model in offer.models if model.state == "running"]
    wanted = chat.options.model
    names = ["", *running] + ([wanted] if wanted and wanted not in running else [])
    default = offer.model_of(chat.options.mode)

    def shown(name: str) -> str:
        if not name:
            named = default if default in running else text.model_not_running.format(name=default)
            return text.model_default_named.format(name=named) if default else text.model_default
        return name if name in running else text.model_not_running.format(name=name)

    index = seed_choice(chat, "chat_model", wanted, names)
    chat.options.model = st.selectbox(text.chat_model, names, index, format_func=shown, key="chat_model") or ""


def _prompt(ui: Ui, offer: Offer) -> None:
    chat = ui.state.chat
    known = offer.choices.prompts.get(PROMPT_GROUPS[chat.options.mode], [])
    names = [DEFAULT_PROMPT, *(name for name in known if name not in (DEFAULT_PROMPT, *HIDDEN_PROMPTS))]
    index = seed_choice(chat, "prompt", chat.options.prompt, names)
    chosen = st.selectbox(
        ui.text.prompt,
        names,
        index,
        format_func=lambda name: ui.text.prompt_default if name == DEFAULT_PROMPT else name,
        help=ui.text.prompt_help,
        key="prompt",
    )
    chat.options.prompt = chosen or DEFAULT_PROMPT


def _slider(ui: Ui, name: str, label: str, meaning: str, span: tuple[float, float, float]) -> None:
    """`span` is least, most and step."""
    chat, (least, most, step) = ui.state.chat, span
    start = seed(chat, name, min(max(getattr(chat.options, name), least), most))
    shown = "%d%%" if name == "relevance_floor" else None
    value = st.slider(label, least, most, start, step=step, format=shown, help=meaning, key=name)
    setattr(chat.options, name, value)


def _toggle(ui: Ui, name: str, label: str, meaning: str) -> None:
    chat = ui.state.chat
    start = bool(seed(chat, name, getattr(chat.options, name)))
    setattr(chat.options, name, st.toggle(label, start, help=meaning, key=name))


def _missing_engines(ui: Ui, offer: Offer) -> None:
    """Search engines that cannot be chosen, and the setting each of them lacks."""
    text = ui.text
    lacking = [
        text.engine_missing.format(name=engine.name, setting=engine.missing)
        for engine in offer.choices.search_engines
        if engine.missing
    ]
    if lacking:
        st.caption(literal(text.engines_missing.format(names=text.comma.join(lacking))))
