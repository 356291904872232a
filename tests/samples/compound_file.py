"""Write a compound file, the container of old Office files and of mails saved by Outlook."""

import struct
from dataclasses import dataclass, field
from typing import Union

_SECTOR, _SMALL_SECTOR, _SMALL = 512, 64, 4096
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_STORAGE, _STREAM, _ROOT = 1, 2, 5

Tree = dict[str, Union[bytes, "Tree"]]


@dataclass
class _Disk:
    """Sectors of one size, and for each the number of the one that follows it."""

    size: int
    sectors: list[bytes] = field(default_factory=list)
    chain: list[int] = field(default_factory=list)

    def write(self, content: bytes) -> int:
        start = len(self.sectors)
        for at in range(0, len(content), self.size):
            self.sectors.append(content[at : at + self.size].ljust(self.size, b"\0"))
            self.chain.append(len(self.sectors))
        if not content:
            return _END
        self.chain[-1] = _END
        return start


@dataclass
class _Entry:
    name: str
    kind: int
    start: int = 0
    size: int = 0
    after: int = _FREE
    child: int = _FREE

    def packed(self) -> bytes:
        wide = self.name.encode("utf-16-le")
        numbers = (len(wide) + 2, self.kind, 1, _FREE, self.after, self.child, 0, self.start, self.size)
        return struct.pack("<64sHBBIII16xI16xIQ", wide, *numbers)


def compound_file(tree: Tree) -> bytes:
    """The bytes of a file with these streams and folders."""
    disk, small = _Disk(_SECTOR), _Disk(_SMALL_SECTOR)
    root = _Entry("Root Entry", _ROOT)
    entries = [root]
    _add(tree, root, entries, (disk, small))
    content = b"".join(small.sectors)
    root.start, root.size = disk.write(content), len(content)
    small_chain = disk.write(_numbers(small.chain))
    directory = disk.write(b"".join(entry.packed() for entry in entries))
    count = 1
    while count * _SECTOR // 4 < len(disk.chain) + count:
        count += 1
    places = range(len(disk.sectors), len(disk.sectors) + count)
    disk.chain += [_FAT] * count
    head = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    small_count = -(-len(small.chain) * 4 // _SECTOR)
    head += struct.pack("<9I", 0, count, directory, 0, _SMALL, small_chain, small_count, _END, 0)
    head += struct.pack("<109I", *places, *[_FREE] * (109 - count))
    return head + b"".join(disk.sectors) + _numbers(disk.chain)


def _numbers(chain: list[int]) -> bytes:
    """Filled up to whole sectors."""
    room = -len(chain) % (_SECTOR // 4)
    return struct.pack(f"<{len(chain) + room}I", *chain, *[_FREE] * room)


def _add(tree: Tree, parent: _Entry, entries: list[_Entry], disks: tuple[_Disk, _Disk]) -> None:
    before: _Entry | None = None
    # The entries of a folder form a search tree; a chain to the right is one, in the order the format asks for.
    for name in sorted(tree, key=lambda each: (len(each), each.upper())):
        content = tree[name]
        if before is None:
            parent.child = len(entries)
        else:
            before.after = len(entries)
        before = _Entry(name, _STREAM if isinstance(content, bytes) else _STORAGE)
        entries.append(before)
        if isinstance(content, bytes):
            before.start, before.size = disks[len(content) < _SMALL].write(content), len(content)
        else:
            _add(content, before, entries, disks)
