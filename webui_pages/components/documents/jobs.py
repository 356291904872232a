"""Work on files, live: a fragment that looks every second while there is work, and stops looking when it is over."""

import streamlit as st

from server.api.schemas.jobs import JobDetails, Queued
from webui_pages.client import ApiFailed
from webui_pages.components.outcomes import show_notice, show_outcomes
from webui_pages.desk import desk
from webui_pages.state import Outcome
from webui_pages.ui import AWAY, Ui, literal

LOOK_EVERY_S = 1.0
MOST_SHOWN = 12
ACTIVE = ("running", "queued")


def job_panel(ui: Ui, knowledge_base: str) -> None:
    """Progress of each file that is worked on, whoever sent it, then what became of this session's uploads."""
    active = _active(ui, knowledge_base)
    if active or desk().watched:
        st.fragment(_progress, run_every=LOOK_EVERY_S)(ui, knowledge_base)
    if desk().uploaded and not desk().watched:
        show_outcomes(ui.text.upload_done, desk().uploaded, key="upload_outcomes", good=ui.text.indexed)


def watch(ui: Ui, queued: Queued) -> None:
    """Have the end of these jobs told; what was refused, or is as before, is told at once."""
    memory = desk()
    memory.watched |= {job.id: job.file for job in queued.jobs}
    memory.uploaded += [Outcome(name, note=ui.text.unchanged) for name in queued.unchanged]
    memory.uploaded += [Outcome(name, reason) for name, reason in queued.failed_files.items()]


def _active(ui: Ui, knowledge_base: str) -> list[JobDetails]:
    """Those that run first, then those that wait, oldest first; asked for at once, as a job may begin meanwhile."""
    found = ui.client.jobs(knowledge_base, *ACTIVE)[::-1]
    return sorted(found, key=lambda job: ACTIVE.index(job.state))


def _progress(ui: Ui, knowledge_base: str) -> None:
    show_notice(ui)
    try:
        active = _active(ui, knowledge_base)
        _settle(ui, {job.id for job in active})
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    if not active and not desk().watched:
        if desk().dialog:  # what somebody types there is not taken away; the next run tells the end
            return
        st.rerun()
    left = max(len(active), len(desk().watched))
    with st.container(key="jobs", border=True, gap="small"):
        st.markdown(f"**{ui.text.jobs.format(count=left)}**")
        st.caption(ui.text.jobs_hint)
        for job in active[:MOST_SHOWN]:
            _row(ui, job)
        if left > MOST_SHOWN:
            st.caption(ui.text.jobs_more.format(count=left - MOST_SHOWN))


def _settle(ui: Ui, active: set[int]) -> None:
    """Put what became of this session's uploads into its list. The API lists so many jobs and no more: one that it does
    not list may wait all the same."""
    memory = desk()
    for job_id, file in list(memory.watched.items()):
        if job_id in active or (ended := _outcome(ui, job_id, file)) is None:
            continue
        if memory.watched.pop(job_id, None):
            memory.uploaded.append(ended)


def _outcome(ui: Ui, job_id: int, file: str) -> Outcome | None:
    """None while the work goes on. Raises `ApiFailed` when the API cannot tell now, but may later."""
    try:
        job = ui.client.job(job_id)
    except ApiFailed as failure:
        if failure.code in AWAY:
            raise
        return Outcome(file, failure.message)
    if job.state in ACTIVE:
        return None
    return Outcome(file, job.error)


def _row(ui: Ui, job: JobDetails) -> None:
    text, button = st.columns([0.93, 0.07], vertical_alignment="center")
    text.progress(job.percent / 100, literal(f"{job.file} · {stage_text(ui, job)}"))
    hint = ui.text.cancel_job.format(name=job.file)
    with button:
        st.button(
            "",
            icon=":material/close:",
            key=f"cancel_job_{job.id}",
            on_click=_cancel,
            args=(ui, job),
            **ui.lock("write", hint=hint),
        )


def stage_text(ui: Ui, job: JobDetails) -> str:
    """What is being done, and how far it has come."""
    stages = {
        "parsing": ui.text.stage_parsing,
        "splitting": ui.text.stage_splitting,
        "embedding": ui.text.stage_embedding,
    }
    stage = stages.get(job.stage, ui.text.stage_queued)
    page = ui.text.job_page.format(page=job.page, pages=job.pages) if job.stage == "parsing" and job.pages else ""
    return " ".join(part for part in (stage, page, f"{job.percent}%") if part)


def _cancel(ui: Ui, job: JobDetails) -> None:
    try:
        ui.client.cancel(job.id)
    except ApiFailed as failure:
        ui.state.notice = failure.message
        return
    # What was wished is no failure to be told of at the end.
    desk().watched.pop(job.id, None)
    ui.state.notice = ui.text.job_called_off.format(name=job.file)
