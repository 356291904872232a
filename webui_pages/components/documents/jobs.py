"""Work on files, live: a fragment that looks every second while there is work, and stops looking when it is over."""

import streamlit as st

from server.api.schemas.jobs import JobDetails, Queued
from webui_pages.client import ApiFailed
from webui_pages.components.outcomes import show_notice, show_outcomes
from webui_pages.desk import desk
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

LOOK_EVERY_S = 1.0
MOST_SHOWN = 12


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
    """Those that run first, then those that wait, oldest first."""
    return [*ui.client.jobs(knowledge_base, "running")[::-1], *ui.client.jobs(knowledge_base, "queued")[::-1]]


def _progress(ui: Ui, knowledge_base: str) -> None:
    show_notice(ui)
    try:
        active = _active(ui, knowledge_base)
        _settle(ui, {job.id for job in active})
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    if not active:
        desk().table_version += 1
        st.rerun()
    with st.container(key="jobs", border=True, gap="small"):
        st.markdown(f"**{ui.text.jobs.format(count=len(active))}**")
        st.caption(ui.text.jobs_hint)
        for job in active[:MOST_SHOWN]:
            _row(ui, job)
        if len(active) > MOST_SHOWN:
            st.caption(ui.text.jobs_more.format(count=len(active) - MOST_SHOWN))


def _settle(ui: Ui, active: set[int]) -> None:
    """Put what became of this session's uploads into its list."""
    for job_id, file in list(desk().watched.items()):
        if job_id not in active:
            desk().uploaded.append(_outcome(ui, job_id, file))
            desk().watched.pop(job_id, None)


def _outcome(ui: Ui, job_id: int, file: str) -> Outcome:
    try:
        return Outcome(file, ui.client.job(job_id).error)
    except ApiFailed as failure:
        return Outcome(file, failure.message)


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
