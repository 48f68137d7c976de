"""The numbered sources of a conversation: which passage a "[3]" in an answer cites."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.conversation import ChatMessage
from core.domain.documents import Citation, Passage, Support


class SourceNumbering:
    """Numbers the passages that the model is given, starting from the `sources` of earlier messages (in any order). A
    passage that is among them with the same words keeps its number."""

    def __init__(self, sources: Sequence[Citation] = ()) -> None:
        self._all = list(sources)
        self._next = max((source.number for source in sources), default=0) + 1

    @property
    def sources(self) -> tuple[Citation, ...]:
        return tuple(self._all)

    def add(self, passages: Sequence[Passage]) -> tuple[list[Citation], list[Citation]]:
        """Number `passages`; return those that were numbered before, then the new ones."""
        numbered = {(source.path, source.start, source.end, source.quote): source for source in self._all}
        given_before: list[Citation] = []
        new: list[Citation] = []
        for passage in passages:
            if earlier := numbered.get((passage.path, passage.start, passage.end, passage.text)):
                given_before.append(earlier)
            else:
                new.append(_source(self._next, passage))
                self._next += 1
        self._all.extend(new)
        return given_before, new


def sources_of(history: Sequence[ChatMessage]) -> tuple[Citation, ...]:
    """Return the sources of all messages, in order."""
    return tuple(source for message in history for source in message.sources)


def _source(number: int, passage: Passage) -> Citation:
    return Citation(
        number=number,
        document_id=passage.document_id,
        path=passage.path,
        title=passage.title,
        page=passage.page,
        section=passage.section,
        start=passage.start,
        end=passage.end,
        quote=passage.text,
        support=Support.UNCHECKED,
        recognised=passage.recognised,
        location=passage.location,
    )
