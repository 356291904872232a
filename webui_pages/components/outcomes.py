"""What became of many files, as one folded summary: the failures with their reasons first."""

import streamlit as st

from webui_pages.state import Outcome
from webui_pages.ui import Ui, literal

MOST_LINES = 100


def show_outcomes(title: str, outcomes: list[Outcome], *, key: str, good: str) -> None:
    """A summary line and one line for each file. `title` may hold {good} and {bad}, the counts."""
    bad = sum(bool(outcome.error) for outcome in outcomes)
    label = title.format(good=len(outcomes) - bad, bad=bad)
    with st.container(key=key), st.status(label, state="error" if bad else "complete", expanded=bool(bad)):
        for outcome in sorted(outcomes, key=lambda outcome: not outcome.error)[:MOST_LINES]:
            show_outcome(outcome, good)
        if len(outcomes) > MOST_LINES:
            st.caption(f"… +{len(outcomes) - MOST_LINES}")


def show_outcome(outcome: Outcome, good: str) -> None:
    """One line: the file, and that it is fine or why it is not."""
    if outcome.error:
        st.markdown(f":red[:material/error:] **{literal(outcome.name)}** {literal(outcome.error)}")
    else:
        st.markdown(f":green[:material/check_circle:] **{literal(outcome.name)}** {literal(outcome.note or good)}")


def show_notice(ui: Ui) -> None:
    """What a callback left to be told; a fragment must look itself, as its buttons run nothing else."""
    notice = ui.state.take_notice()
    if notice:
        st.toast(literal(notice), icon=":material/info:")
