"""JSON, XML, tables: what is read, in which pieces, from where, and what is refused."""

from pathlib import Path

import pytest
from langchain_core.documents import Document

from document_loaders.errors import DocumentUnreadable
from document_loaders.table import load, loader_for

SAMPLES = Path(__file__).resolve().parent.parent / "samples"


def _load(tmp_path: Path, name: str, content: str | bytes) -> list[Document]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(load(path, loader_for(path)))


def _refusal(tmp_path: Path, name: str, content: str | bytes) -> str:
    with pytest.raises(DocumentUnreadable) as refusal:
        _load(tmp_path, name, content)
    return refusal.value.reason_en


def test_items_of_an_array_are_documents_with_their_lines() -> None:
    first, second = load(SAMPLES / "orders.json", "JsonLoader")
    assert first.page_content == "编号: A-1\n客户: 张三\n金额: 120.5"
    assert first.metadata == {"part": "item 1", "lines": [2, 6]}
    assert second.page_content == "编号: A-2\n客户: 李四\n备注: 加急, 送货"
    assert second.metadata == {"part": "item 2", "lines": [7, 14]}


def test_an_object_in_the_order_of_the_file_with_its_arrays_of_objects_by_items(tmp_path: Path) -> None:
    documents = _load(tmp_path, "a.json", '{"x": {"y": [1, [2]]}, "用户": [{"id": 1}, {"id": 2}], "e": {}, "n": null}')
    assert [(each.page_content, each.metadata) for each in documents] == [
        ("x.y[1]: 1\nx.y[2]: 2", {}),
        ("id: 1", {"part": "用户 item 1", "headings": ["用户"]}),
        ("id: 2", {"part": "用户 item 2", "headings": ["用户"]}),
        ("e: {}\nn: null", {}),
    ]


def test_numbers_keep_their_digits_and_keys_that_occur_twice_are_kept(tmp_path: Path) -> None:
    digits = "1" * 5000
    documents = _load(tmp_path, "a.json", f'{{"a": 1.10, "a": {digits}, "b": true}}')
    assert [each.page_content for each in documents] == ["a: 1.10", f"a: {digits}", "b: true"]


def test_long_objects_come_in_pieces_and_lose_nothing(tmp_path: Path) -> None:
    text = "{" + ", ".join(f'"键{number}": "{"值" * 50}"' for number in range(500)) + "}"
    documents = _load(tmp_path, "a.json", text)
    assert len(documents) > 5
    assert all(len(each.page_content) <= 4000 for each in documents)
    lines = "\n".join(each.page_content for each in documents).split("\n")
    assert lines == [f"键{number}: {'值' * 50}" for number in range(500)]


def test_items_are_read_across_the_blocks_of_a_large_file(tmp_path: Path) -> None:
    count = 60_000
    text = "[\n" + ",\n".join(f'{{"编号": {number}, "名称": "滤网配件说明"}}' for number in range(count)) + "\n]"
    documents = _load(tmp_path, "a.json", text)
    assert len(text) > 1 << 20
    assert [each.metadata["lines"] for each in documents] == [[line, line] for line in range(2, count + 2)]
    assert documents[-1].page_content == f"编号: {count - 1}\n名称: 滤网配件说明"
    assert "line 60002, column 2" in _refusal(tmp_path, "a.json", text + "x")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ("[1,\n2\n3]", "line 3, column 1"),
        ("[1, 2", "line 1, column 6"),
        ("[1,]", "line 1, column 4"),
        ('{"a": 1}\n{"a": 2}', "line 2, column 1 .*jsonl"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "nested too deeply"),
    ],
)
def test_broken_json_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DocumentUnreadable, match=place):
        list(load(path, "JsonLoader"))


def test_a_broken_line_is_named_after_the_good_ones() -> None:
    documents = load(SAMPLES / "broken.jsonl", "JsonLinesLoader")
    assert next(documents).metadata == {"lines": [1, 1]}
    with pytest.raises(DocumentUnreadable, match="line 2"):
        next(documents)


def test_elements_with_a_title_are_sections() -> None:
    about, warranty, battery = load(SAMPLES / "handbook.xml", "XmlLoader")
    assert about.page_content == "版本: 2"
    assert warranty.page_content == "title: 保修\n段: 知问科技提供二十四个月保修。"
    assert warranty.metadata == {"headings": ["手册", "保修"], "lines": [3, 3]}
    assert battery.page_content == "title: 电池\n规格:\n  容量: 5000 (单位: 毫安时)\n  型号: PPR-9087"
    assert battery.metadata == {"headings": ["手册", "电池"], "lines": [4, 4]}


def test_many_records_come_in_pieces_in_order_and_lose_nothing(tmp_path: Path) -> None:
    records = "".join(f'<记录 id="{number}"><名称>滤网{number}</名称></记录>\n' for number in range(1000))
    documents = _load(tmp_path, "a.xml", f"<清单>{records}</清单>")
    assert len(documents) > 3
    assert all(len(each.page_content) < 5000 for each in documents)
    lines = "\n".join(each.page_content for each in documents).split("\n")
    assert lines == [line for n in range(1000) for line in ("记录:", f"  id: {n}", f"  名称: 滤网{n}")]
    starts = [each.metadata["lines"][0] for each in documents]
    assert starts == sorted(starts)


def test_namespaces_and_character_data_and_names_of_html(tmp_path: Path) -> None:
    head = '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">'
    text = head + '<a xmlns:x="urn:x"><x:b><![CDATA[1 < 2]]></x:b><c>A&copy;</c></a>'
    (document,) = _load(tmp_path, "a.xml", text)
    assert document.page_content == "b: 1 < 2\nc: A©"


@pytest.mark.parametrize("encoding", ["GBK", "GB2312", "UTF-16", "Big5"])
def test_the_declared_encoding_counts(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><a>品</a>'
    assert _load(tmp_path, "a.xml", text.encode(encoding))[0].page_content == "品"


def test_no_other_file_is_read_into_the_text(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("geheim")
    target = (tmp_path / "secret.txt").as_uri()
    (document,) = _load(tmp_path, "a.xml", f'<!DOCTYPE a [<!ENTITY e SYSTEM "{target}">]><a>x &e; y</a>')
    assert document.page_content == "x &e; y"


def test_entities_that_swell_are_refused(tmp_path: Path) -> None:
    swelling = f'<!DOCTYPE a [<!ENTITY b "{"x" * 60_000}">]><a>{"&b;" * 20_000}</a>'
    assert "swell" in _refusal(tmp_path, "a.xml", swelling)
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    assert "swell" in _refusal(tmp_path, "a.xml", f'<!DOCTYPE a [<!ENTITY e0 "x">{levels}]><a>&e8;</a>')
    assert "nested" in _refusal(tmp_path, "a.xml", "<a>" * 5000)


def test_a_table_of_one_endless_line_is_refused_and_a_wide_one_read(tmp_path: Path) -> None:
    wide = ",".join(f"c{number}" for number in range(20_000)) + "\n" + ",".join(["v"] * 20_000)
    (document,) = _load(tmp_path, "a.csv", wide)
    assert document.page_content.endswith("\nc19999: v")
    assert "line 2 is too long" in _refusal(tmp_path, "a.csv", "a,b\n" + "ab," * 3_000_000)


def test_bad_quotes_lose_no_text_and_binary_is_refused(tmp_path: Path) -> None:
    documents = _load(tmp_path, "a.csv", 'a,b\n1,"x" y\n2,"open\n3,z\n')
    assert [each.page_content for each in documents] == ["a: 1\nb: x y", "a: 2\nb: open\n3,z"]
    assert "binary" in _refusal(tmp_path, "a.csv", b"a,b\n" + b"1,2\n" * 1000 + b"\0,1\n")
