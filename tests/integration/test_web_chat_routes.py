"""What the chat page needs of the API besides answers: pages as pictures, choices, and a question's own options."""

from io import BytesIO

import pytest
from api_app import ScriptedModel, events, make_settings, running_app
from PIL import Image

from configs.settings import PROJECT_ROOT

PDF = PROJECT_ROOT / "knowledge_base" / "samples" / "content" / "service-level-agreement.pdf"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running_app(make_settings(tmp_path_factory.mktemp("data")), ScriptedModel()) as client:
        client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "kb"})
        picture = BytesIO()
        Image.new("RGB", (3000, 1500), "white").save(picture, "JPEG")
        files = [
            ("files", ("sla.pdf", PDF.read_bytes())),
            ("files", ("照片.jpg", picture.getvalue())),
            ("files", ("说明.txt", "本产品的保修期为两年。".encode())),
            ("files", ("broken.pdf", b"%PDF-1.4 nothing")),
        ]
        form = {"knowledge_base_name": "kb", "to_vector_store": "false"}
        client.post("/knowledge_base/upload_docs", data=form, files=files)
        yield client


def page_of(client, name, page=1, base="kb"):
    where = {"knowledge_base_name": base, "file_name": name, "page": page}
    return client.get("/knowledge_base/page_image", params=where)


def test_a_page_of_a_pdf_is_a_picture(client):
    answer = page_of(client, "sla.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    picture = Image.open(BytesIO(answer.content))
    assert picture.format == "PNG"
    assert max(picture.size) <= 1600
    assert len(picture.convert("L").getcolors()) > 10, "nothing is drawn on it"


def test_a_photograph_is_shown_within_limits(client):
    assert Image.open(BytesIO(page_of(client, "照片.jpg").content)).size == (1600, 800)


@pytest.mark.parametrize(
    ("name", "page", "status", "error"),
    [
        ("sla.pdf", 999, 404, "page_not_found"),
        ("照片.jpg", 2, 404, "page_not_found"),
        ("说明.txt", 1, 415, "unsupported_file_type"),
        ("broken.pdf", 1, 422, "file_unreadable"),
        ("none.pdf", 1, 404, "file_not_found"),
        ("../sla.pdf", 1, 403, "bad_name"),
    ],
)
def test_what_cannot_be_shown_says_why(client, name, page, status, error):
    answer = page_of(client, name, page)
    assert answer.status_code == status
    assert answer.json()["data"]["error"] == error


def test_pages_count_from_one(client):
    assert page_of(client, "sla.pdf", 0).status_code == 422


def test_choices_name_templates_engines_and_models_that_are_no_agents(client):
    choices = client.get("/server/chat_choices").json()["data"]
    assert {"default", "text"} <= set(choices["prompts"]["knowledge_base_chat"])
    engines = {engine["name"]: engine["missing"] for engine in choices["search_engines"]}
    assert engines["duckduckgo"] == ""
    assert engines["bing"], "an engine without its key must say what it lacks"
    assert choices["search_engines"][0]["missing"] == ""
    assert "builtin-extractive" in choices["no_agents"]
    assert choices["agent_model"]


def test_a_question_is_kept_with_its_options(client):
    body = {"query": "问", "conversation_id": "with options", "stream": True, "events": True}
    said = events(client.post("/chat/chat", json={**body, "temperature": 0.3, "history_len": 2}))
    assert said[0] == {"message_id": said[-1]["message_id"]}
    (message,) = client.get("/conversations/with options/messages").json()["data"]["history"]
    assert message["options"] == {"temperature": 0.3, "history_len": 2}
    assert message["id"] == said[-1]["message_id"]
