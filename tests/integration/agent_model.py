"""A model that calls tools as a script says: an OpenAI-compatible server on loopback, and the settings to reach it."""

import asyncio
import contextlib
import json
import os
import sqlite3
from pathlib import Path
from unittest import mock

from api_server import serving
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from configs.settings import load_settings
from server.api.app import create_app

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "knowledge_base" / "samples" / "content"
MODEL = "scripted-tools"
PLAIN = "scripted-plain"
BASE_URL = "http://127.0.0.1:7861"


class ScriptedServer:
    """Answers each request with the next turn of `script`; keeps the requests.

    A turn may hold `text`, `calls` (pairs of name and arguments; a string of arguments is sent as it is), `status`,
    `cut` (the connection breaks after the text), `wait_s` before the first piece, `events` to send as they are, or be a
    function of the messages.
    """

    def __init__(self):
        self.script, self.requests, self.left = [], [], 0

    async def complete(self, request):
        body = await request.json()
        self.requests.append(body)
        turn = self.script.pop(0) if self.script else {"text": "(the script is over)"}
        turn = turn(body["messages"]) if callable(turn) else turn
        if turn.get("status"):
            error = {"message": "scripted failure", "code": turn.get("code", "x")}
            return JSONResponse({"error": error}, turn["status"])
        return StreamingResponse(self.pieces(turn), media_type="text/event-stream")

    async def pieces(self, turn):
        try:
            await asyncio.sleep(turn.get("wait_s", 0))
            for event in turn.get("events", ()):
                yield f"data: {json.dumps(event)}\n\n"
            if "events" in turn:
                return
            for piece in [turn.get("text", "")[n : n + 4] for n in range(0, len(turn.get("text", "")), 4)]:
                yield chunk({"content": piece})
            if turn.get("cut"):
                raise RuntimeError("the script says that the model dies here")
            for number, (name, arguments) in enumerate(turn.get("calls", ())):
                given = arguments if isinstance(arguments, str) else json.dumps(arguments)
                function = {"name": name, "arguments": given}
                yield chunk(
                    {"tool_calls": [{"index": number, "id": f"c{number}", "type": "function", "function": function}]}
                )
            yield chunk({}, "tool_calls" if turn.get("calls") else "stop")
            yield "data: [DONE]\n\n"
        except (asyncio.CancelledError, GeneratorExit):
            self.left += 1
            raise

    async def page(self, request):
        return HTMLResponse(
            "<html><title>Opening hours</title><body><p>The shop opens at 9:30 on Sundays.</p></body></html>"
        )

    async def places(self, request):
        if request.query_params["name"] == "Nowhere":
            return JSONResponse({})
        return JSONResponse({"results": [{"name": "北京", "country": "中国", "latitude": 39.9, "longitude": 116.4}]})

    async def forecast(self, request):
        current = {"time": "2026-11-21T12:00", "temperature_2m": 3.5, "weather_code": 71, "wind_speed_10m": 12}
        daily = {"time": ["2026-11-21"], "weather_code": [71], "temperature_2m_min": [-2], "temperature_2m_max": [4]}
        return JSONResponse({"current": current, "daily": daily})

    async def papers(self, request):
        return Response(
            ATOM if "attention" in request.query_params["search_query"] else HOSTILE_XML, media_type="application/xml"
        )

    async def wiki(self, request):
        page = {
            "title": "长城",
            "extract": "长城是中国古代的军事防御工事。",
            "fullurl": "https://zh.wikipedia.org/x",
            "index": 1,
        }
        return JSONResponse({"query": {"pages": [page]}} if "长城" in request.query_params["gsrsearch"] else {})

    async def search(self, request):
        found = [
            {"title": "Zhiwen news", "url": "https://example.com/news", "content": "Zhiwen 9 was released in May."}
        ]
        return JSONResponse({"results": found})

    def app(self):
        routes = [
            Route("/v1/chat/completions", self.complete, methods=["POST"]),
            Route("/page", self.page),
            Route("/geo", self.places),
            Route("/weather", self.forecast),
            Route("/arxiv", self.papers),
            Route("/wiki", self.wiki),
            Route("/search", self.search),
        ]
        return Starlette(routes=routes)


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/1706.03762</id>
<title>Attention Is All You Need</title><published>2017-06-12T00:00:00Z</published><summary>We propose
the Transformer.</summary><author><name>Ashish Vaswani</name></author></entry></feed>"""
HOSTILE_XML = """<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>A &secret; B</title></entry></feed>"""


def chunk(delta, finish=None):
    body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
    return f"data: {json.dumps({**body, 'choices': [choice]}, ensure_ascii=False)}\n\n"


def shop_database(folder):
    path = folder / "shop.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, city TEXT, amount REAL)")
    rows = [("北京", 120.0), ("上海", 80.5), ("北京", 30.0)]
    connection.executemany("INSERT INTO orders (city, amount) VALUES (?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def agent_settings(folder, port, **agent):
    """Settings whose model, pages and APIs are all on the loopback server."""
    here = f"http://127.0.0.1:{port}"
    tables = {
        "databases": {"shop": {"url": f"sqlite:///{shop_database(folder)}", "description": "orders of the shop"}},
        "weather": {"url": f"{here}/weather", "geocoding_url": f"{here}/geo"},
        "arxiv_url": f"{here}/arxiv",
        "wikipedia_url": f"{here}/wiki",
        **agent,
    }
    values = {
        "ZHIWEN_CONFIG": str(folder / "none.toml"),
        "ZHIWEN__PATHS__KNOWLEDGE_BASE": str(folder / "kb"),
        "ZHIWEN__PATHS__MODELS": str(folder / "models"),
        "ZHIWEN__PATHS__LOGS": str(folder / "logs"),
        "ZHIWEN__MODELS__LLM_PREFERENCE": '["builtin-extractive"]',
        "ZHIWEN__MODELS__EMBED_PREFERENCE": '["builtin-ngram"]',
        "ZHIWEN__PROVIDERS": json.dumps(
            {"fake": {"base_url": f"{here}/v1", "api_key": "secret-key", "max_retries": 0}}
        ),
        "ZHIWEN__MODELS__LLM": json.dumps(
            {name: {"engine": "provider", "provider": "fake", "tools": name == MODEL} for name in (MODEL, PLAIN)}
        ),
        "ZHIWEN__SEARCH__ENGINE": "searxng",
        "ZHIWEN__SEARCH__ENGINES": json.dumps({"searxng": {"url": here}}),
        "ZHIWEN__SEARCH__FETCH_PAGES": "false",
        "ZHIWEN__FETCHING__ALLOW_PRIVATE": json.dumps([f"127.0.0.1:{port}"]),
        **{
            f"ZHIWEN__AGENT__{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in tables.items()
        },
    }
    with mock.patch.dict(os.environ, values):
        return load_settings()


@contextlib.contextmanager
def agent_app(folder, **agent):
    """The scripted server, a client of the whole application with the samples in it, and the port of the server."""
    server = ScriptedServer()
    with (
        serving(server.app()) as port,
        TestClient(create_app(agent_settings(folder, port, **agent)), base_url=BASE_URL) as client,
    ):
        yield server, client, port


TASKS = [
    ("search_knowledge_bases", {"query": "去上海出差住宿一晚最多报多少钱", "knowledge_bases": ["samples"]}, "550"),
    ("search_knowledge_bases", {"query": "知问的网页界面默认用哪个端口"}, "8501"),
    ("calculate", {"expression": "(17 + 25) * 3 ** 4"}, "= 3402"),
    ("current_time", {"timezone": "UTC+8"}, "+08:00"),
    ("query_database", {"sql": "SELECT city, SUM(amount) FROM orders GROUP BY city"}, "| 北京 | 150.0 |"),
    ("read_url", {"url": "PAGE"}, "9:30 on Sundays"),
    ("weather", {"place": "北京", "days": 1}, "light snow"),
    ("arxiv", {"query": "attention", "count": 1}, "Ashish Vaswani"),
    ("wikipedia", {"query": "长城"}, "军事防御工事"),
    ("search_internet", {"query": "zhiwen release"}, "released in May"),
]
"""Tool, arguments, and what its output holds."""
TASK_NAMES = [f"{number}-{task[0]}" for number, task in enumerate(TASKS)]


def with_page(arguments, port):
    """The arguments of a task with the address of the page filled in."""
    return {"url": f"http://127.0.0.1:{port}/page"} if arguments.get("url") == "PAGE" else arguments


def add_samples(client, names=("知问使用指南.md", "差旅报销制度.docx")):
    client.post(
        "/knowledge_base/create_knowledge_base", json={"knowledge_base_name": "samples", "kb_info": "公司制度与产品"}
    )
    files = [("files", (name, (SAMPLES / name).read_bytes())) for name in names]
    answer = client.post("/knowledge_base/upload_docs", data={"knowledge_base_name": "samples"}, files=files)
    assert answer.json()["data"]["failed_files"] == {}
