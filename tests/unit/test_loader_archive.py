"""The files of a ZIP archive: names, limits, damage."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from document_loaders.archive import Member, Skipped, members
from document_loaders.base import LoadOptions
from document_loaders.errors import DocumentUnreadable


class _OldName(zipfile.ZipInfo):
    """A name in an encoding that the archive does not tell."""

    raw = b""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.raw, 0


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _read(tmp_path: Path, content: bytes, **options: int) -> tuple[dict[str, bytes], dict[str, str]]:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    read: dict[str, bytes] = {}
    skipped: dict[str, str] = {}
    for each in members(path, LoadOptions(scratch=scratch, **options)):
        if isinstance(each, Member):
            read[each.name] = each.stream.read()
        else:
            assert isinstance(each, Skipped)
            skipped[each.name] = each.reason.reason_en
    assert list(scratch.iterdir()) == []
    return read, skipped


def test_files_with_their_folders_and_without_litter(tmp_path: Path) -> None:
    files = {"甲.txt": b"1", "夹/乙.txt": b"2", "./丙.txt": b"3", "夹\\丁.txt": b"4"}
    litter = {"__MACOSX/._甲.txt": b"", "夹/.DS_Store": b"", "Thumbs.db": b"", "空/": b""}
    read, skipped = _read(tmp_path, _zip(files | litter))
    assert read == {"甲.txt": b"1", "夹/乙.txt": b"2", "丙.txt": b"3", "夹/丁.txt": b"4"}
    assert skipped == {}


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../a.txt", "a/../../b.txt", "C:\\a.txt", "c:a.txt", "..\\a.txt", "\\\\host\\a.txt"]
)
def test_names_that_lead_out_are_skipped(tmp_path: Path, name: str) -> None:
    read, skipped = _read(tmp_path, _zip({name: b"x", "b.txt": b"y"}))
    assert read == {"b.txt": b"y"}
    assert list(skipped.values()) == ["its name leads out of the archive"]


def test_links_and_second_files_of_a_name_are_skipped(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("a.txt", "1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.txt", "2")
    read, skipped = _read(tmp_path, out.getvalue())
    assert read == {"a.txt": b"1"}
    assert "link" in skipped["link.txt"]
    assert "same name" in skipped["a.txt"]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("保修手册.txt", "gbk"), ("报价/价格表（新）.txt", "gb18030"), ("说明.txt", "utf-8"), ("résumé.txt", "cp437")],
)
def test_names_whose_encoding_is_not_told(tmp_path: Path, name: str, encoding: str) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = _OldName(name)
        info.raw = name.encode(encoding)
        archive.writestr(info, "x")
    assert _read(tmp_path, out.getvalue()) == ({name: b"x"}, {})


def test_archives_in_archives_to_the_limit(tmp_path: Path) -> None:
    content = _zip({"甲.txt": b"x"})
    for level in range(3):
        content = _zip({f"{level}.zip": content})
    assert _read(tmp_path, content) == ({"2.zip/1.zip/0.zip/甲.txt": b"x"}, {})
    read, skipped = _read(tmp_path, content, max_depth=2)
    assert read == {}
    assert "nested too deeply" in skipped["2.zip/1.zip/0.zip"]


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="unpacks to 300 MB"):
        _read(tmp_path, _zip({"a.txt": bytes(300 << 20)}))
    with pytest.raises(DocumentUnreadable, match="unpacks to 3 MB"):
        _read(tmp_path, _zip({"a.txt": bytes(3 << 20)}), max_unpacked_mb=2)
    inner = _zip({"a.txt": bytes(3 << 20)})
    read, skipped = _read(tmp_path, _zip({"x.zip": inner, "b.txt": b"y"}), max_unpacked_mb=2)
    assert read == {"b.txt": b"y"}
    assert "unpacks to" in skipped["x.zip"]
    with pytest.raises(DocumentUnreadable, match="more than 10000 files"):
        _read(tmp_path, _zip({str(number): b"" for number in range(10_001)}))


def test_a_member_gives_no_more_than_the_directory_says(tmp_path: Path) -> None:
    content = bytearray(_zip({"a.txt": b"0" * 100_000}))
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    with pytest.raises(DocumentUnreadable, match="damaged"):
        _read(tmp_path, bytes(content))


def test_encrypted_and_rarely_packed_members(tmp_path: Path) -> None:
    content = bytearray(_zip({"a.txt": b"secret", "b.txt": b"open"}))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    read, skipped = _read(tmp_path, bytes(content))
    assert read == {"b.txt": b"open"}
    assert "password" in skipped["a.txt"]
    alone = bytearray(_zip({"a.txt": b"secret"}))
    alone[alone.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DocumentUnreadable, match="password"):
        _read(tmp_path, bytes(alone))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a.txt", "x" * 100)
    assert "rare method" in _read(tmp_path, out.getvalue())[1]["a.txt"]


def test_damage_is_a_reason_wherever_it_shows(tmp_path: Path) -> None:
    whole = _zip({"a.txt": b"content of the file" * 50})
    for broken in (whole[:-30], whole[:20], b"PK\x03\x04", whole.replace(whole[45:50], b"\0\0\0\0\0")):
        with pytest.raises(DocumentUnreadable, match="damaged"):
            _read(tmp_path, broken)
