"""What a retrieval test found: a table of ranks and scores side by side, and a card with the reason for each hit."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from server.api.schemas.search import FoundChunk, Neighbour
from webui_pages.components.documents.numbers import place_text
from webui_pages.desk import Asked, open_knowledge_base
from webui_pages.labels import Labels
from webui_pages.ui import Ui, literal

if TYPE_CHECKING:
    from streamlit.elements.lib.column_types import ColumnConfig

STAGES = ("embedding", "index", "lookup", "rerank")
AMONG_THE_BEST = 10
ROW_PX = 36
MOST_ROWS = 12


def show_found(ui: Ui, asked: Asked, names: list[str]) -> None:
    """Timings, table, cards."""
    hits = asked.answer.hits
    with st.container(key="retrieval_found"):
        count = ui.text.retrieval_found.format(count=len(hits))
        st.markdown(f"**{literal(asked.question)}**")
        st.caption(literal(f"{count} · {timings_text(asked.answer.timings, ui.text)}"))
        if not hits:
            st.info(ui.text.retrieval_none, icon=":material/search_off:")
            return
        fused = ranks([hit.explanation.fused for hit in hits])
        reranked = ranks([hit.explanation.rerank for hit in hits])
        _table(ui, hits, fused, reranked)
        for number, hit in enumerate(hits):
            _card(ui, number, hit, fused[number], reranked[number], names)


def timings_text(timings: dict[str, float], text: Labels) -> str:
    """The milliseconds of all stages, and in all."""
    parts = [
        getattr(text, f"timing_{stage}").format(ms=f"{timings[stage]:.1f}") for stage in STAGES if stage in timings
    ]
    total = text.timings.format(total=f"{timings.get('total', 0):.1f}")
    return text.timings_of_stages.format(total=total, stages=" · ".join(parts))


def ranks(scores: list[float | None]) -> list[int | None]:
    """The place of each score among all, from 1; None where there is none."""
    order = sorted({score for score in scores if score is not None}, reverse=True)
    return [None if score is None else order.index(score) + 1 for score in scores]


def why(hit: FoundChunk, fused: int | None, reranked: int | None, text: Labels) -> str:
    """In words, why a hit stands where it does."""
    dense, lexical = (
        index.rank is not None and index.rank <= AMONG_THE_BEST
        for index in (hit.explanation.dense, hit.explanation.lexical)
    )
    reasons = {
        (True, True): text.why_both,
        (True, False): text.why_dense,
        (False, True): text.why_lexical,
        (False, False): text.why_neither,
    }
    said = reasons[dense, lexical]
    if fused is None or reranked is None or fused == reranked:
        return said
    moved = text.why_moved_up if reranked < fused else text.why_moved_down
    return f"{said} {moved.format(before=fused, now=reranked)}"


def _table(ui: Ui, hits: list[FoundChunk], fused: list[int | None], reranked: list[int | None]) -> None:
    has_rerank = any(place is not None for place in reranked)
    rows = [_row(number, hit, fused[number], reranked[number], ui.text) for number, hit in enumerate(hits)]
    st.container(key="retrieval_table").dataframe(
        rows,
        hide_index=True,
        row_height=ROW_PX,
        height=ROW_PX * (min(len(hits), MOST_ROWS) + 1) + 3,
        column_config=_columns(ui.text),
        placeholder="–",
        column_order=None if has_rerank else [name for name in _columns(ui.text) if "rerank" not in name],
    )


def _row(number: int, hit: FoundChunk, fused: int | None, reranked: int | None, text: Labels) -> dict[str, Any]:
    told = hit.explanation
    return {
        "rank": number + 1,
        "file": hit.file,
        "place": place_text(hit.metadata, text),
        "dense_rank": told.dense.rank,
        "dense": told.dense.score,
        "lexical_rank": told.lexical.rank,
        "lexical": told.lexical.score,
        "fused_rank": fused,
        "fused": told.fused,
        "rerank_rank": reranked,
        "rerank": told.rerank,
        "score": hit.score,
    }


def _columns(text: Labels) -> "dict[str, ColumnConfig]":
    place, score = st.column_config.NumberColumn, st.column_config.NumberColumn
    shown = "%.3f"
    return {
        "rank": place(text.rank_final, width=60),
        "file": st.column_config.TextColumn(text.chunk_file, width=160),
        "place": st.column_config.TextColumn(text.place_in_file, width=110),
        "dense_rank": place(text.rank_dense, width=80),
        "dense": score(text.score_dense, width=90, format=shown),
        "lexical_rank": place(text.rank_lexical, width=80),
        "lexical": score(text.score_lexical, width=80, format=shown),
        "fused_rank": place(text.rank_fused, width=80),
        "fused": score(text.score_fused, width=80, format=shown),
        "rerank_rank": place(text.rank_rerank, width=80),
        "rerank": score(text.score_rerank, width=80, format=shown),
        "score": st.column_config.ProgressColumn(
            text.score_final, min_value=0, max_value=1, width=110, format="percent"
        ),
    }


def _card(ui: Ui, number: int, hit: FoundChunk, fused: int | None, reranked: int | None, names: list[str]) -> None:
    with st.container(border=True, key=f"found_{number}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(f"{number + 1}", color="blue")
            st.markdown(f"**{literal(hit.file)}**", width="content")
            where = [hit.knowledge_base if len(names) > 1 else "", place_text(hit.metadata, ui.text)]
            st.caption(literal(" · ".join(part for part in where if part)), width="content")
            st.badge(ui.text.relevance.format(percent=round(100 * hit.score)), color="green")
        st.caption(literal(why(hit, fused, reranked, ui.text)))
        _neighbours(ui.text.neighbours_before, hit.before)
        st.text(hit.text)
        _neighbours(ui.text.neighbours_after, hit.after)
        st.button(
            ui.text.open_in_browser,
            icon=":material/segment:",
            type="tertiary",
            key=f"found_open_{number}",
            on_click=open_knowledge_base,
            args=(hit.knowledge_base, "chunks", hit.file),
        )


def _neighbours(label: str, neighbours: list[Neighbour]) -> None:
    for each in neighbours:
        st.caption(literal(f"{label} #{each.ordinal + 1}: {each.text}"))
