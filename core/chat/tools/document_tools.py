"""The tools that a model may call while it answers: they search and read documents, and change nothing.

Their results are text of documents and are given to the model as that: nothing in them can call a tool, widen the scope
or leave the machine. The docstrings and annotations of the tools describe them to the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MethodType
from typing import Annotated

from core.chat.prompt import passage_text
from core.chat.sources import SourceNumbering
from core.chat.tools.toolbox import ArgumentError, Toolbox, tool_spec
from core.domain.conversation import WHOLE_LIBRARY
from core.domain.documents import DocumentText, Passage
from core.domain.file_names import comparison_key, disambiguated_names
from core.domain.heading_paths import section_over
from core.domain.locations import location_in, page_at, unit_in_english, was_recognised
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
"""Of each side of a difference: a paragraph may be megabytes long, and its beginning is enough of a source."""


@dataclass(frozen=True, slots=True)
class DocumentAccess:
    """The services through which tools look into documents."""

    library: Library
    scopes: Scopes
    retriever: Retriever
    phrases: PhraseSearch


class DocumentTools:
    """The tools of one turn. Passages they return are numbered by `numbering`, so that the answer can cite them. Only
    the documents with `document_ids` are visible to them (None: all). Once `cancel` is set, a search waits for
    nothing."""

    def __init__(
        self,
        access: DocumentAccess,
        numbering: SourceNumbering,
        document_ids: frozenset[int] | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self._access = access
        self._numbering = numbering
        self._document_ids = document_ids
        self._cancel = cancel

    def toolbox(self) -> Toolbox:
        """Return the tools for the model to call."""
        return Toolbox([MethodType(tool, self) for tool in _TOOLS])

    def search_documents(
        self,
        query: Annotated[str, "what to look for, in the words the documents would use"],
        limit: Annotated[int, "passages at most, 1 to 10"] = 4,
    ) -> str:
        """Search the person's documents again with other words, when the passages given do not answer the question."""
        if not query.split():
            raise ArgumentError("argument 'query' is empty")
        found = self._access.retriever.search(
            query,
            limit=max(1, min(limit, 10)),
            max_chars=MAX_READ_CHARS,
            documents=self._document_ids,
            rerank=True,
            cancel=self._cancel,
        )
        return self._numbered(found.passages) or "Nothing found."

    def find_text(self, text: Annotated[str, "the exact words, name or number"]) -> str:
        """Find every place where exact words stand in the person's documents, with a little of what surrounds them."""
        if not text.split():
            raise ArgumentError("argument 'text' is empty")
        found = self._access.phrases.find(text, self._document_ids, MAX_TEXT_MATCHES)
        if not found.total:
            return "These exact words were not found."
        head = f"{found.total} places in {found.documents_read} documents looked at"
        if found.documents_unread:
            head += f"; {found.documents_unread} more documents may hold them and were not looked at"
        if found.total > len(found.passages):
            head += f"; the first {len(found.passages)}"
        return f"{head}:\n\n{self._numbered(found.passages)}"

    def list_documents(self, name_contains: Annotated[str, "only files with this in their name"] = "") -> str:
        """List the person's documents by name."""
        wanted = comparison_key(name_contains)
        paths = (path for _, path in self._visible() if wanted in comparison_key(path.name))
        names = sorted(disambiguated_names(paths).values())
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
        document = self._document_text(name)
        text, pages = document.text, document.pages
        if page:
            if not 1 <= page <= len(pages):
                raise ArgumentError(f"{name!r} has {len(pages)} {unit_in_english(document.document.path.name)}")
            start = pages[page - 1]
        start = max(0, min(start, len(text)))
        end = min(len(text), start + max(1, min(length, MAX_READ_CHARS)))
        rest = f"; {len(text) - end} more follow" if end < len(text) else ""
        return f"characters {start} to {end} of {len(text)}{rest}\n{self._numbered([_passage(document, start, end)])}"

    def compare(
        self,
        old: Annotated[str, "the earlier file's name, as listed"],
        new: Annotated[str, "the later file's name, as listed"],
    ) -> str:
        """Tell what differs between two documents: what was added, removed, changed or moved."""
        before, after = self._document_text(old), self._document_text(new)
        found = differences(before.text, after.text)
        if not found:
            return "The two documents say the same, word for word."
        lines: list[str] = []
        room = MAX_COMPARISON_CHARS
        for difference in found[:MAX_DIFFERENCES]:
            sides = _sides(difference, before, after)
            room -= sum(len(side.text) for side in sides) + min(len(difference.words), MAX_SIDE_CHARS)
            if room < 0:  # checked before numbering, as only passages that are shown become sources
                break
            lines.append(self._describe(difference, sides))
        left = len(found) - len(lines)
        more = f"\n\n(and {left} more differences that are not shown)" if left else ""
        return f"{len(found)} differences\n\n" + "\n\n".join(lines) + more

    def _describe(self, difference: Difference, sides: Sequence[Passage]) -> str:
        words = f": {_cut(difference.words)}" if difference.words else ""
        spans = [span for span in (difference.old, difference.new) if span is not None]
        left = sum(max(0, end - start - MAX_SIDE_CHARS) for start, end in spans[-len(sides) :])
        more = f"\n(and {left} more characters of it)" if left else ""
        return f"{difference.kind.value}{words}\n{self._numbered(sides)}{more}"

    def _numbered(self, passages: Sequence[Passage]) -> str:
        """Render `passages` for the model, each with its number; those it has been given before by number alone."""
        given_before, new = self._numbering.add(passages)
        names = disambiguated_names(source.path for source in (*new, *given_before))
        parts = [passage_text(source, names[source.path]) for source in new]
        if given_before:
            parts.append("Already given: " + ", ".join(f"[{source.number}]" for source in given_before))
        return "\n\n".join(parts)

    def _document_text(self, name: str) -> DocumentText:
        document = self._access.library.document_text(self._document_id(name))
        if document is None:
            raise ArgumentError(f"{name!r} has just left the library")
        return document

    def _document_id(self, name: str) -> int:
        """Find the document of this name, or the only one whose name contains `name`."""
        wanted = name.strip().removeprefix("@").strip('"')
        found = [i for i in self._access.scopes.documents_named(wanted) if self._can_see(i)]
        if not found and wanted:
            found = [i for i, path in self._visible() if comparison_key(wanted) in comparison_key(path.name)]
        if not found:
            raise ArgumentError(f"there is no document named {name!r}; list_documents tells the names")
        if len(found) > 1:
            paths = [str(path) for i, path in self._visible() if i in found[:10]]
            raise ArgumentError("several documents match; give the name with its folder: " + "; ".join(paths))
        return found[0]

    def _visible(self) -> Iterator[tuple[int, Path]]:
        """Yield id and path of each document that the tools may read."""
        for document_id, path, _ in self._access.scopes.documents(WHOLE_LIBRARY):
            if self._can_see(document_id):
                yield document_id, path

    def _can_see(self, document_id: int) -> bool:
        return self._document_ids is None or document_id in self._document_ids


_TOOLS: tuple[Callable[..., str], ...] = (
    DocumentTools.search_documents,
    DocumentTools.find_text,
    DocumentTools.list_documents,
    DocumentTools.read_document,
    DocumentTools.compare,
)
TOOL_SPECS = tuple(map(tool_spec, _TOOLS))
"""Describes the tools to the model. The same in every turn, so that the KV cache of the instructions stays valid."""


def _sides(difference: Difference, before: DocumentText, after: DocumentText) -> list[Passage]:
    """The passages of `difference` in both documents, cut to what is shown; for a moved one, only the new passage."""
    sides = [
        _passage(document, span[0], min(span[1], span[0] + MAX_SIDE_CHARS))
        for document, span in ((before, difference.old), (after, difference.new))
        if span is not None
    ]
    return sides[1:] if difference.kind is DifferenceKind.MOVED else sides


def _cut(text: str) -> str:
    more = len(text) - MAX_SIDE_CHARS
    return text if more <= 0 else f"{text[:MAX_SIDE_CHARS]}… ({more} more characters)"


def _passage(text: DocumentText, start: int, end: int) -> Passage:
    return Passage(
        rank=1,
        score=0.0,
        document_id=text.document.id,
        path=text.document.path,
        title=text.document.title,
        page=page_at(text.pages, start),
        section=section_over(text.headings, start, end),
        start=start,
        end=end,
        text=text.text[start:end],
        recognised=was_recognised(text, start, end),
        location=location_in(text, start, end),
    )
