"""Names of knowledge bases and files: parsed here or refused, and the only place that builds a path from one.

Names are kept in Unicode NFC, so the same name typed on another system is the same name. What some supported file
system cannot hold is refused on all of them: a knowledge base can be carried from Linux to Windows.

Every name of a knowledge base that travels in a request ends here, so this is also where a caller whose key is limited
to some knowledge bases is refused all others (`server.caller`).
"""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from server.caller import caller
from server.errors import BadName, BlankName, KnowledgeBaseForbidden

MAX_CHARACTERS = 64
MAX_BYTES = 240  # ext4, NTFS and APFS take 255 bytes or characters; temporary files need a suffix
MAX_PATH_BYTES = 1000
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_WINDOWS_DEVICE = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
_DATABASE = "info.db"


def spelled(text: str) -> str:
    """A name as it is kept, whether or not it can be used."""
    return unicodedata.normalize("NFC", text).strip()


def _part(text: str, whole: str) -> str:
    """Check one component of a path."""
    if text in ("", ".", ".."):
        raise BadName(name=whole, reason_en="it points to another folder", reason_zh="它指向其他文件夹")
    if _FORBIDDEN.search(text) or _INVISIBLE.search(text) or _has_surrogate(text):
        raise BadName(
            name=whole,
            reason_en='it holds a character that file systems refuse (< > : " | ? * \\ or an invisible one)',
            reason_zh='它含有文件系统不允许的字符（< > : " | ? * \\ 或不可见字符）',
        )
    if text.startswith((".", " ")) or text.endswith((".", " ")) or _WINDOWS_DEVICE.fullmatch(text):
        raise BadName(
            name=whole,
            reason_en="it begins with a dot or blank, ends with one, or is reserved by Windows",
            reason_zh="它以点或空格开头或结尾，或是 Windows 的保留名称",
        )
    if len(text.encode()) > MAX_BYTES:
        raise BadName(name=whole[:40] + "…", reason_en="it is too long", reason_zh="它太长")
    return text


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


@dataclass(frozen=True)
class KbName:
    """The name of a knowledge base; `key` is the same for names that differ in case only."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "KbName":
        """Check and normalise a name. Raises `BadName`, and `KnowledgeBaseForbidden` when the caller may not use it."""
        name = spelled(text)
        if not name:
            raise BlankName(name=text)
        if "/" in name:
            raise BadName(name=text, reason_en="it points to another folder", reason_zh="它指向其他文件夹")
        if len(name) > MAX_CHARACTERS:
            reason_en, reason_zh = f"it has more than {MAX_CHARACTERS} characters", f"它超过 {MAX_CHARACTERS} 个字符"
            raise BadName(name=name[:40] + "…", reason_en=reason_en, reason_zh=reason_zh)
        if name.casefold().startswith(_DATABASE):
            raise BadName(name=text, reason_en="it is reserved for the database", reason_zh="它是数据库的保留名称")
        parsed = cls(_part(name, text))
        if not caller().may_use(parsed.key):
            raise KnowledgeBaseForbidden(name=parsed.text)
        return parsed

    @property
    def key(self) -> str:
        """Unique among knowledge bases."""
        return self.text.casefold()


@dataclass(frozen=True)
class FileName:
    """The name of a file inside a knowledge base: a relative path with `/`, such as `2024/report.pdf`."""

    text: str

    @classmethod
    def parse(cls, text: str) -> "FileName":
        """Check and normalise a name. Raises `BadName`."""
        name = spelled(text)
        if not name:
            raise BlankName(name=text)
        parts = [_part(part, text) for part in name.split("/")]
        if len(name.encode()) > MAX_PATH_BYTES:
            raise BadName(name=name[:40] + "…", reason_en="it is too long", reason_zh="它太长")
        return cls("/".join(parts))

    @property
    def suffix(self) -> str:
        """Suffix with its dot, lower case; empty when there is none."""
        return Path(self.text).suffix.lower()


@dataclass(frozen=True)
class Layout:
    """Where a knowledge base keeps what on disk."""

    root: Path

    @classmethod
    def of(cls, knowledge_bases: Path, name: str) -> "Layout":
        """The folders of a knowledge base whose name was parsed."""
        return cls(knowledge_bases / KbName.parse(name).text)

    @property
    def content(self) -> Path:
        """The files as uploaded."""
        return self.root / "content"

    @property
    def incoming(self) -> Path:
        """Uploads that are not published yet, each named by the hash of its bytes."""
        return self.root / ".incoming"

    @property
    def indexes(self) -> Path:
        """One folder for each generation of the index."""
        return self.root / "index"

    def index(self, generation: int) -> Path:
        """The folder of one index generation."""
        return self.indexes / str(generation)

    def file(self, name: str) -> Path:
        """The path of a file's bytes. Raises `BadName` when a link leads out of the content folder."""
        path = self.content / FileName.parse(name).text
        if not path.resolve().is_relative_to(self.content.resolve()):
            raise BadName(name=name, reason_en="it points to another folder", reason_zh="它指向其他文件夹")
        return path
