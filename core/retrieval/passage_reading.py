"""Reads ranked passages from the store: their neighbours, their terms, and what is shown of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from sqlite3 import Connection

from core.domain.documents import Explanation, Location, Passage
from core.retrieval.passage_ranking import RankedPassage
from core.retrieval.selection import PassageRun
from core.store.documents import passages as stored_passages
from core.store.documents.locations import locations_of_ranges
from core.store.documents.passages import PassageSpan
from core.store.documents.texts import TextReader
from core.text.tokenizer import terms

NEIGHBOUR_REACH = 3
"""Passages on either side of a candidate that may be shown with it."""


class TermReader:
    """Reads the search terms of passages, each once. Lives as long as one read transaction."""

    def __init__(self, texts: TextReader) -> None:
        self._texts = texts
        self._terms: dict[int, list[str]] = {}

    def read(self, passages: Iterable[PassageSpan]) -> None:
        """Read the terms of these passages together."""
        by_document: dict[int, list[PassageSpan]] = {}
        for passage in passages:
            if passage.id not in self._terms:
                by_document.setdefault(passage.document_id, []).append(passage)
        ranges = {document_id: [(p.start, p.end) for p in wanted] for document_id, wanted in by_document.items()}
        for document_id, texts in self._texts.spans(ranges).items():
            self._terms.update((p.id, terms(text)) for p, text in zip(by_document[document_id], texts, strict=True))

    def terms_of(self, passage: PassageSpan) -> list[str]:
        """The terms of a passage's text, in order."""
        self.read((passage,))
        return self._terms[passage.id]


def texts_to_rerank(reader: TextReader, ranked: Sequence[RankedPassage]) -> list[str]:
    """What the reranking model reads of each passage: its heading path and its text."""
    found: list[str] = []
    for passage in (one.passage for one in ranked):
        (text,) = reader.spans({passage.document_id: [(passage.start, passage.end)]})[passage.document_id]
        found.append(f"{passage.section}\n{text}" if passage.section else text)
    return found


def with_neighbours(connection: Connection, found: Iterable[PassageSpan]) -> list[PassageSpan]:
    """These passages and up to `REACH` before and after each."""
    wanted: dict[int, set[int]] = {}
    for passage in found:
        reach = range(max(0, passage.ordinal - NEIGHBOUR_REACH), passage.ordinal + NEIGHBOUR_REACH + 1)
        wanted.setdefault(passage.document_id, set()).update(reach)
    runs = ((i, first, last) for i, ordinals in wanted.items() for first, last in _runs(sorted(ordinals)))
    return stored_passages.passage_runs(connection, runs)


def _runs(ordinals: Sequence[int]) -> Iterable[tuple[int, int]]:
    """Runs of consecutive numbers as (first, last)."""
    first = last = ordinals[0]
    for ordinal in ordinals[1:]:
        if ordinal > last + 1:
            yield first, last
            first = ordinal
        last = ordinal
    yield first, last


def shown_passages(
    connection: Connection, texts: TextReader, chosen: Sequence[PassageRun], reasons: Sequence[Explanation | None]
) -> tuple[Passage, ...]:
    """The chosen runs as passages to show, ranked in this order, each with its reason."""
    about = stored_passages.documents(connection, list({run.first.document_id for run in chosen}))
    recognised = stored_passages.recognised(connection, list(about))
    locations = _locations(connection, chosen)
    passages: list[Passage] = []
    for run, why in zip(chosen, reasons, strict=True):
        first, last = run.first, run.last
        path, title = about[first.document_id]
        (text,) = texts.spans({first.document_id: [(first.start, last.end)]})[first.document_id]
        passages.append(
            Passage(
                rank=len(passages) + 1,
                score=run.seed.score,
                document_id=first.document_id,
                path=Path(os.fsdecode(path)),
                title=title,
                page=run.seed.passage.page,
                section=run.seed.passage.section,
                start=first.start,
                end=last.end,
                text=text,
                why=why,
                recognised=any(
                    start < last.end and first.start < end for start, end in recognised.get(first.document_id, ())
                ),
                location=locations[first.id],
            )
        )
    return tuple(passages)


def _locations(connection: Connection, chosen: Sequence[PassageRun]) -> dict[int, Location]:
    """Locations by the id of each run's first passage."""
    by_document: dict[int, list[PassageRun]] = {}
    for run in chosen:
        by_document.setdefault(run.first.document_id, []).append(run)
    locations: dict[int, Location] = {}
    for document_id, runs in by_document.items():
        ordinals = ((document_id, run.first.ordinal, run.last.ordinal) for run in runs)
        inside = stored_passages.passage_runs(connection, ordinals)
        ranges = [(run.first.start, run.last.end) for run in runs]
        found = locations_of_ranges(connection, document_id, ranges, inside)
        locations.update(zip((run.first.id for run in runs), found, strict=True))
    return locations
