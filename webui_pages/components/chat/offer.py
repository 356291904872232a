"""What a question can choose from: asked of the API now and then, knowledge bases every time."""

import time

import streamlit as st

from webui_pages.chat_state import ChatOptions, Offer
from webui_pages.ui import Ui

FRESH_S = 15.0


def present_offer(ui: Ui) -> Offer:
    """Knowledge bases, models, templates, engines, and for an agent its tools; options that are gone are dropped.

    Raises:
        ApiFailed: the API does not answer.
    """
    chat = ui.state.chat
    if ui.state.formats is None:
        ui.state.formats = ui.client.formats()
    knowledge_bases = ui.client.knowledge_bases()
    offer = chat.offer
    if offer is None or time.monotonic() - offer.asked_at > FRESH_S:
        offer = Offer([], ui.client.chat_models(), ui.client.chat_choices(), asked_at=time.monotonic())
        chat.offer = offer
    offer.knowledge_bases = knowledge_bases
    if chat.options.mode == "agent" and offer.tools is None:
        offer.tools = ui.client.tools()
    _drop_what_is_gone(ui, chat.options, offer)
    return offer


def _drop_what_is_gone(ui: Ui, options: ChatOptions, offer: Offer) -> None:
    names = [entry.name for entry in offer.knowledge_bases]
    options.knowledge_bases = [name for name in options.knowledge_bases if name in names]
    if not options.knowledge_bases and "chat_knowledge_bases" not in st.session_state:
        wanted = (ui.state.knowledge_base, ui.settings.knowledge_base.default, *names)
        options.knowledge_bases = [name for name in wanted if name in names][:1]
    if options.model == offer.model_of(options.mode):
        options.model = ""
    engines = [engine.name for engine in offer.choices.search_engines if not engine.missing]
    if options.search_engine not in engines:
        options.search_engine = engines[0] if engines else ""
