"""GPUs and memory: of the machine, and of each service."""

import streamlit as st

from webui_pages.ui import Ui, literal

_GB = 1024


def machine(ui: Ui) -> None:
    """Memory, GPUs, and what the services take. Needs the scope admin."""
    if not ui.may("admin"):
        st.info(ui.why_not("admin"), icon=":material/lock:")
        return
    info, services = ui.client.system_info(), ui.client.services()
    share = info.memory_used_mb / max(info.memory_total_mb, 1)
    text = ui.text.memory_use.format(used=f"{info.memory_used_mb / _GB:.1f}", total=f"{info.memory_total_mb / _GB:.1f}")
    st.progress(min(share, 1.0), text)
    for gpu in info.gpus:
        used, total = f"{gpu.used_mb / _GB:.1f}", f"{gpu.total_mb / _GB:.1f}"
        busy = "" if gpu.percent is None else f" · {gpu.percent}%"
        words = ui.text.gpu_use.format(name=gpu.name, used=used, total=total) + busy
        st.progress(min(gpu.used_mb / max(gpu.total_mb, 1), 1.0), literal(words))
    if not info.gpus:
        st.caption(ui.text.gpu_none)
    rows = [service for service in services.services if service.memory_mb]
    if rows:
        with st.container(horizontal=True, key="service_memory"):
            for service in rows:
                st.metric(service.name, f"{service.memory_mb} MB", border=True)
