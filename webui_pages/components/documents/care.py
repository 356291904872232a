"""Rebuild, check and repair of a knowledge base, with what they found and did."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from server.api.schemas.upkeep import CheckReport, CheckupDetails, RepairReport
from webui_pages.client import ApiFailed
from webui_pages.components.documents.numbers import age_text, some_of
from webui_pages.components.documents.rebuild import ask_for_rebuild
from webui_pages.ui import Ui, failures_shown, literal

LOOK_EVERY_S = 1.0


def care_panel(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """The buttons and the results."""
    st.subheader(ui.text.care, anchor=False)
    st.caption(ui.text.care_hint)
    newest = ui.client.newest_checkup(chosen.name)
    running = newest is not None and newest.state == "running"
    with st.container(horizontal=True, key="care_controls"):
        begin = partial(_begin, ui)
        st.button(
            ui.text.check,
            icon=":material/fact_check:",
            key="check",
            on_click=begin,
            args=(ui.client.start_check, chosen.name),
            disabled=running,
        )
        st.button(
            ui.text.repair,
            icon=":material/build:",
            key="repair",
            on_click=begin,
            args=(ui.client.start_repair, chosen.name),
            **ui.lock("write", also=running),
        )
        lock = ui.lock("write", also=not chosen.files)
        if st.button(ui.text.rebuild, icon=":material/sync:", key="care_rebuild", **lock):
            ask_for_rebuild(ui, chosen)
    if running:
        st.fragment(_progress, run_every=LOOK_EVERY_S)(ui, chosen.name)
    elif newest is not None:
        _end(ui, newest)


def _begin(ui: Ui, call: Callable[[str], None], name: str) -> None:
    try:
        call(name)
    except ApiFailed as failure:
        ui.state.notice = failure.message


def _progress(ui: Ui, knowledge_base: str) -> None:
    with failures_shown(ui):
        newest = ui.client.newest_checkup(knowledge_base)
        if newest is None or newest.state != "running":
            st.rerun()
            return
        with st.container(key="care_progress", border=True, gap="small"):
            st.markdown(f"**{ui.text.checking if newest.kind == 'check' else ui.text.repairing}**")
            st.caption(ui.text.care_stays)
            text = getattr(ui.text, f"care_{newest.stage}").format(done=newest.done, total=newest.total)
            st.progress(min(newest.done / max(newest.total, 1), 1.0), text)


def _end(ui: Ui, ended: CheckupDetails) -> None:
    if ended.state == "failed":
        st.error(literal(ui.text.care_failed.format(reason=ended.error)), icon=":material/error:")
    if ended.repairs is not None:
        _show_repairs(ui, ended.repairs)
    if ended.report is not None:
        _show_report(ui, ended.report)
        st.caption(ui.text.care_when.format(age=age_text(ended.ended or ended.created, ui.text)))


def _show_report(ui: Ui, report: CheckReport) -> None:
    with st.container(key="check_report"):
        if report.agrees:
            said = ui.text.check_fine.format(files=report.files, chunks=report.chunks)
            st.success(said, icon=":material/verified:")
            return
        if report.state == "busy":
            st.info(ui.text.check_busy, icon=":material/hourglass_top:")
            return
        if report.state == "damaged":
            st.error(ui.text.check_damaged, icon=":material/error:")
        with st.container(border=True, gap="xsmall"):
            st.markdown(ui.text.check_found.format(count=len(report.findings)))
            for kind, found in report.findings.items():
                _finding(ui, kind, found)


def _finding(ui: Ui, kind: str, found: list[str] | int) -> None:
    label = getattr(ui.text, f"finding_{kind}", kind)
    count = found if isinstance(found, int) else len(found)
    st.markdown(f":orange[:material/warning:] {literal(label)} **{count}**")
    if isinstance(found, list):
        st.caption(literal(some_of(found)))


def _show_repairs(ui: Ui, repairs: RepairReport) -> None:
    with st.container(key="repair_report"):
        if repairs.error:
            st.warning(literal(ui.text.repair_not_whole.format(reason=repairs.error)), icon=":material/warning:")
        st.success(ui.text.repair_done.format(**repairs.model_dump()), icon=":material/build:")
