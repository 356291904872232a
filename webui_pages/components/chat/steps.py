"""What an agent did: each tool with its input and what came back, folded."""

import json

import streamlit as st

from webui_pages.chat_state import ToolStep
from webui_pages.ui import Ui, literal

MOST_CHARACTERS = 4000


def show_steps(ui: Ui, steps: list[ToolStep], number: int) -> None:
    """The steps of a finished answer; `number` is that of the turn."""
    if not steps:
        return
    title = ui.text.steps.format(count=len(steps))
    with st.expander(title, icon=":material/construction:", key=f"steps_{number}"):
        for index, step in enumerate(steps):
            _step(ui, step, f"{number}_{index}")


def _step(ui: Ui, step: ToolStep, key: str) -> None:
    text = ui.text
    with st.container(border=True, gap="xsmall", key=f"step_{key}"):
        icon, color = (":material/error:", "red") if step.error else (":material/check:", "green")
        st.badge(literal(step.name), icon=icon, color=color)
        if step.thought.strip():
            st.text(_cut(step.thought.strip()))
        st.caption(text.step_input)
        st.code(_cut(json.dumps(step.arguments, ensure_ascii=False, indent=2)), language="json", wrap_lines=True)
        st.caption(text.step_error if step.error else text.step_output)
        st.code(_cut(step.error or step.output), language=None, wrap_lines=True)


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"
