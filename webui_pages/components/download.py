"""A button that fetches a file from the API when it is clicked, so that the API key never reaches the browser."""

import streamlit as st

from webui_pages.ui import Ui, literal


def download_button(ui: Ui, knowledge_base: str, name: str, *, label: str, key: str) -> None:
    """A quiet button; Streamlit holds the file in memory while the browser takes it."""

    def content() -> bytes:
        return b"".join(ui.client.download(knowledge_base, name))

    st.download_button(
        literal(label),
        data=content,
        file_name=name.rsplit("/", 1)[-1],
        mime="application/octet-stream",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
        key=key,
    )
