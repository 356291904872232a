"""The files of a knowledge base as a table; ticked ones can be downloaded or deleted."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from server.api.schemas.files import FileDetails
from server.api.schemas.jobs import Queued
from server.api.schemas.knowledge_bases import IngestSettings
from webui_pages.client import ApiFailed
from webui_pages.components.dialogs import delete_files
from webui_pages.components.download import download_button
from webui_pages.components.outcomes import show_outcome
from webui_pages.labels import Labels
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

ROW_PX = 36
MOST_ROWS = 14
MOST_PAGES = 12


def file_panel(ui: Ui, knowledge_base: str, files: list[FileDetails], present: IngestSettings | None) -> None:
    """Table, actions, and the reasons of the files that failed. `present` are the settings a rebuild would use."""
    st.subheader(ui.text.files, anchor=False)
    if not files:
        st.info(ui.text.no_files, icon=":material/upload_file:")
        return
    with st.container(key="file_table"):
        event = st.dataframe(
            [_row(file, ui.text) for file in files],
            key=f"file_table_{ui.state.table_version}",
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            row_height=ROW_PX,
            height=ROW_PX * (min(len(files), MOST_ROWS) + 1) + 3,
            column_config=_columns(ui.text),
        )
    rows = event["selection"]["rows"]
    _warnings(ui, files, present)
    _actions(ui, knowledge_base, [files[row] for row in rows if row < len(files)])
    _failures(ui, knowledge_base, files)


def _warnings(ui: Ui, files: list[FileDetails], present: IngestSettings | None) -> None:
    ready = [file for file in files if file.state == "ready"]
    wanted = present.model_dump() if present else {}
    outdated = [
        file for file in ready if any(file.settings.get(name, value) != value for name, value in wanted.items())
    ]
    if wanted and outdated:
        st.info(ui.text.outdated.format(count=len(outdated)), icon=":material/sync:")
    differing = [file.name for file in ready if not file.chunks == file.vectors == file.words]
    if differing:
        st.warning(literal(ui.text.out_of_step.format(names=", ".join(differing))), icon=":material/sync_problem:")


def size_text(size: int) -> str:
    """Bytes as people read them."""
    value, unit = float(size), "B"
    for larger in ("KB", "MB", "GB"):
        if value < 1024:
            break
        value, unit = value / 1024, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def _row(file: FileDetails, text: Labels) -> dict[str, str | int]:
    states = {"ready": text.state_ready, "waiting": text.state_waiting, "failed": text.state_failed}
    return {
        "name": file.name,
        "state": states[file.state],
        "note": note(file, text),
        "pages": file.pages,
        "chunks": file.chunks,
        "size": size_text(file.size),
        "loader": file.loader,
        "updated": _local_time(file.updated),
    }


def note(file: FileDetails, text: Labels) -> str:
    """What is to be known of a file: work on it, pages without text."""
    parts = [f"{file.percent}%"] if file.percent is not None else []
    if file.empty_pages:
        shown = ", ".join(map(str, file.empty_pages[:MOST_PAGES])) + ("…" if len(file.empty_pages) > MOST_PAGES else "")
        parts.append(text.empty_pages.format(count=len(file.empty_pages), pages=shown))
    return " · ".join(parts)


def _local_time(moment: str) -> str:
    """An ISO 8601 moment, in UTC where it names no zone, on the reader's clock."""
    try:
        parsed = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return moment
    known = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
    # The browser counts the minutes to add to local time to get UTC.
    reader = timezone(timedelta(minutes=-(st.context.timezone_offset or 0)))
    return known.astimezone(reader).strftime("%Y-%m-%d %H:%M")


def _columns(text: Labels) -> "dict[str, ColumnConfig]":
    column = st.column_config.Column
    return {
        "name": column(text.column_name, width=260),
        "state": column(text.column_state, width=90),
        "note": column(text.column_note, width=190),
        "pages": column(text.column_pages, width=60),
        "chunks": column(text.column_chunks, width=80),
        "size": column(text.column_size, width=90),
        "loader": column(text.column_loader, width=150),
        "updated": column(text.column_updated, width=140),
    }


def _actions(ui: Ui, knowledge_base: str, chosen: list[FileDetails]) -> None:
    if not chosen:
        st.caption(ui.text.select_hint)
        return
    names = [file.name for file in chosen]
    with st.container(horizontal=True, key="file_actions"):
        with st.popover(ui.text.download_selected.format(count=len(names)), icon=":material/download:", key="download"):
            for number, name in enumerate(names):
                download_button(ui, knowledge_base, name, label=name, key=f"download_selected_{number}")
        label = ui.text.delete_selected.format(count=len(names))
        if st.button(label, icon=":material/delete:", key="delete_selected"):
            delete_files(ui, knowledge_base, names)


def _failures(ui: Ui, knowledge_base: str, files: list[FileDetails]) -> None:
    failed = [file for file in files if file.state == "failed" and file.job_id is None]
    if not failed:
        return
    jobs = {job.file: job.id for job in reversed(ui.client.jobs(knowledge_base, "failed"))}
    title = ui.text.failed_files.format(count=len(failed))
    with st.expander(title, icon=":material/error:", key="failed_files", expanded=True):
        for file in failed:
            with st.container(horizontal=True, vertical_alignment="center"):
                show_outcome(Outcome(file.name, file.error or file.error_code), "")
                if job_id := jobs.get(file.name):
                    _retry_button(ui, ui.text.retry, f"retry_job_{job_id}", partial(ui.client.retry, job_id))
        _retry_button(ui, ui.text.retry_failed, "retry_failed", partial(ui.client.retry_failed, knowledge_base))


def _retry_button(ui: Ui, label: str, key: str, call: Callable[[], Queued]) -> None:
    st.button(label, icon=":material/refresh:", key=key, on_click=_retry, args=(ui, call), width="content")


def _retry(ui: Ui, call: Callable[[], Queued]) -> None:
    try:
        queued = call()
    except ApiFailed as failure:
        ui.state.notice = failure.message
        return
    ui.state.uploaded = [Outcome(name, reason) for name, reason in queued.failed_files.items()]
    ui.state.watched |= {job.id: job.file for job in queued.jobs}
