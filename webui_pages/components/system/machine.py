"""Versions, room on the disk, the settings in force."""

import streamlit as st

from webui_pages.components.system.ages import amount
from webui_pages.ui import Ui, literal

SETTINGS_PX = 480


def machine(ui: Ui) -> None:
    """What runs here, on what, with which settings."""
    info = ui.client.system_info()
    text = ui.text
    st.markdown(f"#### {text.versions}")
    versions = {text.product: info.version, "Python": info.python, **info.packages}
    st.caption(literal(" · ".join(f"{name} {version}" for name, version in versions.items())))
    st.caption(literal(f"{info.platform} · {text.database}: {info.database}"))
    st.markdown(f"#### {text.disk}")
    folders = {"knowledge_base": text.folder_knowledge_base, "logs": text.folder_logs, "models": text.folder_models}
    with st.container(horizontal=True, key="disk"):
        for folder in info.folders:
            free = text.disk_free.format(free=amount(folder.free_bytes))
            st.metric(
                folders.get(folder.name, folder.name),
                amount(folder.bytes),
                free,
                delta_color="off",
                delta_arrow="off",
                border=True,
            )
    st.markdown(f"#### {text.settings_in_force}")
    st.caption(text.settings_in_force_hint)
    with st.container(key="settings_in_force"):
        st.code(info.settings, language=None, height=SETTINGS_PX)
