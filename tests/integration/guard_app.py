"""The application for tests of its door: a scripted model, a knowledge base or two, nothing that leaves the machine."""

import contextlib

from api_app import ScriptedModel, make_settings, running_app

from server.llm.generation import Spent

CLOSED = "http://127.0.0.1:1"
TEXT = "保修期为两年。\n\n退货须在七天内提出。"


class Model(ScriptedModel):
    def __init__(self):
        super().__init__()
        self.spent = Spent()

    async def running(self):
        return [self.default]

    def supports_tools(self, model):
        return False


def quiet_settings(folder, **variables):
    """Settings under which neither search engines nor tools reach the internet."""
    return make_settings(
        folder,
        **{
            "ZHIWEN__SEARCH__PROXY": CLOSED,
            "ZHIWEN__SEARCH__TIMEOUT_S": "1",
            "ZHIWEN__AGENT__TOOLS": '["search_knowledge_bases", "calculate", "current_time"]',
            "ZHIWEN__SERVICES__CONTROLLER__PORT": "1",
            "ZHIWEN__SERVICES__OPENAI_API__PORT": "1",
            "ZHIWEN__SERVICES__CONTROL__PORT": "1",
            **variables,
        },
    )


@contextlib.contextmanager
def guarded_app(folder, *, model=None, **variables):
    """A client of an application on settings of its own."""
    with running_app(quiet_settings(folder, **variables), model or Model()) as client:
        yield client


def fill(client, name, headers=None):
    """A knowledge base with one file of two chunks."""
    made = client.post("/knowledge_base/create_knowledge_base", json={"knowledge_base_name": name}, headers=headers)
    assert made.status_code == 200, made.text
    sent = client.post(
        "/knowledge_base/upload_docs",
        data={"knowledge_base_name": name},
        files={"files": ("guide.txt", TEXT.encode(), "text/plain")},
        headers=headers,
    )
    assert sent.json()["data"]["failed_files"] == {}, sent.text


def operations(client):
    """(method, path) of every route in the document."""
    paths = client.app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]
