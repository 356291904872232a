"""Models of one kind with their weights: which is used and why, what others lack, fetching them."""

from collections.abc import Callable

import streamlit as st

from server.api.schemas.models import CatalogEntry, DownloadDetails
from webui_pages.client import ApiFailed
from webui_pages.components.models.chat_models import start_button
from webui_pages.ui import Ui, failures_shown, literal, once

LOOK_S = 1.0
_MB = 1024**2


def weights(ui: Ui, *kinds: str) -> None:
    """The configured models of these kinds; looked at every second while weights are being fetched."""
    found = ui.client.downloads()
    running = any(one.state == "running" for one in found)
    every = LOOK_S if running else None
    st.fragment(_list, run_every=every)(ui, kinds, once(found, ui.client.downloads), watched=running)


def _list(ui: Ui, kinds: tuple[str, ...], ask: Callable[[], list[DownloadDetails]], *, watched: bool) -> None:
    with failures_shown(ui):
        downloads = {one.name: one for one in ask()}
        if any(one.state == "running" for one in downloads.values()) != watched:
            st.rerun()
        entries = ui.client.catalog()
        startable = _startable(ui) if "llm" in kinds and any(one.state == "done" for one in downloads.values()) else ()
        titles = {"llm": ui.text.kind_llm, "embed": ui.text.kind_embed, "rerank": ui.text.kind_rerank}
        for kind in kinds:
            st.markdown(f"#### {titles[kind]}")
            mine = [entry for entry in entries if entry.kind == kind and (kind != "llm" or entry.needs_weights)]
            for entry in sorted(mine, key=lambda one: (not one.in_use, not one.available, one.rank or 99)):
                _row(ui, entry, downloads.get(entry.name), can_start=entry.name in startable)
            if not mine:
                st.caption(ui.text.kind_empty)


def _startable(ui: Ui) -> set[str]:
    """Chat models that could be started now."""
    return {state.name for state in ui.client.model_states() if state.can_start}


def _row(ui: Ui, entry: CatalogEntry, download: DownloadDetails | None, *, can_start: bool) -> None:
    with st.container(border=True, key=f"weights_{entry.kind}_{entry.name}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{literal(entry.name)}**", width="content")
                _state(ui, entry)
            _button(ui, entry, download)
        st.caption(literal(_facts(ui, entry)))
        if entry.reason and not entry.can_download:  # there the button says it
            st.caption(literal(entry.reason))
        if download is not None:
            _progress(ui, entry, download)
            if download.state == "done" and can_start:
                start_button(ui, entry.name)


def _state(ui: Ui, entry: CatalogEntry) -> None:
    if entry.in_use:
        st.badge(ui.text.model_in_use, icon=":material/check:", color="green")
    elif entry.available:
        st.badge(ui.text.model_available, color="blue")
    else:
        st.badge(ui.text.model_not_here if entry.can_download else ui.text.model_unavailable, color="gray")


def _facts(ui: Ui, entry: CatalogEntry) -> str:
    if not entry.needs_weights:
        size = ui.text.weights_not_needed
    elif entry.bytes is None:
        size = "" if entry.can_download else ui.text.weights_missing
    else:
        size = ui.text.weights_here.format(size=f"{entry.bytes / _MB:,.0f} MB")
    rank = ui.text.model_rank.format(rank=entry.rank) if entry.rank else ""
    return " · ".join(part for part in (entry.engine, entry.repo, size, rank) if part)


def _button(ui: Ui, entry: CatalogEntry, download: DownloadDetails | None) -> None:
    locked, hint = not ui.may("admin"), ui.why_not("admin")
    if download is not None and download.state == "running":
        if st.button(
            ui.text.cancel,
            icon=":material/close:",
            key=f"cancel_download_{entry.name}",
            disabled=locked,
            help=hint or ui.text.download_cancel_hint,
        ):
            _ask(ui, "cancel", entry.name)
    elif entry.can_download and st.button(
        ui.text.download_model, icon=":material/download:", key=f"download_{entry.name}", disabled=locked, help=hint
    ):
        _ask(ui, "start", entry.name)


def _ask(ui: Ui, what: str, name: str) -> None:
    try:
        (ui.client.download_model if what == "start" else ui.client.cancel_download)(name)
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
        return
    st.rerun()


def _progress(ui: Ui, entry: CatalogEntry, download: DownloadDetails) -> None:
    if download.state == "running":
        share = download.arrived / download.total if download.total else 0.0
        arrived, total = f"{download.arrived / _MB:,.0f}", f"{download.total / _MB:,.0f}"
        text = ui.text.download_progress.format(arrived=arrived, total=total) if download.total else ""
        st.progress(min(share, 1.0), text or ui.text.download_started)
    elif download.state == "failed":
        st.error(literal(download.reason), icon=":material/error:")
    elif download.state == "cancelled":
        st.caption(ui.text.download_cancelled)
    else:
        told = {"llm": ui.text.download_done_llm, "embed": ui.text.download_done_embed}
        reranks = ui.text.download_done_rerank if entry.rank else ui.text.download_done_unranked
        st.success(told.get(entry.kind, reranks), icon=":material/check_circle:")
