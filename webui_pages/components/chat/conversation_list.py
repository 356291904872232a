"""Conversations in the sidebar: new, search, pages, open, rename, delete."""

import streamlit as st

from server.api.schemas.conversations import TITLE, ConversationDetails
from webui_pages.client import ApiFailed
from webui_pages.components.chat.conversation import new_conversation
from webui_pages.ui import Ui, literal

PAGE = 20
SHOWN_TITLE = 60


def conversation_list(ui: Ui) -> None:
    """The list with what can be done with it; opening one is left to the next run, by its address.

    Raises:
        ApiFailed: the API does not answer.
    """
    chat, text = ui.state.chat, ui.text
    with st.container(key="conversations", gap="xsmall"):
        st.button(
            text.new_conversation,
            icon=":material/add_comment:",
            width="stretch",
            key="new_conversation",
            on_click=new_conversation,
            args=(ui,),
        )
        search = st.text_input(
            text.search_conversations,
            key="search_conversations",
            placeholder=text.search_conversations,
            icon=":material/search:",
            label_visibility="collapsed",
            on_change=_turn_to,
            args=(ui, 1),
        ).strip()
        found = ui.client.conversations(search, limit=PAGE, offset=PAGE * (chat.page - 1))
        if not found.data and chat.page > 1:
            chat.page = max(1, -(-found.total // PAGE))
            found = ui.client.conversations(search, limit=PAGE, offset=PAGE * (chat.page - 1))
        if not found.data:
            st.caption(text.no_conversations_found if search else text.no_conversations)
        for number, conversation in enumerate(found.data):
            _row(ui, conversation, number)
        _pages(ui, found.total)
    _from_menu(ui)


def _row(ui: Ui, conversation: ConversationDetails, number: int) -> None:
    text = ui.text
    is_open = conversation.id == ui.state.chat.conversation_id
    title = conversation.title or text.untitled
    with st.container(horizontal=True, vertical_alignment="center", gap=None, key=f"conversation_{number}", wrap=False):
        st.button(
            literal(title[:SHOWN_TITLE]),
            key=f"open_conversation_{number}",
            type="secondary" if is_open else "tertiary",
            width="stretch",
            wrap=False,
            on_click=_want,
            args=(ui, conversation.id),
        )
        key = f"conversation_menu_{number}"
        st.menu_button(
            text.conversation_menu,
            ["rename", "delete"],
            format_func={"rename": text.rename, "delete": text.delete_conversation}.__getitem__,
            type="tertiary",
            key=key,
            on_click=_choose,
            args=(ui, key, conversation),
        )


def _choose(ui: Ui, key: str, conversation: ConversationDetails) -> None:
    """Remember what was chosen for the conversation that was shown: by now another one may stand at its place."""
    ui.state.chat.chosen = (st.session_state[key], conversation)


def _from_menu(ui: Ui) -> None:
    chosen, ui.state.chat.chosen = ui.state.chat.chosen, None
    if chosen:
        what, conversation = chosen
        (rename if what == "rename" else delete)(ui, conversation)


def rename(ui: Ui, conversation: ConversationDetails) -> None:
    """Ask for another title."""

    @st.dialog(ui.text.rename_title, icon=":material/edit:")
    def body() -> None:
        with st.form("rename", border=False):
            title = st.text_input(
                ui.text.conversation_title, conversation.title, max_chars=TITLE, key=f"title_{conversation.id}"
            )
            wanted = st.form_submit_button(ui.text.save_title, type="primary", key="save_title")
        if wanted and title.strip():
            try:
                ui.client.rename_conversation(conversation.id, title.strip())
            except ApiFailed as failure:
                st.error(literal(failure.message))
                return
            if conversation.id == ui.state.chat.conversation_id:
                ui.state.chat.title = title.strip()
            st.rerun()

    body()


def delete(ui: Ui, conversation: ConversationDetails) -> None:
    """Say what is lost, and delete on the second click."""
    text = ui.text

    @st.dialog(text.delete_conversation_title, icon=":material/delete_forever:")
    def body() -> None:
        title = conversation.title or text.untitled
        st.markdown(literal(text.delete_conversation_confirm.format(title=title, messages=conversation.messages)))
        with st.container(horizontal=True, horizontal_alignment="right"):
            if st.button(text.cancel, key="confirm_delete_conversation_cancel"):
                st.rerun()
            if not st.button(text.delete_conversation, type="primary", key="confirm_delete_conversation"):
                return
        try:
            ui.client.delete_conversation(conversation.id)
        except ApiFailed as failure:
            st.error(literal(failure.message))
            return
        if conversation.id == ui.state.chat.conversation_id:
            new_conversation(ui)
        st.toast(text.conversation_deleted, icon=":material/check:")
        st.rerun()

    body()


def _want(ui: Ui, conversation_id: str) -> None:
    ui.state.chat.wanted = conversation_id


def _pages(ui: Ui, total: int) -> None:
    chat, text = ui.state.chat, ui.text
    pages = -(-total // PAGE)
    if pages <= 1:
        return
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center", key="chat_pages"):
        st.button(
            ":material/chevron_left:",
            key="page_before",
            type="tertiary",
            disabled=chat.page <= 1,
            help=text.page_before,
            on_click=_turn_to,
            args=(ui, chat.page - 1),
        )
        st.caption(text.conversation_pages.format(page=chat.page, pages=pages), width="content")
        st.button(
            ":material/chevron_right:",
            key="page_after",
            type="tertiary",
            disabled=chat.page >= pages,
            help=text.page_after,
            on_click=_turn_to,
            args=(ui, chat.page + 1),
        )


def _turn_to(ui: Ui, page: int) -> None:
    ui.state.chat.page = page
