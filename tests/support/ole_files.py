"""Writes OLE containers, the files of old Office ([MS-CFB])."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECTOR, MINI_SECTOR, MINI_LIMIT = 512, 64, 4096
END, FREE, FAT, NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF


@dataclass(slots=True)
class _Entry:
    name: str
    kind: int
    data: bytes = b""
    children: dict[str, _Entry] = field(default_factory=dict)
    start: int = END
    left: int = NONE
    right: int = NONE
    child: int = NONE


def write_ole(path: Path, streams: Mapping[str, bytes]) -> Path:
    """Write a container of these streams; "a/b" is the stream b in the storage a."""
    root = _Entry("Root Entry", 5)
    for name, data in streams.items():
        *folders, leaf = name.split("/")
        storage = root
        for folder in folders:
            storage = storage.children.setdefault(folder, _Entry(folder, 1))
        storage.children[leaf] = _Entry(leaf, 2, data)
    entries = _numbered(root)
    mini, mini_fat, sectors, fat = b"", list[int](), list[bytes](), list[int]()

    def chain(data: bytes) -> int:
        count = -(-len(data) // SECTOR)
        first = len(sectors)
        for index in range(count):
            sectors.append(data[index * SECTOR : (index + 1) * SECTOR].ljust(SECTOR, b"\0"))
            fat.append(first + index + 1 if index + 1 < count else END)
        return first if count else END

    for entry in entries:
        if entry.kind == 2 and len(entry.data) >= MINI_LIMIT:
            entry.start = chain(entry.data)
        elif entry.kind == 2 and entry.data:
            count = -(-len(entry.data) // MINI_SECTOR)
            entry.start = len(mini_fat)
            mini_fat += [*range(entry.start + 1, entry.start + count), END]
            mini += entry.data.ljust(count * MINI_SECTOR, b"\0")
    root.data, root.start = mini, chain(mini)
    mini_fat_bytes = struct.pack(f"<{len(mini_fat)}I", *mini_fat)
    mini_start = chain(mini_fat_bytes + b"\xff" * (-len(mini_fat_bytes) % SECTOR))
    directory_start = chain(b"".join(_directory_entry(entry) for entry in entries))
    fat_count = -(-(len(sectors) + 2) // (SECTOR // 4))
    fat_start = len(sectors)
    fat += [FAT] * fat_count
    fat_bytes = struct.pack(f"<{len(fat)}I", *fat)
    fat_bytes += b"\xff" * (-len(fat_bytes) % SECTOR)
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, 0, fat_count, directory_start, 0, MINI_LIMIT,
        mini_start, -(-len(mini_fat_bytes) // SECTOR), END, 0,
    )  # fmt: skip
    difat = [*range(fat_start, fat_start + fat_count), *[FREE] * (109 - fat_count)]
    path.write_bytes(header + struct.pack("<109I", *difat) + b"".join(sectors) + fat_bytes)
    return path


def _numbered(root: _Entry) -> list[_Entry]:
    """Return all entries, root first, with their links set. The children of an entry form a degenerate tree: each has
    only a right child."""
    entries = [root]
    queue = [root]
    while queue:
        parent = queue.pop(0)
        ordered = sorted(parent.children.values(), key=lambda child: (len(child.name), child.name.upper()))
        numbers = [len(entries) + index for index in range(len(ordered))]
        entries += ordered
        queue += ordered
        parent.child = numbers[0] if numbers else NONE
        for child, following in zip(ordered, [*numbers[1:], NONE], strict=False):
            child.right = following
    return entries


def _directory_entry(entry: _Entry) -> bytes:
    name = (entry.name + "\0").encode("utf-16-le")
    numbers = (entry.left, entry.right, entry.child)
    start = entry.start if entry.kind != 1 else 0
    return struct.pack(
        "<64sHBB3I16sI8s8sIII", name, len(name), entry.kind, 1, *numbers, b"", 0, b"", b"", start, len(entry.data), 0
    )


def write_doc(path: Path, text: str, *, wide: str = "", encrypted: bool = False) -> Path:
    """Write a Word 97 file of `text` in one eight-bit piece and `wide` in a piece of UTF-16."""
    main = bytearray(2048)
    struct.pack_into("<HH", main, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", main, 0x0A, 0x0200 | (0x0100 if encrypted else 0))
    narrow = text.encode("cp1252")
    start, wide_start = len(main), len(main) + len(narrow)
    ends = struct.pack("<3I", 0, len(text), len(text) + len(wide))
    pieces = struct.pack("<HIH", 0, (start * 2) | 0x4000_0000, 0) + struct.pack("<HIH", 0, wide_start, 0)
    clx = b"\x02" + struct.pack("<I", len(ends + pieces)) + ends + pieces
    struct.pack_into("<II", main, 0x01A2, 0, len(clx))
    return write_ole(path, {"WordDocument": bytes(main) + narrow + wide.encode("utf-16-le"), "1Table": clx})


def record(kind: int, content: bytes, *, container: bool = False, instance: int = 0) -> bytes:
    """Return a record of a PowerPoint file ([MS-PPT] 2.3.1)."""
    return struct.pack("<HHI", (instance << 4) | (0xF if container else 0), kind, len(content)) + content
