"""The real application on a folder of its own, with a scripted model in the place of FastChat."""

import contextlib
import os
from unittest import mock

from starlette.testclient import TestClient

from configs.settings import load_settings
from server import container as container_module
from server.api.app import create_app
from server.llm.generation import Piece
from server.llm.provider_connections import Connections

BASE_URL = "http://127.0.0.1:7861"


class ScriptedModel:
    """Stands in for `ChatModels`: answers with fixed pieces, or fails; remembers what it was asked."""

    default = "builtin-extractive"

    def __init__(self):
        self.connections = Connections()
        self.pieces, self.error, self.calls = ["两", "年", "。[1]"], None, []

    async def stream(self, messages, generation):
        self.calls.append((list(messages), generation))
        for piece in self.pieces:
            yield Piece(piece)
        if self.error:
            raise self.error
        yield Piece(finish_reason="stop")

    async def aclose(self):
        pass

    def window(self, model):
        return 8192

    def count_tokens(self, model, text):
        return len(text)


def make_settings(folder, **variables):
    """Settings with all data below the folder and models that need no weights."""
    values = {
        "ZHIWEN_CONFIG": str(folder / "none.toml"),
        "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(folder / "kb"),
        "ZHIWEN__PATHS__MODELS": str(folder / "models"),
        "ZHIWEN__MODELS__LLM_PREFERENCE": '["builtin-extractive"]',
        "ZHIWEN__MODELS__EMBED_PREFERENCE": '["builtin-ngram"]',
        **variables,
    }
    with mock.patch.dict(os.environ, values):
        return load_settings()


@contextlib.contextmanager
def running_app(settings, model):
    """A client of the application."""
    with (
        mock.patch.object(container_module, "ChatModels", return_value=model),
        TestClient(create_app(settings), base_url=BASE_URL) as client,
    ):
        yield client


def events(response):
    """The payloads of a finished stream."""
    import json

    assert response.headers["content-type"].startswith("text/event-stream"), response.text
    lines = response.text.split("\r\n\r\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
