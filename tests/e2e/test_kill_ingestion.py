"""`kill -9` at random moments while files come in over HTTP: what was acknowledged is there, whole, and nothing else.

ZHIWEN_KILLS=20 for the full run; a few kills are enough to notice that something broke.
"""

import contextlib
import io
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest
from free_ports import free_port

from configs import load_settings
from configs.settings import PROJECT_ROOT
from server.container import build_container
from server.db import repositories as rows
from server.knowledge_base import content
from server.knowledge_base.index import Index
from server.knowledge_base.names import Layout

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

KILLS = int(os.environ.get("ZHIWEN_KILLS", "6"))
KB = "断电"
FORMATS = ("txt", "md", "csv", "html", "docx", "pdf")
NAMES = [f"文件{number:02}.{FORMATS[number % len(FORMATS)]}" for number in range(40)]
READY_S = 60


def make(name: str, mark: str) -> bytes:
    """A small file of the format that its name says; `mark` tells this version from all others."""
    text = f"{name} 的内容是 {mark} 版，报销单据应当在十五日内提交。"
    kind = name.rpartition(".")[2]
    if kind == "csv":
        return f"名称,内容\n{mark},{text}\n".encode()
    if kind == "html":
        return f"<html><body><p>{text}</p></body></html>".encode()
    if kind == "docx":
        return make_docx(text)
    if kind == "pdf":
        return make_pdf(text)
    return text.encode()


def make_docx(text: str) -> bytes:
    import docx

    document, out = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(out)
    return out.getvalue()


def make_pdf(text: str) -> bytes:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(out)
    canvas.setFont("STSong-Light", 11)
    canvas.drawString(60, 700, text)
    canvas.save()
    return out.getvalue()


@dataclass
class Expected:
    """By name: what was acknowledged last (None: deletion), and what was asked for since, without an answer."""

    acknowledged: dict[str, bytes | None] = field(default_factory=dict)
    open: dict[str, list[bytes | None]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, name: str, data: bytes | None) -> None:
        with self.lock:
            self.open.setdefault(name, []).append(data)

    def settle(self, name: str, data: bytes | None) -> None:
        with self.lock:
            self.acknowledged[name] = data
            self.open[name] = []

    def possible(self, name: str) -> list[bytes | None]:
        """An upload without an answer may have arrived or not."""
        return [self.acknowledged.get(name), *self.open.get(name, [])]


class Server:
    """`python -m server.api` on a data folder; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0
        self.process: psutil.Process | None = None

    def start(self) -> None:
        self.port = free_port()
        with (self._folder / "log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "server.api", "--port", str(self.port)],
                cwd=PROJECT_ROOT,
                env=os.environ.copy(),
                stdout=log,
                stderr=log,
            )
        self._child, self.process = child, psutil.Process(child.pid)
        deadline = time.monotonic() + READY_S
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
                return
            assert child.poll() is None, self.log()
            assert time.monotonic() < deadline, "the API did not get ready"
            time.sleep(0.05)

    def log(self) -> str:
        """The end of what it wrote."""
        return (self._folder / "log").read_text("utf-8")[-5000:]

    def kill(self) -> list[psutil.Process]:
        """Kill it as a power cut would; returns its reader processes, which nobody has told anything."""
        assert self.process is not None
        readers = self.process.children(recursive=True) if self.process.is_running() else []
        self._child.kill()
        self._child.wait()
        return readers


@pytest.fixture
def server(data_paths: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("ZHIWEN__MODELS__LLM_PREFERENCE", '["builtin-extractive"]')
    monkeypatch.setenv("ZHIWEN__MODELS__EMBED_PREFERENCE", '["builtin-ngram"]')
    (data_paths / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(data_paths / "temporary"))
    made = Server(data_paths)
    made.start()
    yield made
    made.kill()


def client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{server.port}/knowledge_base", timeout=60)


def work(server: Server, expected: Expected, dice: random.Random, stop: threading.Event, names: list[str]) -> None:
    """Upload, replace and delete files of ours until the server is gone."""
    with client(server) as http, contextlib.suppress(httpx.HTTPError):
        while not stop.is_set():
            if dice.random() < 0.15:
                delete(http, expected, dice.choice(names))
            else:
                upload(http, expected, dice, dice.sample(names, dice.choice((1, 1, 3))))


def upload(http: httpx.Client, expected: Expected, dice: random.Random, names: list[str]) -> None:
    made = {name: make(name, f"{dice.randrange(10**9):09}") for name in names}
    for name, data in made.items():
        expected.ask(name, data)
    files = [("files", (name, data)) for name, data in made.items()]
    answer = http.post("/upload_docs", data={"knowledge_base_name": KB, "override": "true"}, files=files)
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["failed_files"] == {}
    for name, data in made.items():
        expected.settle(name, data)


def delete(http: httpx.Client, expected: Expected, name: str) -> None:
    expected.ask(name, None)
    answer = http.post("/delete_docs", json={"knowledge_base_name": KB, "file_names": [name], "delete_content": True})
    assert answer.status_code == 200, answer.text
    expected.settle(name, None)


def run_until_killed(server: Server, expected: Expected, dice: random.Random) -> list[psutil.Process]:
    stop, faults = threading.Event(), []

    def guarded(*arguments: object) -> None:
        try:
            work(*arguments)  # type: ignore[arg-type]
        except AssertionError as fault:
            faults.append(fault)

    threads = [
        threading.Thread(target=guarded, args=(server, expected, random.Random(dice.random()), stop, NAMES[start::2]))
        for start in (0, 1)
    ]
    for thread in threads:
        thread.start()
    time.sleep(dice.uniform(0.2, 6))
    readers = server.kill()
    stop.set()
    for thread in threads:
        thread.join(60)
    assert faults == [], server.log()
    return readers


def wait_until_idle(server: Server) -> None:
    deadline = time.monotonic() + 120
    with client(server) as http:
        while http.get("/jobs", params={"state": ["queued", "running"]}).json()["data"]:
            assert time.monotonic() < deadline, "interrupted jobs are not finished"
            time.sleep(0.2)


def check(expected: Expected, root: Path) -> None:
    settings = load_settings()
    container = build_container(settings)
    kbs = container.knowledge_bases
    layout = Layout.of(settings.paths.knowledge_base, KB)
    for upload_left in layout.incoming.glob("*"):
        os.utime(upload_left, (0, 0))  # nobody has touched it for long
    kbs.maintenance.repair()
    assert list(layout.incoming.glob("*")) == []
    on_disk = {name: (layout.content / name).read_bytes() for name in content.listing(layout)}
    states = {file.name: file.state for file in kbs.files(KB)}
    assert states == dict.fromkeys(on_disk, "ready")
    for name in NAMES:
        assert on_disk.get(name) in expected.possible(name), f"{name} is neither as acknowledged nor as asked for"
    for name in on_disk:
        check_text(name, on_disk[name], "".join(chunk.text for chunk in kbs.chunks(KB, file_name=name)))
    check_counts(container, layout)
    container.close()
    assert [path for path in (root / "temporary").rglob("*") if path.is_file()] == []


def check_text(name: str, data: bytes, text: str) -> None:
    kind = name.rpartition(".")[2]
    if kind in ("txt", "md"):
        assert text == data.decode()
    elif kind == "html":
        assert f"<p>{text}</p>" in data.decode()
    elif kind == "csv":
        assert text.partition("内容: ")[2] in data.decode()
    else:
        [mark] = [word for word in text.split() if word.isdigit() and len(word) == 9]
        assert text.replace(" ", "") == f"{name} 的内容是 {mark} 版，报销单据应当在十五日内提交。".replace(" ", "")
        if kind == "docx":
            import zipfile

            assert mark.encode() in zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml")


def check_counts(container, layout: Layout) -> None:
    with container.database.read() as session:
        [kb] = rows.knowledge_bases(session)
        visible = rows.visible_ids(session, kb.id)
        assert rows.invisible_ids(session, kb.id) == set()
        assert rows.removing_files(session, kb.id) == []
    index = Index(KB, layout.index(kb.index_generation), kb.vector_store, kb.dimension)
    assert index.ids() == (visible, visible)
    assert [folder.name for folder in layout.indexes.iterdir()] == [str(kb.index_generation)]


def test_nothing_acknowledged_is_lost_and_nothing_half_is_shown(server: Server, data_paths: Path) -> None:
    dice, expected = random.Random(int(os.environ.get("ZHIWEN_SEED", "11"))), Expected()
    with client(server) as http:
        http.post("/create_knowledge_base", json={"knowledge_base_name": KB}).raise_for_status()
    for _ in range(KILLS):
        readers = run_until_killed(server, expected, dice)
        gone, alive = psutil.wait_procs(readers, timeout=60)
        assert alive == [], "readers outlive the process that started them"
        assert len(gone) == len(readers)
        server.start()
    wait_until_idle(server)
    psutil.wait_procs(server.kill(), timeout=60)
    assert sum(data is not None for data in expected.acknowledged.values()) > 3, "nothing was uploaded"
    check(expected, data_paths)
