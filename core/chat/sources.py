"""The numbered passages of a conversation: what a "[3]" in an answer stands for."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.conversation import ChatMessage
from core.domain.documents import Citation, Passage, Support


class SourceNumbering:
    """Numbers passages as they are given to the model; one that the conversation holds already, word for word,
    keeps its number.
    `given` are the sources of earlier messages, in any order."""

    def __init__(self, sources: Sequence[Citation] = ()) -> None:
        self._all = list(sources)
        self._next = max((source.number for source in sources), default=0) + 1

    @property
    def sources(self) -> tuple[Citation, ...]:
        return tuple(self._all)

    def add(self, passages: Sequence[Passage]) -> tuple[list[Citation], list[Citation]]:
        """`passages` as sources, in two lists: held already, and new."""
        held = {(source.path, source.start, source.end, source.quote): source for source in self._all}
        known: list[Citation] = []
        new: list[Citation] = []
        for passage in passages:
            if earlier := held.get((passage.path, passage.start, passage.end, passage.text)):
                known.append(earlier)
            else:
                new.append(_source(self._next, passage))
                self._next += 1
        self._all.extend(new)
        return known, new


def sources_of(history: Sequence[ChatMessage]) -> tuple[Citation, ...]:
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
        spot=passage.spot,
    )
