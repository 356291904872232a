"""What leaves the system: feedback as an evaluation set, numbers for Prometheus."""

import streamlit as st

from webui_pages.ui import Ui, literal


def exports(ui: Ui) -> None:
    """Two downloads, each fetched when it is asked for."""
    text = ui.text
    st.markdown(f"#### {text.feedback_title}")
    st.caption(text.feedback_hint)
    st.download_button(
        text.feedback_download,
        ui.client.feedback_export,
        "feedback.jsonl",
        "application/jsonl",
        icon=":material/download:",
        key="feedback_export",
        on_click="ignore",
    )
    st.markdown(f"#### {text.metrics_title}")
    st.caption(literal(text.metrics_hint.format(url=f"{ui.client.url}/metrics")))
    st.download_button(
        text.metrics_download,
        ui.client.metrics,
        "metrics.txt",
        "text/plain",
        icon=":material/monitoring:",
        key="metrics_export",
        on_click="ignore",
    )
