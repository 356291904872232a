"""unstructured as a reader somebody chooses: it works without a network, and any other reader plugs in the same way."""

import importlib.util
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from containers import inline
from langchain_core.document_loaders.base import BaseLoader
from langchain_core.documents import Document

from configs import load_settings
from server.knowledge_base.recipe import IngestOptions
from server.knowledge_base.service import KnowledgeBases, Upload

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
needs_unstructured = pytest.mark.skipif(not importlib.util.find_spec("unstructured"), reason="lite installation")


class ShoutingLoader(BaseLoader):
    """A LangChain loader of somebody else."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def lazy_load(self) -> Iterator[Document]:
        yield Document(page_content=self._path.read_text("utf-8").upper())


def read(kbs: KnowledgeBases, name: str, data: bytes) -> str:
    kbs.create("kb")
    assert kbs.add_files("kb", [Upload(name, io.BytesIO(data))], IngestOptions()) == {name: None}
    [file] = kbs.files("kb")
    return f"{file.loader}|" + "".join(chunk.text for chunk in kbs.chunks("kb"))


@pytest.mark.usefixtures("data_paths")
def test_any_langchain_loader_plugs_in_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__INGEST__LOADERS", '{".foo": "test_unstructured_reader:ShoutingLoader"}')
    container = inline(load_settings())
    assert read(container.knowledge_bases, "a.foo", b"quiet words").endswith("|QUIET WORDS")
    container.close()


@pytest.mark.usefixtures("data_paths")
def test_an_unknown_reader_names_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__INGEST__LOADERS", '{".txt": "Nope"}')
    kbs = inline(load_settings()).knowledge_bases
    kbs.create("kb")
    error = kbs.add_files("kb", [Upload("a.txt", io.BytesIO(b"x"))], IngestOptions())["a.txt"]
    assert error is not None
    assert error.code == "unknown_part"
    assert "TextLoader" in error.message("zh")


@needs_unstructured
@pytest.mark.usefixtures("data_paths")
def test_unstructured_reads_what_it_is_chosen_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIWEN__INGEST__LOADERS", '{".txt": "UnstructuredLoader"}')
    container = inline(load_settings())
    found = read(container.knowledge_bases, "poem.txt", (SAMPLES / "poem.txt").read_bytes())
    assert found.startswith("UnstructuredLoader|")
    assert "人生若只如初见" in found
    container.close()


@needs_unstructured
def test_unstructured_loads_neither_spacy_nor_torch_and_asks_no_network() -> None:
    probe = (
        "import socket, sys; from pathlib import Path\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from document_loaders.unstructured_reader import UnstructuredLoader\n"
        f"assert list(UnstructuredLoader(Path({str(SAMPLES / 'page.html')!r})).lazy_load())\n"
        "print(*[name for name in ('spacy', 'torch', 'numba') if name in sys.modules])"
    )
    root = SAMPLES.parents[1]
    done = subprocess.run([sys.executable, "-c", probe], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
