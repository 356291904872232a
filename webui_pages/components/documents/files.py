"""The files of a knowledge base: found, ordered, as a table whose ticked rows can be worked on."""

from typing import TYPE_CHECKING

import streamlit as st

from server.api.schemas.files import FileDetails
from server.api.schemas.knowledge_bases import IngestSettings
from webui_pages.components.documents.file_actions import file_actions, show_failures, show_receipt
from webui_pages.components.documents.numbers import age_text, size_text, some_of
from webui_pages.desk import desk
from webui_pages.labels import Labels
from webui_pages.ui import Ui, literal

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

ROW_PX = 36
MOST_ROWS = 14
MOST_PAGES = 12
ORDERS = ("name", "updated", "size", "chunks")
STATES = ("ready", "waiting", "failed")


def file_panel(ui: Ui, knowledge_base: str, files: list[FileDetails], present: IngestSettings | None) -> None:
    """Table, actions, and the reasons of the files that failed. `present` are the settings a rebuild would use."""
    show_receipt(ui)
    if not files:
        st.info(ui.text.no_files, icon=":material/upload_file:")
        return
    st.subheader(ui.text.files, anchor=False)
    shown = _controls(ui, files)
    if shown:
        file_actions(ui, knowledge_base, _table(ui, shown))
    else:
        st.info(ui.text.no_file_fits, icon=":material/search_off:")
    _warnings(ui, files, present)
    show_failures(ui, knowledge_base, files)


def _controls(ui: Ui, files: list[FileDetails]) -> list[FileDetails]:
    """Search, states and order; returns the files that fit."""
    states = dict(zip(STATES, (ui.text.state_ready, ui.text.state_waiting, ui.text.state_failed), strict=True))
    counts = {state: sum(file.state == state for file in files) for state in STATES}
    with st.container(horizontal=True, vertical_alignment="bottom", key="file_controls"):
        words = st.text_input(
            ui.text.file_search,
            key="file_search",
            placeholder=ui.text.file_search,
            label_visibility="collapsed",
            icon=":material/search:",
        )
        wanted = st.pills(
            ui.text.file_states,
            [state for state in STATES if counts[state]],
            selection_mode="multi",
            format_func=lambda state: f"{states[state]} {counts[state]}",
            key="file_states",
            label_visibility="collapsed",
        )
        order = _order(ui)
    found = [file for file in files if (words or "").strip().casefold() in file.name.casefold()]
    return _ordered([file for file in found if not wanted or file.state in wanted], order)


def _order(ui: Ui) -> str:
    text = ui.text
    names = {
        "name": text.order_file_name,
        "updated": text.order_updated,
        "size": text.order_file_size,
        "chunks": text.order_chunks,
    }
    with st.container(width=160):
        return (
            st.selectbox(
                text.file_order,
                ORDERS,
                format_func=lambda each: names[each],
                key="file_order",
                label_visibility="collapsed",
            )
            or ORDERS[0]
        )


def _ordered(files: list[FileDetails], order: str) -> list[FileDetails]:
    if order == "updated":
        return sorted(files, key=lambda file: file.updated, reverse=True)
    if order in ("size", "chunks"):
        return sorted(files, key=lambda file: getattr(file, order), reverse=True)
    return files


def _table(ui: Ui, files: list[FileDetails]) -> list[FileDetails]:
    """Shows the files and returns those that are ticked. Ticks stay with their files when the list changes; a tick of a
    file that is no longer shown is gone."""
    rows, columns = [_row(file, ui.text) for file in files], _columns(ui.text)
    unused = {name for name in ("progress", "note") if not any(row[name] not in (None, "") for row in rows)}
    names, memory = [file.name for file in files], desk()
    still = [row for row, name in enumerate(names) if name in memory.ticked_files()]
    with st.container(key="file_table"):
        event = st.dataframe(
            rows,
            # Streamlit remembers ticks by the number of the row: other rows need another table.
            key=f"file_table_{memory.table_version}_{hash(tuple(names))}",
            hide_index=True,
            on_select="rerun",
            selection_mode="multi-row",
            selection_default={"selection": {"rows": still}},
            row_height=ROW_PX,
            height=ROW_PX * (min(len(files), MOST_ROWS) + 1) + 3,
            column_config=columns,
            column_order=[name for name in columns if name not in unused],
            placeholder="",
        )
    chosen = [files[row] for row in event["selection"]["rows"] if row < len(files)]
    memory.ticked = memory.table_version, frozenset(file.name for file in chosen)
    return chosen


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
        st.warning(literal(ui.text.out_of_step.format(names=some_of(differing))), icon=":material/sync_problem:")


def _row(file: FileDetails, text: Labels) -> dict[str, str | int | None]:
    states = {"ready": text.state_ready, "waiting": text.state_waiting, "failed": text.state_failed}
    return {
        "name": file.name,
        "state": states[file.state],
        "progress": file.percent,
        "pages": file.pages or None,
        "chunks": file.chunks,
        "size": size_text(file.size),
        "age": age_text(file.updated, text),
        "note": note(file, text),
        "loader": file.loader,
    }


def note(file: FileDetails, text: Labels) -> str:
    """What is to be known of a file: why it failed, pages without text, what people changed."""
    parts = [file.error] if file.error and file.percent is None else []
    if file.empty_pages:
        shown = ", ".join(map(str, file.empty_pages[:MOST_PAGES])) + ("…" if len(file.empty_pages) > MOST_PAGES else "")
        parts.append(text.empty_pages.format(count=len(file.empty_pages), pages=shown))
    if file.custom_docs:
        parts.append(text.note_custom)
    for label, count in ((text.note_disabled, file.disabled), (text.note_changed, file.changed)):
        if count:
            parts.append(label.format(count=count))
    if file.edits_lost:
        parts.append(text.edits_lost.format(count=file.edits_lost))
    return " · ".join(parts)


def _columns(text: Labels) -> "dict[str, ColumnConfig]":
    column = st.column_config
    return {
        "name": column.TextColumn(text.column_name, width=250),
        "state": column.TextColumn(text.column_state, width=80),
        "progress": column.ProgressColumn(text.column_progress, width=100, min_value=0, max_value=100, format="%d%%"),
        "pages": column.NumberColumn(text.column_pages, width=60),
        "chunks": column.NumberColumn(text.column_chunks, width=60),
        "size": column.TextColumn(text.column_size, width=80),
        "age": column.TextColumn(text.column_age, width=90),
        "note": column.TextColumn(text.column_note, width=190),
        "loader": column.TextColumn(text.column_loader, width=110),
    }
