"""One knowledge base to work on, chosen from those there are."""

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from webui_pages.ui import Ui


def choose_knowledge_base(ui: Ui, knowledge_bases: list[KnowledgeBaseDetails], key: str) -> KnowledgeBaseDetails:
    """A select box over at least one knowledge base."""
    by_name = {entry.name: entry for entry in knowledge_bases}
    names = list(by_name)
    wanted = next(
        (name for name in (ui.state.knowledge_base, ui.settings.knowledge_base.default) if name in by_name), ""
    )
    with st.container(key=key, width=300):
        chosen = st.selectbox(
            ui.text.knowledge_base,
            names,
            index=names.index(wanted) if wanted else 0,
            key=f"{key}_{ui.state.select_version}",
            label_visibility="collapsed",
        )
    name = chosen or names[0]
    ui.state.choose_knowledge_base(name)
    return by_name[name]
