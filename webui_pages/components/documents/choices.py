"""Select boxes of embedding models and vector stores; what cannot be used here is shown with the reason."""

import streamlit as st

from server.api.schemas.knowledge_bases import Formats
from webui_pages.ui import Ui, literal


def choose_embedder(ui: Ui, known: Formats, present: str, *, key: str) -> tuple[str, str]:
    """The chosen model, "" for the default or the `present` one, and why it cannot be used ("" when it can)."""
    by_name = {each.name: each for each in known.embedders}
    default = next((each.name for each in known.embedders if each.default), "")
    first = ui.text.rebuild_keep.format(name=present) if present else ui.text.embedder_default.format(name=default)

    def label(name: str) -> str:
        if not name:
            return first
        return name if by_name[name].available else ui.text.embedder_missing.format(name=name)

    names = [name for name in by_name if name != present]
    chosen = st.selectbox(ui.text.embedder, ["", *names], format_func=label, key=key) or ""
    reason = by_name[chosen].reason if chosen and not by_name[chosen].available else ""
    if reason:
        st.warning(literal(ui.text.embedder_reason.format(name=chosen, reason=reason)), icon=":material/block:")
    return chosen, reason


def choose_store(ui: Ui, known: Formats, present: str, *, key: str) -> str:
    """The chosen store, "" for the default or the `present` one."""
    default = known.vector_stores[0] if known.vector_stores else ""
    first = ui.text.rebuild_keep.format(name=present) if present else ui.text.store_default.format(name=default)
    names = [name for name in known.vector_stores if name != present]
    return st.selectbox(ui.text.vector_store, ["", *names], format_func=lambda name: name or first, key=key) or ""
