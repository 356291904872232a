"""The chat page while things change under it: other tabs, questions that cannot be asked, turns nobody kept."""

import pytest
from webui_fake_api import running_fake_api
from webui_page import open_page, texts


@pytest.fixture
def api():
    with running_fake_api() as running:
        yield running


def ask(page, question):
    return page.chat_input(key="question").set_value(question).run()


def the_history(api):
    (kept,) = api.chats.conversations.values()
    return [message["question"] for message in kept["history"]]


def test_another_question_is_edited_with_its_own_words(api):
    page = open_page(api, "chat")
    ask(page, "第一问")
    ask(page, "第二问")
    page.button(key="edit_0").click().run()
    page.text_area(key="edit_text_0").set_value("改过的第一问")
    page.button(key="edit_1").click().run()
    assert [area.value for area in page.text_area if area.key.startswith("edit_text")] == ["第二问"]


def test_a_question_that_cannot_be_asked_is_not_taken_back(api):
    page = open_page(api, "chat")
    page.chat_input(key="question").upload("合同.txt", b"x", "text/plain")
    ask(page, "主要讲什么？")
    api.chats.dropped = None
    page.button(key="regenerate_0").click().run()
    assert the_history(api) == ["主要讲什么？"]
    assert "知问支持" in texts(page)
    assert "请先添加可以读取的文件" in page.info[0].value
    page.button(key="edit_0").click().run()
    assert page.button(key="edit_send").disabled
    assert page.button(key="regenerate_0").disabled


def test_a_refused_file_is_said_and_its_question_asked_nowhere_else(api):
    page = open_page(api, "chat")
    refused = {"code": 415, "msg": "无法读取这种文件", "data": {"error": "unsupported_file"}}
    api.fail["/knowledge_base/upload_temp_docs"] = (415, refused)
    page.chat_input(key="question").upload("a.txt", b"x", "text/plain")
    ask(page, "这个文件讲什么？")
    assert page.error[0].value == "无法读取这种文件"
    assert api.bodies("/chat/knowledge_base_chat") == []
    assert "这个文件讲什么" in texts(page)


def test_what_followed_a_question_that_nobody_kept_is_taken_back_too(api):
    page = open_page(api, "chat")
    api.fail["/chat/knowledge_base_chat"] = (503, {"code": 503, "msg": "坏了", "data": {"error": "model_unavailable"}})
    ask(page, "没有成功的")
    api.fail.clear()
    ask(page, "成功的")
    ask(page, "/clear")
    assert the_history(api) == []
    assert "成功的" not in texts(page)


def test_an_emptied_conversation_is_not_being_edited(api):
    page = open_page(api, "chat")
    ask(page, "第一问")
    page.button(key="edit_0").click().run()
    ask(page, "/clear")
    ask(page, "第二问")
    assert not page.text_area


def test_a_menu_means_the_conversation_that_it_stood_beside(api):
    for number in range(2):
        api.chats.handle("POST", "/conversations", {}, {"id": f"c{number}", "title": f"对话 {number}"})
    page = open_page(api, "chat")
    menu = page.menu_button(key="conversation_menu_0").click("delete")
    api.chats.handle("POST", "/conversations", {}, {"id": "c2", "title": "另一页上新开的对话"})
    menu.run()
    told = next(element.value for element in page.markdown if "无法恢复" in element.value)
    assert "对话 1" in told


def test_removing_a_dropped_file_means_the_one_that_was_shown(api):
    page = open_page(api, "chat")
    for name in ("甲.txt", "乙.txt", "丙.txt"):
        page.chat_input(key="question").upload(name, b"x", "text/plain").run()
    button = page.button(key="drop_1").click()
    del api.chats.dropped["files"][0]
    button.run()
    assert [file["name"] for file in api.chats.dropped["files"]] == ["丙.txt"]


def test_a_reason_stays_with_its_answer(api):
    page = open_page(api, "chat")
    for question in ("甲", "乙"):
        ask(page, question)
        page.button(key="new_conversation").click().run()
    for kept in api.chats.conversations.values():
        kept["history"][0]["feedback_score"] = 100
    page.button(key="open_conversation_1").click().run()
    page.text_area(key=f"reason_text_{1:032x}").set_value("说得清楚").run()
    page.button(key="open_conversation_0").click().run()
    assert [area.value for area in page.text_area] == [""]


def test_a_thumb_that_is_taken_back_stays_as_the_api_has_it(api):
    page = open_page(api, "chat")
    ask(page, "问")
    page.get("feedback")[0].set_value(1).run()
    page.get("feedback")[0].set_value(None).run()
    assert page.get("feedback")[0].value == 1
    assert len(api.bodies("/chat/feedback")) == 1


def test_a_path_is_a_question_and_no_command(api):
    page = open_page(api, "chat")
    ask(page, "/etc/hosts 是什么文件？")
    ask(page, "/你好")
    assert [body["query"] for body in api.bodies("/chat/knowledge_base_chat")] == ["/etc/hosts 是什么文件？", "/你好"]


@pytest.mark.parametrize(("code", "said"), [("chunk_not_found", "文件已更新"), ("index_busy", "索引正忙")])
def test_only_a_chunk_that_is_gone_has_changed(api, code, said):
    page = open_page(api, "chat")
    api.sources[0]["chunk_ids"] = [7]
    ask(page, "问")
    api.fail["/knowledge_base/chunks/7"] = (503, {"code": 503, "msg": "索引正忙", "data": {"error": code}})
    page.button(key="open_0_1").click().run()
    assert said in texts(page)


def test_a_new_session_does_not_begin_with_files_that_another_conversation_had(api):
    page = open_page(api, "chat")
    page.chat_input(key="question").upload("合同.txt", b"x", "text/plain")
    ask(page, "主要讲什么？")
    fresh = open_page(api, "chat")
    assert fresh.segmented_control(key="mode").value == "knowledge_base"
    assert fresh.button(key="suggestion_0")
