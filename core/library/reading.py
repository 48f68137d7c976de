"""From a file to what is stored of it: look at the file, have it parsed, cut it into passages."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from core.library.context import content_hash, document_context, embedded_text, own_title
from core.parsing.chunking import chunk
from core.parsing.document import ParsedDocument
from core.store.contents import ChunkRecord, FileStamp, Reading

BLOCK_BYTES = 1 << 20


def look_at(path: Path, largest_bytes: int | None = None) -> FileStamp:
    """Size, time of change and a hash of all bytes, without the hash if there are more than `largest_bytes`. Raises
    `OSError`."""
    checked_ns = time.time_ns()
    digest = hashlib.blake2b(digest_size=20)
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if largest_bytes is not None and status.st_size > largest_bytes:
            return FileStamp(status.st_size, status.st_mtime_ns, checked_ns)
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return FileStamp(status.st_size, status.st_mtime_ns, checked_ns, digest.digest())


def still_same(path: Path, stamp: FileStamp) -> bool:
    """Whether the file has not been written since `stamp` was taken, as far as its size and time tell."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (stamp.size_bytes, stamp.modified_ns)


def reading_of(path: Path, stamp: FileStamp, parsed: ParsedDocument) -> Reading:
    """What is stored of `parsed`, which was read from `path` while `stamp` held."""
    title = parsed.title or path.stem
    own = own_title(path, title)
    text = parsed.text
    chunks = tuple(
        ChunkRecord(
            piece.start,
            piece.end,
            piece.page,
            piece.section,
            content_hash(embedded_text(own, piece.section, text[piece.start : piece.end])),
        )
        for piece in chunk(parsed)
    )
    return Reading(
        stamp=stamp,
        text=text,
        title=title,
        context=document_context(path, title, text),
        format=parsed.format,
        chunks=chunks,
        pages=parsed.pages,
        page_labels=parsed.page_labels,
        warnings=parsed.warnings,
        recognised=parsed.recognised,
        pictures=parsed.unread_pages,
        rows=parsed.rows,
    )
