"""One finished turn: question, answer, sources, steps, and what can be done with them."""

import streamlit as st

from webui_pages.chat_state import Turn
from webui_pages.client import ApiFailed
from webui_pages.components.answer_text import shown_answer
from webui_pages.components.chat.sources import show_sources
from webui_pages.components.chat.steps import show_steps
from webui_pages.ui import Ui, literal

QUESTION_ICON = ":material/person:"
ANSWER_ICON = ":material/auto_awesome:"
CUT_SHORT = "length"
SHOWN_AT_ONCE = 10
PRAISE, BLAME = 100, 0


def show_turns(ui: Ui, *, may_ask: bool) -> None:
    """The conversation; of a long one the end, and a button for more. Where nothing `may` be asked, nothing can be
    asked again either: what was said would be gone for nothing."""
    chat = ui.state.chat
    first = max(0, len(chat.turns) - SHOWN_AT_ONCE - chat.shown)
    if first:
        label = ui.text.earlier.format(count=min(first, SHOWN_AT_ONCE))
        with st.container(horizontal_alignment="center"):
            st.button(
                label, icon=":material/expand_less:", type="tertiary", key="earlier", on_click=_show_more, args=(ui,)
            )
    for number in range(first, len(chat.turns)):
        _turn(ui, chat.turns[number], number, may_ask=may_ask)


def show_question(question: str, number: int) -> None:
    """What was asked, as it was typed."""
    with st.container(key=f"question_{number}"), st.chat_message("user", avatar=QUESTION_ICON):
        st.text(question)


def show_asides(ui: Ui, turn: Turn) -> None:
    """What should be known of an answer besides its text."""
    text = ui.text
    if turn.rewritten and turn.rewritten != turn.question:
        st.caption(f":material/manage_search: {literal(text.rewritten.format(question=turn.rewritten))}")
    for notice in turn.notices:
        st.caption(f":material/info: {literal(notice)}")
    if any(turn.trimmed):
        messages, hits = turn.trimmed
        st.caption(f":material/content_cut: {text.trimmed.format(messages=messages, hits=hits)}")


def _turn(ui: Ui, turn: Turn, number: int, *, may_ask: bool) -> None:
    if ui.state.chat.editing == number:
        _edit(ui, turn, number, may_ask=may_ask)
    else:
        show_question(turn.question, number)
    with st.container(key=f"answer_{number}"), st.chat_message("assistant", avatar=ANSWER_ICON):
        show_asides(ui, turn)
        show_steps(ui, turn.steps, number)
        if turn.answer:
            st.markdown(shown_answer(turn.answer))
        _ending(ui, turn)
        show_sources(ui, turn, number)
        _actions(ui, turn, number, may_ask=may_ask)


def _ending(ui: Ui, turn: Turn) -> None:
    text = ui.text
    if turn.cut:
        st.caption(f":material/link_off: {text.answer_cut}")
    elif turn.error:
        st.error(literal(turn.error), icon=":material/error:")
    elif turn.stopped:
        st.caption(text.stopped)
    elif turn.direct and not turn.answer:
        st.caption(text.only_sources)
    elif not turn.answer:
        st.warning(text.empty_answer)
    elif turn.finish_reason == CUT_SHORT:
        st.caption(text.cut_short)


def _actions(ui: Ui, turn: Turn, number: int, *, may_ask: bool) -> None:
    text, is_last = ui.text, number == len(ui.state.chat.turns) - 1
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"actions_{number}"):
        if turn.message_id and not turn.error:
            _feedback(ui, turn, number)
        if turn.answer:
            with (
                st.popover(
                    "", icon=":material/content_copy:", help=text.copy_answer, type="tertiary", key=f"copy_{number}"
                ),
                st.container(key=f"copied_{number}"),
            ):
                st.code(turn.answer, language=None, wrap_lines=True, height=240)
        st.button(
            "",
            icon=":material/edit:",
            help=text.edit_question,
            type="tertiary",
            key=f"edit_{number}",
            on_click=_begin_edit,
            args=(ui, number),
        )
        if is_last:
            st.button(
                "",
                icon=":material/refresh:",
                help=text.regenerate,
                type="tertiary",
                key=f"regenerate_{number}",
                disabled=not may_ask,
                on_click=_redo,
                args=(ui, number, turn.question),
            )
        if turn.model:
            st.caption(literal(turn.model), width="content")


def _feedback(ui: Ui, turn: Turn, number: int) -> None:
    key = f"thumbs_{turn.message_id}"
    if key not in st.session_state and turn.feedback is not None:
        st.session_state[key] = turn.feedback
    with st.container(width="content", key=f"feedback_{number}"):
        st.feedback("thumbs", key=key, on_change=_judge, args=(ui, turn, key))
    if turn.feedback is None:
        return
    text = ui.text
    with (
        st.popover(
            "", icon=":material/rate_review:", help=text.feedback_reason, type="tertiary", key=f"reason_{number}"
        ),
        st.form(f"reason_form_{turn.message_id}", border=False),
    ):
        reason = st.text_area(
            text.feedback, placeholder=text.feedback_reason_hint, key=f"reason_text_{turn.message_id}"
        )
        if st.form_submit_button(text.feedback_send, key=f"reason_send_{turn.message_id}"):
            _say(ui, turn, reason.strip())


def _judge(ui: Ui, turn: Turn, key: str) -> None:
    given = st.session_state[key]
    if given is None:
        # The API keeps a judgement until there is another one; an empty thumb would only look as if it were gone.
        st.session_state[key] = turn.feedback
        return
    turn.feedback = given
    _say(ui, turn, "")


def _say(ui: Ui, turn: Turn, reason: str) -> None:
    try:
        ui.client.feedback(turn.message_id, PRAISE if turn.feedback else BLAME, reason)
    except ApiFailed as failure:
        st.toast(literal(failure.message), icon=":material/error:")
        return
    st.toast(ui.text.feedback_thanks, icon=":material/check:")


def _edit(ui: Ui, turn: Turn, number: int, *, may_ask: bool) -> None:
    text = ui.text
    with (
        st.container(key=f"question_{number}"),
        st.chat_message("user", avatar=QUESTION_ICON),
        st.form("edit_question", border=False),
    ):
        key = f"edit_text_{number}"
        changed = st.text_area(text.edit_question, turn.question, key=key, label_visibility="collapsed")
        if number < len(ui.state.chat.turns) - 1:
            st.caption(text.edit_hint)
        with st.container(horizontal=True, gap="small"):
            wanted = st.form_submit_button(text.resend, type="primary", key="edit_send", disabled=not may_ask)
            if wanted and may_ask and changed.strip():
                _redo(ui, number, changed.strip())
                st.rerun()
            if st.form_submit_button(text.cancel, type="tertiary", key="edit_cancel"):
                ui.state.chat.editing = None
                st.rerun()


def _begin_edit(ui: Ui, number: int) -> None:
    ui.state.chat.editing = number


def _redo(ui: Ui, number: int, question: str) -> None:
    ui.state.chat.editing, ui.state.chat.redo = None, (number, question)


def _show_more(ui: Ui) -> None:
    ui.state.chat.shown += SHOWN_AT_ONCE
