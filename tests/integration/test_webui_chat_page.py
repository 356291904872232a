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
    assert page.selectbox[0].value == "samples"


def test_a_suggestion_is_asked_and_answered_with_its_sources(api):
    page = open_page(api, "chat")
    page.button(key="suggestion_0").click().run()
    assert not page.exception
    assert "知问支持 **PDF**" in texts(page)
    assert page.expander[0].label == "来源 (2)"
    assert r"**\[1\] 支持的文件格式\.md**" in texts(page)
    assert "相关度 87%" in texts(page)
    assert "支持的文件格式 › 从每种格式里读出什么" in texts(page)
    assert "第 3 页" in texts(page)
    assert not [button for button in page.button if button.key == "stop"]


def test_earlier_turns_go_along_and_options_are_sent(api):
    page = open_page(api, "chat", "en")
    page.slider(key="top_k").set_value(5).run()
    page.slider(key="relevance_floor").set_value(75).run()
    page.chat_input(key="question").set_value("first").run()
    page.chat_input(key="question").set_value("second").run()
    first, second = api.bodies("/chat/knowledge_base_chat")
    assert first["history"] == []
    assert [(entry["role"], entry["content"]) for entry in second["history"]] == [
        ("user", "first"),
        ("assistant", "".join(api.answer)),
    ]
    assert (second["top_k"], second["score_threshold"]) == (5, 0.5)


def test_clear_empties_the_conversation(api):
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    page.button(key="clear").click().run()
    assert "知问支持 **PDF**" not in texts(page)
    assert page.button(key="suggestion_0")
    page.chat_input(key="question").set_value("再问").run()
    assert api.bodies("/chat/knowledge_base_chat")[-1]["history"] == []


def test_the_model_alone(api):
    page = open_page(api, "chat")
    page.segmented_control(key="mode").set_value("llm").run()
    assert not page.selectbox
    page.chat_input(key="question").set_value("你好").run()
    assert api.bodies("/chat/chat")[0]["query"] == "你好"
    assert not page.expander


def test_no_match_is_said_plainly(api):
    api.sources = []
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("问").run()
    assert "知识库中没有与问题相符的内容" in page.info[0].value


def test_text_of_documents_is_shown_as_text(api):
    api.sources[0] |= {"text": "<script>alert(1)</script> ![x](http://a/b)", "file": "**x**.md"}
    api.answer = ["见图 ![x](http://a/b)"]
    page = open_page(api, "chat")
    page.chat_input(key="question").set_value("**问**").run()
    assert [text.value for text in page.text][:2] == ["**问**", "<script>alert(1)</script> ![x](http://a/b)"]
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
    page.chat_input(key="question").set_value("再问").run()
    assert api.bodies("/chat/knowledge_base_chat")[-1]["history"] == [], "a broken answer must not go along"


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
