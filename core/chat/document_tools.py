"""The tools a model has while it answers: to look further in the documents, and nothing else; all read-only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

from core.chat.prompt import passage_text
from core.chat.sources import SourceBook
from core.chat.tools import ArgumentError, Toolbox
from core.library.library import Library
from core.retrieval.retriever import Retriever
from core.values import Document, DocumentState, Passage

READ_CHARS = 4000
LISTED = 60
FOUND = 12
AROUND_CHARS = 160


class DocumentTools:
    """The functions of one turn. What they find is numbered in `book`, so that the answer can cite it."""

    def __init__(
        self, library: Library, retriever: Retriever, book: SourceBook, scope: frozenset[int] | None = None
    ) -> None:
        self._library = library
        self._retriever = retriever
        self._book = book
        self._scope = scope

    def toolbox(self) -> Toolbox:
        functions: Sequence[Callable[..., str]] = (
            self.search_documents,
            self.find_text,
            self.list_documents,
            self.read_document,
        )
        return Toolbox(functions)

    def search_documents(
        self,
        query: Annotated[str, "what to look for, in the words the documents would use"],
        limit: Annotated[int, "passages at most, 1 to 10"] = 4,
    ) -> str:
        """Search the person's documents again with other words, when the passages given do not answer the question."""
        found = self._retriever.search(query, limit=max(1, min(limit, 10)), max_chars=READ_CHARS, documents=self._scope)
        known, new = self._book.number(found.passages)
        parts = [passage_text(source) for source in new]
        if known:
            parts.append("Already given: " + ", ".join(f"[{source.number}]" for source in known))
        return "\n\n".join(parts) or "Nothing found."

    def find_text(self, text: Annotated[str, "the exact words, name or number"]) -> str:
        """Find exact words in the person's documents, with a little of what surrounds them."""
        wanted = " ".join(text.split()).casefold()
        if not wanted:
            raise ArgumentError("argument 'text' is empty")
        found = self._retriever.search(text, limit=4 * FOUND, documents=self._scope)
        hits = [passage for passage in found.passages if wanted in " ".join(passage.text.split()).casefold()]
        if not hits:
            return "These exact words were not found."
        return "\n".join(f"{hit.path.name}, offset {hit.start}: {_around(hit, wanted)}" for hit in hits[:FOUND])

    def list_documents(self, name_contains: Annotated[str, "only files with this in their name"] = "") -> str:
        """List the person's documents by name."""
        names = [d.path.name for d in self._documents() if name_contains.casefold() in d.path.name.casefold()]
        listed = "\n".join(sorted(names)[:LISTED])
        more = f"\n(and {len(names) - LISTED} more)" if len(names) > LISTED else ""
        return f"{len(names)} documents\n{listed}{more}"

    def read_document(
        self,
        name: Annotated[str, "the file's name, as listed"],
        start: Annotated[int, "offset in characters to read from"] = 0,
        length: Annotated[int, "characters to read, up to 4000"] = READ_CHARS,
    ) -> str:
        """Read a part of one document."""
        document = self._named(name)
        stored = self._library.document_text(document.id)
        if stored is None:
            raise ArgumentError(f"{name!r} has just left the library")
        text = stored.text
        start = max(0, min(start, len(text)))
        end = min(len(text), start + max(1, min(length, READ_CHARS)))
        passage = Passage(1, 0.0, document.id, document.path, document.title, None, "", start, end, text[start:end])
        known, new = self._book.number([passage])
        (source,) = known + new
        return f"characters {start} to {end} of {len(text)}\n{passage_text(source)}"

    def _documents(self) -> list[Document]:
        return [
            document
            for document in self._library.documents()
            if document.state is DocumentState.INDEXED and (self._scope is None or document.id in self._scope)
        ]

    def _named(self, name: str) -> Document:
        wanted = name.strip().casefold()
        found = [d for d in self._documents() if wanted in (d.path.name.casefold(), str(d.path).casefold())]
        found = found or [d for d in self._documents() if wanted and wanted in d.path.name.casefold()]
        if not found:
            raise ArgumentError(f"there is no document named {name!r}; list_documents tells the names")
        if len(found) > 1:
            raise ArgumentError("several documents match: " + "; ".join(str(d.path) for d in found[:10]))
        return found[0]


def _around(passage: Passage, wanted: str) -> str:
    flat = " ".join(passage.text.split())
    at = max(0, flat.casefold().find(wanted))
    return flat[max(0, at - AROUND_CHARS) : at + len(wanted) + AROUND_CHARS]
