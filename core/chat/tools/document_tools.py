"""The tools a model has while it answers: to look further in the documents, and nothing else; all read-only.

What they find is text of documents, given to the model as such: nothing in it can call a tool, widen the scope or leave
the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

from core.chat.prompt import passage_text
from core.chat.sources import SourceNumbering
from core.chat.tools.toolbox import ArgumentError, Toolbox
from core.domain.conversation import WHOLE_LIBRARY
from core.domain.documents import DocumentText, Passage
from core.domain.file_names import compared, disambiguated_names
from core.domain.heading_paths import section_over
from core.domain.locations import page_at, spot_in, unit_in_english, was_recognised
from core.library.library import Library
from core.retrieval.phrase_search import PhraseSearch
from core.retrieval.retriever import Retriever
from core.store.documents.scopes import Scopes
from core.text.document_diff import Difference, DifferenceKind, differences
from models.cancel import CancelToken

MAX_READ_CHARS = 4000
MAX_LISTED_NAMES = 60
MAX_TEXT_MATCHES = 12
MAX_DIFFERENCES = 30
MAX_COMPARISON_CHARS = 5000
MAX_SIDE_CHARS = 1500
"""Of each side of a difference: a paragraph without end is no source of two million characters."""


class DocumentTools:
    """The functions of one turn. What they find is numbered in `book`, so that the answer can cite it; they see the
    documents of `scope` and no others (None: all). Once `cancel` is set, a search does not wait."""

    def __init__(
        self,
        library: Library,
        scopes: Scopes,
        retriever: Retriever,
        phrases: PhraseSearch,
        book: SourceNumbering,
        scope: frozenset[int] | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._library = library
        self._scopes = scopes
        self._retriever = retriever
        self._phrases = phrases
        self._book = book
        self._scope = scope
        self._cancel = cancel

    def toolbox(self) -> Toolbox:
        functions: Sequence[Callable[..., str]] = (
            self.search_documents,
            self.find_text,
            self.list_documents,
            self.read_document,
            self.compare,
        )
        return Toolbox(functions)

    def search_documents(
        self,
        query: Annotated[str, "what to look for, in the words the documents would use"],
        limit: Annotated[int, "passages at most, 1 to 10"] = 4,
    ) -> str:
        """Search the person's documents again with other words, when the passages given do not answer the question."""
        if not query.split():
            raise ArgumentError("argument 'query' is empty")
        found = self._retriever.search(
            query,
            limit=max(1, min(limit, 10)),
            max_chars=MAX_READ_CHARS,
            documents=self._scope,
            rerank=True,
            cancel=self._cancel,
        )
        return self._numbered(found.passages) or "Nothing found."

    def find_text(self, text: Annotated[str, "the exact words, name or number"]) -> str:
        """Find every place where exact words stand in the person's documents, with a little of what surrounds them."""
        if not text.split():
            raise ArgumentError("argument 'text' is empty")
        found = self._phrases.find(text, self._scope, MAX_TEXT_MATCHES)
        if not found.total:
            return "These exact words were not found."
        head = f"{found.total} places in {found.read} documents looked at"
        if found.unread:
            head += f"; {found.unread} more documents may hold them and were not looked at"
        if found.total > len(found.places):
            head += f"; the first {len(found.places)}"
        return f"{head}:\n\n{self._numbered(found.places)}"

    def list_documents(self, name_contains: Annotated[str, "only files with this in their name"] = "") -> str:
        """List the person's documents by name."""
        wanted = compared(name_contains)
        paths = (path for document_id, path, _ in self._scopes.documents(WHOLE_LIBRARY) if self._sees(document_id))
        names = sorted(disambiguated_names(path for path in paths if wanted in compared(path.name)).values())
        listed = "\n".join(names[:MAX_LISTED_NAMES])
        more = f"\n(and {len(names) - MAX_LISTED_NAMES} more)" if len(names) > MAX_LISTED_NAMES else ""
        return f"{len(names)} documents\n{listed}{more}"

    def read_document(
        self,
        name: Annotated[str, "the file's name, as listed"],
        start: Annotated[int, "offset in characters to read from"] = 0,
        length: Annotated[int, "characters to read, up to 4000"] = MAX_READ_CHARS,
        page: Annotated[int, "page, slide or sheet to read from instead, counted from 1; 0 for none"] = 0,
    ) -> str:
        """Read a part of one document."""
        stored = self._text(name)
        text, pages = stored.text, stored.pages
        if page:
            if not 1 <= page <= len(pages):
                raise ArgumentError(f"{name!r} has {len(pages)} {unit_in_english(stored.document.path.name)}")
            start = pages[page - 1]
        start = max(0, min(start, len(text)))
        end = min(len(text), start + max(1, min(length, MAX_READ_CHARS)))
        rest = f"; {len(text) - end} more follow" if end < len(text) else ""
        return f"characters {start} to {end} of {len(text)}{rest}\n{self._numbered([_passage(stored, start, end)])}"

    def compare(
        self,
        old: Annotated[str, "the earlier file's name, as listed"],
        new: Annotated[str, "the later file's name, as listed"],
    ) -> str:
        """Tell what differs between two documents: what was added, removed, changed or moved."""
        before, after = self._text(old), self._text(new)
        found = differences(before.text, after.text)
        if not found:
            return "The two documents say the same, word for word."
        lines: list[str] = []
        room = MAX_COMPARISON_CHARS
        for difference in found[:MAX_DIFFERENCES]:
            sides = _sides(difference, before, after)
            room -= sum(len(side.text) for side in sides) + min(len(difference.words), MAX_SIDE_CHARS)
            if room < 0:  # before they are numbered: what is not shown is no source
                break
            lines.append(self._compared(difference, sides))
        left = len(found) - len(lines)
        more = f"\n\n(and {left} more differences that are not shown)" if left else ""
        return f"{len(found)} differences\n\n" + "\n\n".join(lines) + more

    def _compared(self, difference: Difference, sides: Sequence[Passage]) -> str:
        words = f": {_cut(difference.words)}" if difference.words else ""
        spans = [span for span in (difference.old, difference.new) if span is not None]
        left = sum(max(0, end - start - MAX_SIDE_CHARS) for start, end in spans[-len(sides) :])
        more = f"\n(and {left} more characters of it)" if left else ""
        return f"{difference.kind.value}{words}\n{self._numbered(sides)}{more}"

    def _numbered(self, passages: Sequence[Passage]) -> str:
        """`passages` as the model reads them, each with its number; those given before by their number alone."""
        known, new = self._book.add(passages)
        names = disambiguated_names(source.path for source in (*new, *known))
        parts = [passage_text(source, names[source.path]) for source in new]
        if known:
            parts.append("Already given: " + ", ".join(f"[{source.number}]" for source in known))
        return "\n\n".join(parts)

    def _text(self, name: str) -> DocumentText:
        stored = self._library.document_text(self._named(name))
        if stored is None:
            raise ArgumentError(f"{name!r} has just left the library")
        return stored

    def _named(self, name: str) -> int:
        """The document of this name, or the only one whose name holds these words."""
        wanted = name.strip().removeprefix("@").strip('"')
        found = [i for i in self._scopes.named(wanted) if self._sees(i)]
        if not found and wanted:
            found = [
                i for i, path, _ in self._scopes.documents(WHOLE_LIBRARY) if self._sees(i) and _holds(path, wanted)
            ]
        if not found:
            raise ArgumentError(f"there is no document named {name!r}; list_documents tells the names")
        if len(found) > 1:
            paths = [str(path) for i, path, _ in self._scopes.documents(WHOLE_LIBRARY) if i in found[:10]]
            raise ArgumentError("several documents match; give the name with its folder: " + "; ".join(paths))
        return found[0]

    def _sees(self, document_id: int) -> bool:
        return self._scope is None or document_id in self._scope


def _sides(difference: Difference, before: DocumentText, after: DocumentText) -> list[Passage]:
    """Where it stands in both documents, as far as it is shown; of what was only moved, where it is now."""
    sides = [
        _passage(stored, span[0], min(span[1], span[0] + MAX_SIDE_CHARS))
        for stored, span in ((before, difference.old), (after, difference.new))
        if span is not None
    ]
    return sides[1:] if difference.kind is DifferenceKind.MOVED else sides


def _cut(words: str) -> str:
    return words if len(words) <= MAX_SIDE_CHARS else f"{words[:MAX_SIDE_CHARS]}… ({len(words) - MAX_SIDE_CHARS} more characters)"


def _holds(path: Path, words: str) -> bool:
    return compared(words) in compared(path.name)


def _passage(stored: DocumentText, start: int, end: int) -> Passage:
    document = stored.document
    page = page_at(stored.pages, start)
    return Passage(
        1, 0.0, document.id, document.path, document.title, page,
        section_over(stored.headings, start, end), start, end, stored.text[start:end],
        recognised=was_recognised(stored, start, end), spot=spot_in(stored, start, end),
    )  # fmt: skip
