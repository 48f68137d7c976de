"""What is indexed and embedded of its document with each passage, so that it is found and understood on its own."""

from __future__ import annotations

import hashlib
from pathlib import Path

from core.domain.file_names import readable

BEGINNING_CHARS = 200  # characters; on near-identical reports they lifted BM25's top three from 35 % to 87 %
EMBEDDED_TEXT_VERSION = 1  # of `embedded_text`; part of every content hash


def document_context(path: Path, title: str, text: str) -> str:
    """What the keyword index holds of the document with every passage: file name, title, beginning."""
    beginning = text[: BEGINNING_CHARS * 2].lstrip()[:BEGINNING_CHARS]
    return "\n".join((readable(path.name), title, beginning))


def distinct_title(path: Path, title: str) -> str:
    """The document's title if it says more than the file name, else ""; renaming the file does not change it."""
    return "" if title in (readable(path.stem), readable(path.name)) else title


def embedded_text(title: str, section: str, text: str) -> str:
    """The text that is embedded for a passage. `title` as from `distinct_title`."""
    head = section if section.startswith(title) else f"{title} › {section}" if section else title
    return f"{head}\n{text}" if head else text


def content_hash(embedded: str) -> bytes:
    """Hash of what is embedded: passages with the same hash have the same vector."""
    return hashlib.blake2b(
        f"{EMBEDDED_TEXT_VERSION}\0{embedded}".encode("utf-8", "surrogatepass"), digest_size=16
    ).digest()
