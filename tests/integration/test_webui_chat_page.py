"""The chat page: empty, answering, failing."""

import pytest
from webui_fake_api import running_fake_api
from webui_page import open_page, texts


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def test_an_empty_conversation_offers_questions(api):
    page = open_page(api, "chat")
    assert not page.exception
    assert page.button(key="suggestion_0").label == "知问支持哪些文件格式？"
    assert page.multiselect(key="chat_knowledge_bases").value == ["samples"]


def test_a_suggestion_is_asked_and_answered_with_its_sources(api):
    page = open_page(api, "chat")
    page.button(key="suggestion_0").click().run()
    assert not page.exception
    assert "知问支持 **PDF**" in texts(page)
    assert "来源 (2)" in [expander.label for expander in page.expander]
    assert r"**\[1\] 支持的文件格式\.md**" in texts(page)
    assert "相关度 87%" in texts(page)
    assert "支持的文件格式 › 从每种格式里读出什么" in texts(page)
    assert "第 3 页" in texts(page)
    assert not [button for button in page.button if button.key == "stop"]


def ask(page, question):
    return page.chat_input(key="question").set_value(question).run()


def test_the_api_keeps_the_conversation_and_options_are_sent(api):
    page = open_page(api, "chat", "en")
    page.slider(key="top_k").set_value(5).run()
    page.slider(key="relevance_floor").set_value(75).run()
    page.slider(key="history_length").set_value(7).run()
    ask(page, "first")
    ask(page, "second")
    first, second = api.bodies("/chat/knowledge_base_chat")
    assert "history" not in second
    assert first["conversation_id"] == second["conversation_id"] == page.query_params["conversation"]
    assert (second["top_k"], second["score_threshold"], second["history_len"]) == (5, 0.5, 7)


def test_several_knowledge_bases_are_asked_together(api):
    api.bases["另一个"] = [{**api.bases["samples"][0]}]
    page = open_page(api, "chat")
    page.multiselect(key="chat_knowledge_bases").set_value(["samples", "另一个"]).run()
    ask(page, "问")
    (body,) = api.bodies("/chat/knowledge_base_chat")
    assert (body["knowledge_base_name"], body["knowledge_base_names"]) == ("samples", ["另一个"])


def test_model_and_template_are_chosen(api):
    page = open_page(api, "chat")
    page.selectbox(key="chat_model").set_value("qwen").run()
    page.selectbox(key="prompt").set_value("text").run()
    ask(page, "问")
    (body,) = api.bodies("/chat/knowledge_base_chat")
    assert (body["model_name"], body["prompt_name"]) == ("qwen", "text")


def test_a_reload_brings_the_conversation_back_with_its_choices(api):
    page = open_page(api, "chat")
    page.slider(key="top_k").set_value(9).run()
    page.selectbox(key="chat_model").set_value("qwen").run()
    ask(page, "问")
    again = open_page(api, "chat", conversation=page.query_params["conversation"])
    assert not again.exception
    assert "知问支持 **PDF**" in texts(again)
    assert "来源 (2)" in [expander.label for expander in again.expander]
    assert again.slider(key="top_k").value == 9
    assert again.selectbox(key="chat_model").value == "qwen"


def test_a_new_session_asks_as_the_last_conversation_did(api):
    page = open_page(api, "chat")
    page.segmented_control(key="mode").set_value("llm").run()
    page.slider(key="temperature").set_value(1.2).run()
    ask(page, "问")
    fresh = open_page(api, "chat")
    assert fresh.segmented_control(key="mode").value == "llm"
    assert fresh.slider(key="temperature").value == 1.2
    assert not fresh.query_params.get("conversation")
    assert fresh.button(key="suggestion_0")


def test_a_link_to_a_conversation_that_is_gone_says_so(api):
    page = open_page(api, "chat", conversation="gone")
    assert not page.exception
    assert "conversation" in page.warning[0].value
    assert page.button(key="suggestion_0")


def test_conversations_are_listed_opened_and_begun(api):
    page = open_page(api, "chat")
    ask(page, "第一个问题")
    page.button(key="new_conversation").click().run()
    assert "知问支持" not in texts(page)
    ask(page, "第二个问题")
    assert [page.button(key=f"open_conversation_{n}").label for n in (0, 1)] == ["第二个问题", "第一个问题"]
    page.button(key="open_conversation_1").click().run()
    assert page.text[0].value == "第一个问题"
    page.text_input(key="search_conversations").set_value("第二").run()
    assert page.button(key="open_conversation_0").label == "第二个问题"
    page.text_input(key="search_conversations").set_value("没有").run()
    assert "没有找到相符的对话" in texts(page)


def test_many_conversations_come_by_page(api):
    for number in range(45):
        api.chats.handle("POST", "/conversations", {}, {"id": f"c{number}", "title": f"对话 {number}"})
    page = open_page(api, "chat")
    assert page.button(key="open_conversation_0").label == "对话 44"
    page.button(key="page_after").click().run()
    assert page.button(key="open_conversation_0").label == "对话 24"
    assert "第 2 / 3 页" in texts(page)
    page.button(key="page_before").click().run()
    assert page.button(key="page_before").disabled


def test_a_conversation_is_renamed_and_deleted(api):
    page = open_page(api, "chat")
    ask(page, "问")
    menu = page.menu_button(key="conversation_menu_0")
    menu.click("rename").run()
    title = next(field for field in page.text_input if field.key.startswith("title_"))
    title.set_value("新标题")
    page.menu_button(key="conversation_menu_0").click("rename")
    page.button(key="save_title").click().run()
    assert next(iter(api.chats.conversations.values()))["title"] == "新标题"
    page.run()
    page.menu_button(key="conversation_menu_0").click("delete").run()
    assert "新标题" in texts(page)
    page.menu_button(key="conversation_menu_0").click("delete")
    page.button(key="confirm_delete_conversation").click().run()
    assert api.chats.conversations == {}
    assert "知问支持" not in texts(page)


def test_regenerating_takes_the_answer_back_and_asks_anew(api):
    page = open_page(api, "chat")
    ask(page, "第一问")
    ask(page, "第二问")
    api.answer = ["新的回答"]
    page.button(key="regenerate_1").click().run()
    assert not page.exception
    assert [body["query"] for body in api.bodies("/chat/knowledge_base_chat")] == ["第一问", "第二问", "第二问"]
    (kept,) = api.chats.conversations.values()
    assert [message["answer"] for message in kept["history"]][1:] == ["新的回答"]
    assert len(kept["history"]) == 2


def test_an_edited_question_drops_what_followed(api):
    page = open_page(api, "chat")
    ask(page, "第一问")
    ask(page, "第二问")
    page.button(key="edit_0").click().run()
    assert "之后的全部内容" in texts(page)
    page.text_area(key="edit_text_0").set_value("改过的问题")
    page.button(key="edit_send").click().run()
    assert not page.exception
    (kept,) = api.chats.conversations.values()
    assert [message["question"] for message in kept["history"]] == ["改过的问题"]
    assert [text.value for text in page.text] == ["改过的问题"]


def test_an_edit_can_be_given_up(api):
    page = open_page(api, "chat")
    ask(page, "第一问")
    page.button(key="edit_0").click().run()
    page.button(key="edit_cancel").click().run()
    assert not page.text_area
    assert len(api.bodies("/chat/knowledge_base_chat")) == 1


def test_feedback_is_sent_and_may_have_a_reason(api):
    page = open_page(api, "chat")
    ask(page, "问")
    page.get("feedback")[0].set_value(1).run()
    page.text_area(key=f"reason_text_{1:032x}").set_value("说得清楚")
    page.button(key=f"reason_send_{1:032x}").click().run()
    assert not page.exception
    said = [(body["score"], body["reason"]) for body in api.bodies("/chat/feedback")]
    assert said == [(100, ""), (100, "说得清楚")]
    assert {body["message_id"] for body in api.bodies("/chat/feedback")} == {f"{1:032x}"}


def test_what_happened_on_the_way_is_told(api):
    api.extra = [
        {"question": "知问支持哪些格式"},
        {"notice": {"error": "search_engine_replaced", "msg": "改用 searxng"}},
        {"trimmed": {"messages": 2, "hits": 1}},
    ]
    page = open_page(api, "chat")
    ask(page, "它呢？")
    assert "按完整的问题检索：知问支持哪些格式" in texts(page)
    assert "改用 searxng" in texts(page)
    assert "省略了 2 条较早的消息和 1 个分块" in texts(page)


def test_search_alone_shows_the_passages(api):
    page = open_page(api, "chat")
    page.toggle(key="return_direct").set_value(True).run()
    ask(page, "问")
    assert api.bodies("/chat/knowledge_base_chat")[0]["return_direct"] is True
    assert "没有让模型回答" in texts(page)
    assert "相关度 87%" in texts(page)


def test_commands(api):
    page = open_page(api, "chat")
    ask(page, "/help")
    assert "/clear" in texts(page)
    ask(page, "问")
    ask(page, "/clear")
    (kept,) = api.chats.conversations.values()
    assert kept["history"] == []
    ask(page, "/new 周报")
    assert [one["title"] for one in api.chats.conversations.values()] == ["问", "周报"]
    ask(page, "/nothing")
    assert r"没有命令 \/nothing" in page.toast[0].value
    ask(page, "/del 没有这个")
    assert "没有标题为" in page.toast[0].value
    assert len(api.bodies("/chat/knowledge_base_chat")) == 1, "a command was sent as a question"
    ask(page, "//etc 是什么目录？")
    assert api.bodies("/chat/knowledge_base_chat")[-1]["query"] == "/etc 是什么目录？"


def test_dropped_files_are_asked(api):
    page = open_page(api, "chat")
    page.chat_input(key="question").upload("合同.txt", "内容".encode(), "text/plain")
    page.chat_input(key="question").set_value("主要讲什么？").run()
    assert not page.exception
    assert page.segmented_control(key="mode").value == "file"
    (body,) = api.bodies("/chat/file_chat")
    assert (body["query"], body["knowledge_id"]) == ("主要讲什么？", "tmp1")
    assert r"合同\.txt" in texts(page)
    assert "60 分钟" in texts(page)
    page.button(key="drop_0").click().run()
    assert api.chats.dropped is None
    assert "请先添加可以读取的文件" in page.info[0].value


def test_expired_files_are_said(api):
    page = open_page(api, "chat")
    page.chat_input(key="question").upload("合同.txt", b"x", "text/plain").run()
    api.chats.dropped = None
    page.run()
    assert "已过期" in page.warning[0].value


def test_search_engines_that_lack_something_are_named(api):
    page = open_page(api, "chat")
    page.segmented_control(key="mode").set_value("search_engine").run()
    assert page.selectbox(key="search_engine").options == ["duckduckgo"]
    assert "BING" in texts(page)
    page.toggle(key="read_pages").set_value(True).run()
    ask(page, "问")
    (body,) = api.bodies("/chat/search_engine_chat")
    assert (body["search_engine_name"], body["split_result"]) == ("duckduckgo", True)


def test_a_model_that_cannot_be_an_agent_says_what_to_do(api):
    page = open_page(api, "chat")
    page.segmented_control(key="mode").set_value("agent").run()
    assert "请换一个模型" in page.info[0].value
    assert page.chat_input(key="question").disabled
    page.selectbox(key="chat_model").set_value("qwen").run()
    assert not page.chat_input(key="question").disabled


def test_steps_of_an_agent_are_folded(api):
    call = {"id": "1", "name": "calculate", "arguments": {"expression": "37*91"}}
    api.steps = [
        {"answer": "先算一下。"},
        {"tool_started": call},
        {"tool_finished": {**call, "output": "3367", "error": ""}},
        {"tool_started": {**call, "id": "2"}},
        {"tool_finished": {**call, "id": "2", "output": "", "error": "除数为零"}},
    ]
    api.answer = ["结果是 3367。"]
    page = open_page(api, "chat")
    page.segmented_control(key="mode").set_value("agent").run()
    page.selectbox(key="chat_model").set_value("qwen").run()
    page.multiselect(key="tools").set_value(["calculate"]).run()
    ask(page, "37 × 91？")
    assert not page.exception
    (body,) = api.bodies("/chat/agent_chat")
    assert body["tools"] == ["calculate"]
    assert "步骤 (2)" in [expander.label for expander in page.expander]
    assert "3367" in [code.value for code in page.code]
    assert "除数为零" in [code.value for code in page.code]
    assert "结果是 3367。" in texts(page)


def test_the_model_alone(api):
    page = open_page(api, "chat")
    page.segmented_control(key="mode").set_value("llm").run()
    assert not page.multiselect
    ask(page, "你好")
    assert api.bodies("/chat/chat")[0]["query"] == "你好"
    assert not [expander for expander in page.expander if expander.label.startswith("来源")]


def test_no_match_is_said_plainly(api):
    api.sources = []
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    assert "没有找到与问题相符的内容" in page.info[0].value


def test_text_of_documents_is_shown_as_text(api):
    api.sources[0] |= {"text": "<script>alert(1)</script> ![x](http://a/b)", "file": "**x**.md"}
    api.answer = ["见图 ![x](http://a/b)"]
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("**问**").run()
    assert page.text[0].value == "**问**"
    assert r"\<script\>alert\(1\)\<\/script\> \!\[x\]\(`http://a/b`\)" in texts(page)
    assert r"\*\*x\*\*\.md" in texts(page)
    assert "![" not in "".join(element.value for element in page.markdown)


def test_a_failure_while_answering_keeps_what_had_come_and_says_why(api):
    api.fail_after = 3
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    assert not page.exception
    assert "知问支持" in texts(page)
    assert "请重试" in page.error[0].value
    api.fail_after = None
    page.button(key="regenerate_0").click().run()
    assert not page.error
    assert "知问支持 **PDF**" in texts(page)


def test_a_refusal_is_an_error_box(api):
    api.fail["/chat/knowledge_base_chat"] = (
        503,
        {"code": 503, "msg": "模型暂不可用", "data": {"error": "model_unavailable"}},
    )
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    assert not page.exception
    assert page.error[0].value == "模型暂不可用"


def test_an_empty_answer_is_said(api):
    api.answer = []
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    assert "没有返回内容" in page.warning[0].value


@pytest.mark.parametrize(("bases", "hint"), [({}, "还没有知识库"), ({"空": []}, "还没有可以检索的内容")])
def test_nothing_to_ask_tells_what_to_do(api, bases, hint):
    api.bases = bases
    page = open_page(api, "chat")
    assert hint in page.info[0].value
    assert page.chat_input(key="question").disabled


def test_an_api_that_is_away_is_named_with_a_way_to_try_again():
    with running_fake_api() as api:
        pass
    page = open_page(api, "chat", "en")
    assert not page.exception
    assert "does not answer" in page.error[0].value
    assert page.button(key="retry").label == "Try again"


def test_the_conversation_stays_while_the_api_is_away(api):
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    api.fail["/knowledge_base/list_knowledge_bases"] = (500, {"code": 500, "msg": "坏了", "data": None})
    page.run()
    assert page.error[0].value == "坏了"
    assert "知问支持 **PDF**" in texts(page)
