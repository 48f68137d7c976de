"""An evaluation over a real library: questions read from a file, places looked up in what was read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.domain.documents import Document, DocumentState, DocumentText
from core.domain.faults import Fault
from core.evaluation.evaluation import Evaluation, evaluate
from core.evaluation.gold_locations import locate_gold
from core.evaluation.questions import GoldAnswer, KnownQuestion, read_questions
from core.jobs import Job
from core.retrieval.retriever import Retriever
from tests.support.libraries import OpenLibrary

HARBOUR = "The boat lies at berth 42 of the old harbour.\n\nOnly Ines Duarte may open the lock after sunset.\n"
BEACON = "The beacon on the pier is lit at dusk. It was built in 1931.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "set" / "docs"
    (folder / "coast").mkdir(parents=True)
    (folder / "harbour.txt").write_text(HARBOUR, encoding="utf-8")
    (folder / "coast" / "beacon.txt").write_text(BEACON, encoding="utf-8")
    return folder


def evaluated(opened: OpenLibrary, folder: Path, *questions: KnownQuestion) -> Evaluation:
    return evaluate(opened.library, Retriever(opened.database, opened.vectors, lambda: None), folder, questions, Job())


def test_what_is_found_is_counted(opened: OpenLibrary, folder: Path) -> None:
    found = evaluated(
        opened,
        folder,
        KnownQuestion("1", "Who may open the lock?", (GoldAnswer("harbour.txt", "Ines Duarte"),)),
        KnownQuestion("2", "When was the beacon built?", (GoldAnswer("coast/beacon.txt", "1931", 55, 59),)),
        KnownQuestion("3", "Which seagulls breed in Iceland?", (), kind="off topic"),
    )
    assert (found.documents, found.questions, found.unlocated_questions) == (2, 3, ())
    assert (found.measures["recall@1"], found.measures["document@3"]) == (1, 1)
    assert found.answerability_auc == {"all": 1.0, "off topic": 1.0}


def test_a_place_that_was_not_read_is_told_and_not_counted(opened: OpenLibrary, folder: Path) -> None:
    found = evaluated(
        opened,
        folder,
        KnownQuestion("1", "Who may open the lock?", (GoldAnswer("harbour.txt", "Inês Dourado"),)),
        KnownQuestion("2", "Where is the lighthouse?", (GoldAnswer("lighthouse.txt", "on the cape"),)),
    )
    assert found.unlocated_questions == ("1", "2")
    assert found.measures == {}


def text(*pages: str) -> DocumentText:
    starts, whole = [], ""
    for page in pages:
        starts.append(len(whole))
        whole += page
    document = Document(7, 1, Path("/a.pdf"), "", DocumentState.INDEXED, "", 1, 1, len(pages), 1)
    return DocumentText(document, whole, tuple(starts))


def test_words_are_looked_for_on_their_page_whatever_their_spacing() -> None:
    read = text("Total  revenue\n12\n", "Total revenue 12. Total\nrevenue 12.")
    place = locate_gold(GoldAnswer("a.pdf", "total revenue 12", page=1), read)
    assert [read.text[start:end] for start, end in place.spans] == ["Total revenue 12", "Total\nrevenue 12"]


def test_offsets_that_do_not_hold_the_quote_are_not_believed() -> None:
    read = text("one two three")
    assert locate_gold(GoldAnswer("a.pdf", "two", 4, 7), read).spans == ((4, 7),)
    assert locate_gold(GoldAnswer("a.pdf", "two", 0, 3), read).spans == ((4, 7),)


def test_of_a_page_whose_words_are_not_there_the_page_is_left() -> None:
    place = locate_gold(GoldAnswer("a.pdf", "nine", page=0), text("one two three"))
    assert (place.spans, place.page) == ((), 0)


def test_questions_are_read_with_what_else_their_lines_hold(tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    relevant = [{"doc": "a.txt", "quote": "x", "start": 1, "end": 2, "para_start": 0}, {"doc": "b.pdf", "page": 0}]
    lines = [
        {"id": 1, "question": "?", "relevant": relevant, "answer": None, "corpus": "some"},
        {"id": "2", "question": "!"},
    ]
    file.write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    first, second = read_questions(file)
    assert first == KnownQuestion("1", "?", (GoldAnswer("a.txt", "x", 1, 2), GoldAnswer("b.pdf", page=0)), corpus="some")
    assert second.gold == ()


def test_a_line_that_is_no_question_is_named(tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"id": 1, "question": "?"}\n{"id": 2}\n', encoding="utf-8")
    with pytest.raises(Fault) as raised:
        read_questions(file)
    assert raised.value.values["n"] == 2
