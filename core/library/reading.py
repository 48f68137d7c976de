"""From a file to what is stored of it: look at the file, have it parsed, cut it into passages.

Passages are sized in characters, the same with and without an embedding model, so that another model finds them as they
are; but none is longer than the model in use reads at once.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.chunking.chunker import chunk
from core.domain.file_names import readable
from core.library.context import content_hash, document_context, embedded_text, own_title
from core.parsing.document import ParsedDocument
from core.store.documents.contents import FileStat, NewContent, NewPassage
from core.store.documents.stored_pages import StoredPages
from core.text.language import is_latin

if TYPE_CHECKING:
    from models.embedder import EmbedderSpec

BLOCK_BYTES = 1 << 20
ENDS = 8  # tokens beside those of the text, at most


class TokenCounter(Protocol):
    """What is needed of an embedding model (`models.embedder.Embedder`)."""

    @property
    def spec(self) -> EmbedderSpec: ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]: ...


def file_stat(path: Path, largest_bytes: int | None = None) -> FileStat:
    """Size, time of change and a hash of all bytes, without the hash if there are more than `largest_bytes`. Raises
    `OSError`."""
    checked_ns = time.time_ns()
    digest = hashlib.blake2b(digest_size=20)
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if largest_bytes is not None and status.st_size > largest_bytes:
            return FileStat(status.st_size, status.st_mtime_ns, checked_ns)
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return FileStat(status.st_size, status.st_mtime_ns, checked_ns, digest.digest())


def is_unchanged(path: Path, stamp: FileStat) -> bool:
    """Whether the file has not been written since `stamp` was taken, as far as its size and time tell."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (stamp.size_bytes, stamp.modified_ns)


def content_of(
    path: Path,
    stamp: FileStat,
    parsed: ParsedDocument,
    embedder: TokenCounter | None = None,
    recognised_in: str = "",
) -> NewContent:
    """What is stored of `parsed`, which was read from `path` while `stamp` held, pictures in these languages; in
    passages that `embedder` reads whole."""
    title = readable(parsed.title or path.stem)
    own = own_title(path, title)
    text = parsed.text

    def fits(section: str, body: str) -> bool:
        return embedder is None or _is_read_whole(embedder, embedded_text(own, section, body), body)

    pieces = chunk(parsed, fits=fits)
    chunks = tuple(
        NewPassage(
            piece.start,
            piece.end,
            piece.page,
            piece.section,
            content_hash(embedded_text(own, piece.section, text[piece.start : piece.end])),
        )
        for piece in pieces
    )
    headings = tuple(heading for piece in pieces for heading in piece.headings)
    return NewContent(
        stamp=stamp,
        text=text,
        title=title,
        context=document_context(path, title, text),
        format=parsed.format,
        chunks=chunks,
        pages=StoredPages(parsed.pages, parsed.page_labels, parsed.recognised, parsed.pictured, headings),
        warnings=parsed.warnings,
        recognised_in=recognised_in if parsed.recognised or parsed.pictured else "",
        pictures=parsed.unread_pages,
        rows=parsed.rows,
    )


def _is_read_whole(embedder: TokenCounter, text: str, body: str) -> bool:
    """Whether the model reads all of `text`, of which `body` is the passage's own, at once. No token stands for less
    than a byte. One that knows English alone is not asked about other scripts: what it makes of them decides
    nothing."""
    spec = embedder.spec
    if len(text.encode("utf-8", "replace")) + len(spec.passage_prefix.encode()) + ENDS <= spec.max_tokens:
        return True
    if spec.english_only and not body.isascii() and not is_latin(body):
        return True
    try:
        return embedder.count_tokens([text])[0] <= spec.max_tokens
    except RuntimeError:
        return True  # another model took its place this moment; what is too long is embedded in parts
