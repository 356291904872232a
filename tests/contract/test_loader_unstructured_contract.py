"""unstructured, chosen as a reader, keeps the promises of all readers."""

import importlib.util

import pytest
from test_loader_contract import LoaderContract


@pytest.mark.skipif(not importlib.util.find_spec("unstructured"), reason="lite installation")
class TestUnstructuredLoader(LoaderContract):
    name, sample, words, place = "UnstructuredLoader", "poem.txt", ("人生若只如初见", "却道故人心易变"), ""
    unreadable = ("corrupt.docx",)
