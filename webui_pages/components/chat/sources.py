"""Where an answer comes from: one card for each passage."""

import streamlit as st

from server.api.schemas.chat import Source
from webui_pages.chat_state import Turn
from webui_pages.components.chat.marked import marked
from webui_pages.components.chat.passage import open_passage
from webui_pages.labels import Labels
from webui_pages.ui import Ui, literal

SNIPPET_CHARACTERS = 400


def show_sources(ui: Ui, turn: Turn, number: int) -> None:
    """The sources of a turn, folded; or a plain word that nothing matched. `number` makes keys unique."""
    if turn.sources is None:
        return
    if not turn.sources:
        with st.container(key=f"no_sources_{number}"):
            st.info(ui.text.no_sources, icon=":material/search_off:")
        return
    title = ui.text.sources.format(count=len(turn.sources))
    with st.expander(title, icon=":material/menu_book:", key=f"sources_{number}", expanded=turn.direct):
        for source in turn.sources:
            _card(ui, source, f"{number}_{source.index}")


def place(source: Source, text: Labels) -> str:
    """Where in the file the passage stands, such as "Page 3 · Chapter 1 › Section 2"."""
    single = (
        (text.place_page, "page"),
        (text.place_slide, "slide"),
        (text.place_sheet, "sheet"),
        (text.place_row, "row"),
    )
    spans = ((text.place_rows, source.rows), (text.place_lines, source.lines))
    parts = [source.part] if source.part else []
    parts += [label.format(**{name: value}) for label, name in single if (value := getattr(source, name)) is not None]
    parts += [label.format(first=span[0], last=span[-1]) for label, span in spans if span and source.row is None]
    if source.headings:
        parts.append(" › ".join(source.headings))
    return " · ".join(parts)


def snippet(source: Source) -> tuple[int, int]:
    """The range of the text that a card shows: what the API says comes first, or the beginning."""
    start, end = source.excerpt or (0, len(source.text))
    return start, min(end, start + SNIPPET_CHARACTERS)


def _card(ui: Ui, source: Source, key: str) -> None:
    with st.container(border=True, key=f"source_{key}", gap="xsmall"):
        st.markdown(f"**{literal(f'[{source.index}] {source.file}')}**")
        where = place(source, ui.text)
        percent = round(100 * min(max(source.score, 0.0), 1.0))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(ui.text.relevance.format(percent=percent), color="green" if percent >= 50 else "gray")
            if where:
                st.caption(literal(where), width="content")
        st.markdown(marked(source.text, source.marks, snippet(source)))
        _links(ui, source, key)


def _links(ui: Ui, source: Source, key: str) -> None:
    is_web = not source.knowledge_base and source.url.startswith(("http://", "https://"))
    with st.container(horizontal=True, gap="small"):
        if st.button(ui.text.open_source, icon=":material/find_in_page:", type="tertiary", key=f"open_{key}"):
            open_passage(ui, source, place(source, ui.text))
        if is_web:
            icon = ":material/open_in_new:"
            st.link_button(ui.text.open_link, source.url, icon=icon, type="tertiary", key=f"link_{key}")
