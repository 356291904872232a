"""The page of system."""

import streamlit as st

from webui_pages.ui import Ui


def render(ui: Ui) -> None:
    """What there is."""
    st.subheader(ui.text.system_page, anchor=False)
