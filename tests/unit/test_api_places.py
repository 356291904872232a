"""Where a source stands, as clients and as the model are told."""

import pytest

from server.api.sources import sources_of
from server.chat.prompt import place_of
from server.types import Chunk, Hit


def hit(meta):
    return Hit(Chunk(1, "k", "f.pptx", 0, "text", meta), 0.8, 0.7, 0.5)


def test_a_source_carries_every_place():
    meta = {"slide": 4, "sheet": "价目", "rows": [2, 9], "lines": [1, 3], "part": "cell 2", "boxes": [[0, 0.1, 1, 0.2]]}
    (source,) = sources_of([hit({**meta, "ocr": True, "category": "x"})], "question", "http://127.0.0.1:1")
    assert source.model_dump(include=set(meta)) == meta
    assert (source.page, source.row, source.headings) == (None, None, [])


@pytest.mark.parametrize(
    ("meta", "place"),
    [
        ({"page": 3, "headings": ["甲", "乙"]}, "p. 3, 甲 > 乙"),
        ({"part": "attachment offer.pdf", "page": 2}, "attachment offer.pdf, p. 2"),
        ({"slide": 4}, "slide 4"),
        ({"sheet": "Prices", "rows": [2, 9]}, "sheet Prices, rows 2-9"),
        ({"lines": [10, 24]}, "lines 10-24"),
        ({"row": 5, "lines": [6, 6]}, "row 5"),
        ({}, ""),
    ],
)
def test_the_model_reads_a_place_in_words(meta, place):
    assert place_of(hit(meta)) == place
