"""Rows of the table of documents, as the library's tree is built from them."""

from __future__ import annotations

import os
from pathlib import Path

from core.domain.documents import DocumentState
from core.store.documents.documents import DocumentRow


def document_row(
    number: int, path: str, state: DocumentState = DocumentState.INDEXED, reason: str = "", folder: int = 1
) -> DocumentRow:
    return number, folder, os.fsencode(Path(path)), Path(path).stem, state.value, reason, 10, 0, None, 1, ""
