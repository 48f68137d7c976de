"""Makes what is stored of a parsed file: digest of the file, passages, context.

Passages are sized in characters, the same with and without an embedding model, so that another model finds them
unchanged; but none is longer than the model in use reads at once.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.chunking.chunker import fitting_passages
from core.domain.cut_text import CutText
from core.domain.file_names import readable
from core.library.context import content_hash, distinct_title, document_context, embedded_text
from core.parsing.document import ParsedDocument
from core.store.documents.contents import FileStat, NewContent
from core.store.documents.passage_changes import NewPassage
from core.store.documents.stored_pages import StoredPages
from core.text.language import is_latin

if TYPE_CHECKING:
    from models.embedder import EmbedderSpec

BLOCK_BYTES = 1 << 20
SPECIAL_TOKENS = 8  # tokens that a model adds to those of the text, at most


class TokenCounter(Protocol):
    """The part of an embedding model used here (`models.embedder.Embedder`)."""

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


def is_unchanged(path: Path, stat: FileStat) -> bool:
    """Whether the file has not been written since `stat` was taken, judging by its size and time."""
    try:
        status = os.stat(path)
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (stat.size_bytes, stat.modified_ns)


def new_content(
    path: Path,
    stat: FileStat,
    parsed: ParsedDocument,
    cut: CutText | None,
    embedder: TokenCounter | None = None,
    recognised_in: str = "",
) -> NewContent:
    """What to store of `parsed`, which was parsed from `path` when that had `stat` and then `cut`, with OCR in the
    languages `recognised_in`. The passages are such that `embedder` reads each at once."""
    if cut is None:
        raise ValueError("parsed without a cutter")
    title = readable(parsed.title or path.stem)
    embedded_title = distinct_title(path, title)
    text = parsed.text

    def fits(section: str, body: str) -> bool:
        return embedder is None or _is_read_whole(embedder, embedded_text(embedded_title, section, body), body)

    pieces = fitting_passages(parsed, cut, None if embedder is None else fits)
    passages = tuple(
        NewPassage(
            piece.start,
            piece.end,
            piece.page,
            piece.section,
            content_hash(embedded_text(embedded_title, piece.section, text[piece.start : piece.end])),
            piece.terms,
        )
        for piece in pieces
    )
    headings = tuple(heading for piece in pieces for heading in piece.headings)
    return NewContent(
        file=stat,
        text=text,
        title=title,
        context=document_context(path, title, text),
        format=parsed.format,
        passages=passages,
        pages=StoredPages(parsed.pages, parsed.page_labels, parsed.ocr_pages, parsed.ocr_ranges, headings),
        warnings=parsed.warnings,
        recognised_in=recognised_in if parsed.ocr_pages or parsed.ocr_ranges else "",
        unread_pictures=parsed.unread_pictures,
        rows=parsed.rows,
    )


def _is_read_whole(embedder: TokenCounter, text: str, body: str) -> bool:
    """Whether the model reads all of `text` at once, of which `body` is the passage's own. Every token stands
    for at least a byte, so that a short text need not be counted. For a model that knows only English, texts in other
    scripts are not counted either."""
    spec = embedder.spec
    if len(text.encode("utf-8", "replace")) + len(spec.passage_prefix.encode()) + SPECIAL_TOKENS <= spec.max_tokens:
        return True
    if spec.english_only and not body.isascii() and not is_latin(body):
        return True
    try:
        return embedder.count_tokens([text])[0] <= spec.max_tokens
    except RuntimeError:
        return True  # the model was just closed for another one; what is too long for that is embedded in parts
