"""What can be done with ticked files, the receipt of a deletion, and files that failed with their reasons."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from server.api.schemas.files import FileDetails, UpdateFiles
from server.api.schemas.jobs import Queued
from server.api.schemas.summaries import Summarize
from webui_pages.client import ApiFailed
from webui_pages.components.documents.dialogs import delete_files
from webui_pages.components.documents.jobs import watch
from webui_pages.components.documents.numbers import size_text
from webui_pages.components.download import download_button
from webui_pages.components.outcomes import show_outcome
from webui_pages.desk import desk, open_knowledge_base
from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

MOST_SHOWN = 30
"""Files with a line of their own."""


def file_actions(ui: Ui, knowledge_base: str, chosen: list[FileDetails]) -> None:
    """Buttons for the ticked files."""
    if not chosen:
        st.caption(ui.text.select_hint)
        return
    names = [file.name for file in chosen]
    with st.container(horizontal=True, key="file_actions"):
        _download(ui, knowledge_base, names)
        _read_again(ui, knowledge_base, chosen)
        st.button(
            ui.text.summarize_selected.format(count=len(names)),
            icon=":material/summarize:",
            key="summarize_selected",
            on_click=_summarize,
            args=(ui, knowledge_base, names),
            **ui.lock("write"),
        )
        if len(names) == 1:
            st.button(
                ui.text.show_chunks,
                icon=":material/segment:",
                key="show_chunks",
                on_click=open_knowledge_base,
                args=(knowledge_base, "chunks", names[0]),
            )
        label = ui.text.delete_selected.format(count=len(names))
        if st.button(label, icon=":material/delete:", key="delete_selected", **ui.lock("write")):
            delete_files(ui, knowledge_base, names)


def _download(ui: Ui, knowledge_base: str, names: list[str]) -> None:
    with st.popover(ui.text.download_selected.format(count=len(names)), icon=":material/download:", key="download"):
        for number, name in enumerate(names[:MOST_SHOWN]):
            download_button(ui, knowledge_base, name, label=name, key=f"download_selected_{number}")
        if len(names) > MOST_SHOWN:
            st.caption(ui.text.download_more.format(count=MOST_SHOWN))


def _read_again(ui: Ui, knowledge_base: str, chosen: list[FileDetails]) -> None:
    label = ui.text.reindex_selected.format(count=len(chosen))
    with st.popover(label, icon=":material/refresh:", key="reindex_selected"):
        st.caption(ui.text.reindex_hint)
        custom = False
        if any(file.custom_docs for file in chosen):
            custom = st.toggle(ui.text.reindex_custom, key="reindex_custom")
        request = UpdateFiles(
            knowledge_base_name=knowledge_base,
            file_names=[file.name for file in chosen],
            override_custom_docs=custom,
            wait=False,
        )
        _queue_button(ui, ui.text.reindex_start, "reindex_start", partial(ui.client.read_again, request))


def _summarize(ui: Ui, knowledge_base: str, names: list[str]) -> None:
    try:
        ui.client.summarize(Summarize(knowledge_base_name=knowledge_base, file_names=names))
    except ApiFailed as failure:
        ui.state.notice = failure.message
        return
    ui.state.notice = ui.text.summary_started
    open_knowledge_base(knowledge_base, "summaries")


def show_receipt(ui: Ui) -> None:
    """What the last deletion took away."""
    receipt = desk().receipt
    if receipt is None:
        return
    numbers = {**receipt.model_dump(exclude={"bytes"}), "size": size_text(receipt.bytes)}
    with st.container(border=True, key="receipt", horizontal=True, vertical_alignment="center"):
        text = literal(ui.text.receipt.format(**numbers))
        st.markdown(f":green[:material/receipt_long:] **{ui.text.receipt_title}** {text}")
        st.button(ui.text.dismiss, key="receipt_dismiss", type="tertiary", on_click=_dismiss)


def _dismiss() -> None:
    desk().receipt = None


def show_failures(ui: Ui, knowledge_base: str, files: list[FileDetails]) -> None:
    """Files that failed, each with its reason and a button to try again."""
    failed = [file for file in files if file.state == "failed" and file.job_id is None]
    if not failed:
        return
    jobs = {job.file: job.id for job in reversed(ui.client.jobs(knowledge_base, "failed"))}
    title = ui.text.failed_files.format(count=len(failed))
    with st.expander(title, icon=":material/error:", key="failed_files", expanded=True):
        for file in failed[:MOST_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center"):
                show_outcome(Outcome(file.name, file.error or file.error_code), "")
                if job_id := jobs.get(file.name):
                    _queue_button(ui, ui.text.retry, f"retry_job_{job_id}", partial(ui.client.retry, job_id))
        if len(failed) > MOST_SHOWN:
            st.caption(ui.text.failed_more.format(count=len(failed) - MOST_SHOWN))
        _queue_button(ui, ui.text.retry_failed, "retry_failed", partial(ui.client.retry_failed, knowledge_base))


def _queue_button(ui: Ui, label: str, key: str, call: Callable[[], Queued]) -> None:
    lock = ui.lock("write")
    st.button(label, icon=":material/refresh:", key=key, on_click=_queue, args=(ui, call), width="content", **lock)


def _queue(ui: Ui, call: Callable[[], Queued]) -> None:
    try:
        queued = call()
    except ApiFailed as failure:
        ui.state.notice = failure.message
        return
    desk().uploaded = []
    desk().table_version += 1  # what was ticked is on its way, and the box that asked for it closes
    watch(ui, queued)
