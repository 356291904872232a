"""The page of the system: services and logs, jobs, versions, disk and settings, keys, exports."""

import streamlit as st

from webui_pages.components.system.exports import exports
from webui_pages.components.system.jobs import jobs
from webui_pages.components.system.keys import keys
from webui_pages.components.system.machine import machine
from webui_pages.components.system.services import services
from webui_pages.ui import Ui, failures_shown


def render(ui: Ui) -> None:
    """Tabs for administrators; only the open one asks the API."""
    text = ui.text
    st.subheader(text.system_page, anchor=False)
    if not ui.may("admin"):
        st.info(ui.why_not("admin"), icon=":material/lock:")
        return
    parts = {
        text.tab_services: services,
        text.tab_jobs: jobs,
        text.tab_system: machine,
        text.tab_keys: keys,
        text.tab_exports: exports,
    }
    tabs = st.tabs(list(parts), key="system_tabs", on_change="rerun")
    with failures_shown(ui):
        for tab, show in zip(tabs, parts.values(), strict=True):
            if tab.open:
                with tab:
                    show(ui)
