"""The page of models: chat models, embedding and rerank models, providers, what the machine has."""

import streamlit as st

from webui_pages.components.models.chat_models import chat_models
from webui_pages.components.models.machine import machine
from webui_pages.components.models.providers import providers
from webui_pages.components.models.weights import weights
from webui_pages.ui import Ui, failures_shown


def render(ui: Ui) -> None:
    """Tabs; only the open one asks the API. ?tab=providers leads to that one."""
    text = ui.text
    st.subheader(text.models_page, anchor=False)
    names = [text.tab_chat_models, text.tab_weights, text.tab_providers, text.tab_machine]
    asked = text.tab_providers if st.query_params.get("tab") == "providers" else None
    chat, stock, online, here = st.tabs(names, default=asked, key="model_tabs", on_change="rerun")
    with failures_shown(ui):
        if chat.open:
            with chat:
                chat_models(ui)
                st.space("small")
                weights(ui, "llm")
        if stock.open:
            with stock:
                weights(ui, "embed", "rerank")
        if online.open:
            with online:
                providers(ui)
        if here.open:
            with here:
                machine(ui)
