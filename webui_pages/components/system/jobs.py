"""The work on files in all knowledge bases."""

import streamlit as st

from server.api.schemas.jobs import JobDetails
from webui_pages.components.system.ages import moment
from webui_pages.ui import Ui, failures_shown

LOOK_S = 3.0
MOST = 200
STATES = ("", "running", "queued", "failed", "done", "cancelled")


def jobs(ui: Ui) -> None:
    """A table that follows the work."""
    words = _words(ui)
    state = st.segmented_control(
        ui.text.jobs_state,
        STATES,
        default="",
        required=True,
        format_func=lambda one: words[one] if one else ui.text.jobs_any,
        key="jobs_state",
        label_visibility="collapsed",
    )
    st.fragment(_table, run_every=LOOK_S)(ui, state or "")


def _table(ui: Ui, state: str) -> None:
    with failures_shown(ui):
        found = ui.client.all_jobs(state)
        if not found:
            st.caption(ui.text.jobs_none)
            return
        words = _words(ui)
        st.container(key="jobs_table").dataframe(
            [_row(ui, job, words) for job in found[:MOST]],
            hide_index=True,
            alt=ui.text.jobs_alt,
            column_config={ui.text.job_progress: st.column_config.ProgressColumn(format="%d%%", max_value=100)},
        )


def _row(ui: Ui, job: JobDetails, words: dict[str, str]) -> dict[str, object]:
    text = ui.text
    return {
        text.job_state: words[job.state],
        text.job_knowledge_base: job.knowledge_base,
        text.job_file: job.file,
        text.job_progress: job.percent,
        text.job_began: moment(job.created),
        text.job_reason: job.error,
    }


def _words(ui: Ui) -> dict[str, str]:
    return {
        "queued": ui.text.job_queued,
        "running": ui.text.job_running,
        "done": ui.text.job_done,
        "failed": ui.text.job_failed,
        "cancelled": ui.text.job_cancelled,
    }
