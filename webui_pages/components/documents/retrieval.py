"""The retrieval test: a question over knowledge bases, with conditions; no model is asked."""

import re
from math import isfinite
from typing import Any

import streamlit as st
from pydantic import ValidationError

from server.api.schemas.knowledge_bases import KnowledgeBaseDetails
from server.api.schemas.search import Condition, HybridSearch, Scalar
from webui_pages.client import ApiFailed
from webui_pages.components.documents.retrieval_result import show_found
from webui_pages.desk import Asked, desk
from webui_pages.ui import Ui, literal

MOST_HITS = 1000
FIELDS = ("page", "slide", "sheet", "row", "headings", "title", "source", "category")
OPERATORS = {"=": "in", "≥": "gte", "≤": "lte", ">": "gt", "<": "lt", "^": "prefix"}
RERANK = {"follow": None, "on": True, "off": False}


def retrieval_panel(ui: Ui, present: KnowledgeBaseDetails, names: list[str]) -> None:
    """The form, and what the last question found."""
    st.caption(ui.text.retrieval_hint)
    with st.form("retrieval", border=True):
        question = st.text_area(
            ui.text.retrieval_question,
            key="retrieval_question",
            placeholder=ui.text.retrieval_placeholder,
            height=80,
        )
        with st.container(key="retrieval_bases"):
            own = f"retrieval_bases_{present.name}"
            bases = st.multiselect(ui.text.retrieval_bases, names, default=[present.name], key=own)
        with st.expander(ui.text.retrieval_more, icon=":material/tune:", key="retrieval_more"):
            conditions = _conditions(ui, present)
        asked = st.form_submit_button(
            ui.text.retrieval_ask, type="primary", icon=":material/search:", key="retrieval_ask"
        )
    if asked:
        _ask(ui, question.strip(), bases, conditions)
    last = desk().asked
    if last is not None:
        show_found(ui, last, names)


def _conditions(ui: Ui, present: KnowledgeBaseDetails) -> dict[str, Any]:
    text = ui.text
    found = _limits(ui, present)
    files = st.text_input(text.retrieval_files, key="retrieval_files", placeholder=text.retrieval_files_example)
    found["files"] = [part.strip() for part in re.split(r"[,\uff0c]", files) if part.strip()]
    st.caption(text.retrieval_filters)
    rows = st.data_editor(
        [{"field": None, "operator": "=", "value": ""}],
        num_rows="dynamic",
        key="retrieval_filters",
        placeholder="",
        column_config={
            "field": st.column_config.SelectboxColumn(
                text.filter_field, options=list(FIELDS), format_func=lambda name: getattr(text, f"filter_{name}")
            ),
            "operator": st.column_config.SelectboxColumn(text.filter_operator, options=list(OPERATORS)),
            "value": st.column_config.TextColumn(text.filter_value),
        },
    )
    found["filters"] = conditions_of(rows)
    return found


def _limits(ui: Ui, present: KnowledgeBaseDetails) -> dict[str, Any]:
    text, search = ui.text, present.search
    count, floor, rerank, neighbours = st.columns(4)
    labels = {"follow": text.rerank_follow, "on": text.rerank_on, "off": text.rerank_off}
    least = round(100 * (1 - (search.score_threshold if search else 1.0) / 2))
    most = search.top_k if search else 5
    chosen = rerank.selectbox(
        text.retrieval_rerank, list(RERANK), format_func=lambda key: labels[key], key="retrieval_rerank"
    )
    # What a field begins with is the knowledge base's: another one has other fields.
    with count.container(key="retrieval_k"):
        wanted = st.number_input(text.retrieval_count, 1, MOST_HITS, most, key=f"retrieval_k_{present.name}")
    with floor.container(key="retrieval_floor"):
        own = f"retrieval_floor_{present.name}"
        percent = st.number_input(text.retrieval_floor, 0, 100, least, step=5, key=own)
    return {
        "top_k": int(wanted),
        "min_score": percent / 100,
        "rerank": RERANK.get(chosen or "follow"),
        "neighbours": int(neighbours.number_input(text.retrieval_neighbours, 0, 5, 0, key="retrieval_neighbours")),
    }


def conditions_of(rows: list[dict[str, Any]]) -> dict[str, Condition]:
    """Rows of the table as the API takes them; rows about the same field must all hold, several "=" one of them."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        field, value = row.get("field"), str(row.get("value") or "").strip()
        if not field or not value:
            continue
        name = OPERATORS.get(str(row.get("operator") or "="), "in")
        wanted = value if name == "prefix" else _scalar(value)
        condition = found.setdefault(field, {})
        condition[name] = [*condition.get("in", []), wanted] if name == "in" else wanted
    return {field: Condition.model_validate(condition) for field, condition in found.items()}


def _scalar(value: str) -> Scalar:
    """A number where it is written as one: pages and rows are numbers, a sheet "007" or "2024.10" is not."""
    for kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            continue
        if str(number) == value and isfinite(number):
            return number
    return value


def _ask(ui: Ui, question: str, bases: list[str], conditions: dict[str, Any]) -> None:
    if not question or not bases:
        st.warning(ui.text.retrieval_blank)
        return
    try:
        request = HybridSearch(query=question, knowledge_base_names=bases, **conditions)
        with st.spinner(ui.text.retrieval_ask):
            desk().asked = Asked(question, ui.client.search(request))
    except ValidationError as error:
        st.error(literal("; ".join(item["msg"] for item in error.errors())))
    except ApiFailed as failure:
        st.error(literal(failure.message), icon=":material/error:")
