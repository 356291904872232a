"""Rebuild, check and repair of a knowledge base, with what they found and did."""

import streamlit as st

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from server.api.schemas.upkeep import CheckReport, RepairReport
from webui_pages.client import ApiFailed
from webui_pages.components.documents.rebuild import ask_for_rebuild
from webui_pages.desk import desk
from webui_pages.ui import Ui, literal

MOST_NAMES = 20


def care_panel(ui: Ui, chosen: KnowledgeBaseDetails) -> None:
    """The buttons and the results."""
    st.subheader(ui.text.care, anchor=False)
    st.caption(ui.text.care_hint)
    with st.container(horizontal=True, key="care_controls"):
        check = st.button(ui.text.check, icon=":material/fact_check:", key="check")
        repair = st.button(ui.text.repair, icon=":material/build:", key="repair", **ui.lock("write"))
        lock = ui.lock("write", also=not chosen.files)
        if st.button(ui.text.rebuild, icon=":material/sync:", key="care_rebuild", **lock):
            ask_for_rebuild(ui, chosen)
    try:
        if check:
            _check(ui, chosen.name)
        if repair:
            _repair(ui, chosen.name)
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
    memory = desk()
    if memory.repairs is not None:
        _show_repairs(ui, memory.repairs)
    if memory.report is not None:
        _show_report(ui, memory.report)


def _check(ui: Ui, name: str) -> None:
    desk().repairs = None
    with st.spinner(ui.text.checking, show_time=True):
        desk().report = next(iter(ui.client.check(name)), None)


def _repair(ui: Ui, name: str) -> None:
    with st.spinner(ui.text.repairing, show_time=True):
        desk().repairs = next(iter(ui.client.repair(name)), None)
        desk().report = next(iter(ui.client.check(name)), None)


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
        more = "…" if len(found) > MOST_NAMES else ""
        st.caption(literal(", ".join(found[:MOST_NAMES]) + more))


def _show_repairs(ui: Ui, repairs: RepairReport) -> None:
    with st.container(key="repair_report"):
        if repairs.error:
            st.warning(literal(ui.text.repair_not_whole.format(reason=repairs.error)), icon=":material/warning:")
        st.success(ui.text.repair_done.format(**repairs.model_dump()), icon=":material/build:")
