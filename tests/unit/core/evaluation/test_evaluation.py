"""Evaluation on a real library: questions read from a file, gold answers located in the text, measures taken."""

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


def test_questions_are_searched_and_measured(opened: OpenLibrary, folder: Path) -> None:
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


def test_a_gold_answer_that_is_not_found_is_reported_and_not_measured(opened: OpenLibrary, folder: Path) -> None:
    found = evaluated(
        opened,
        folder,
        KnownQuestion("1", "Who may open the lock?", (GoldAnswer("harbour.txt", "Inês Dourado"),)),
        KnownQuestion("2", "Where is the lighthouse?", (GoldAnswer("lighthouse.txt", "on the cape"),)),
    )
    assert found.unlocated_questions == ("1", "2")
    assert found.measures == {}


def document_text(*pages: str) -> DocumentText:
    starts, whole = [], ""
    for page in pages:
        starts.append(len(whole))
        whole += page
    document = Document(7, 1, Path("/a.pdf"), "", DocumentState.INDEXED, "", 1, 1, len(pages), 1)
    return DocumentText(document, whole, tuple(starts))


def test_a_quote_is_located_on_its_page_ignoring_spacing_and_case() -> None:
    text = document_text("Total  revenue\n12\n", "Total revenue 12. Total\nrevenue 12.")
    location = locate_gold(GoldAnswer("a.pdf", "total revenue 12", page=1), text)
    assert [text.text[start:end] for start, end in location.spans] == ["Total revenue 12", "Total\nrevenue 12"]


def test_offsets_are_ignored_if_the_quote_is_elsewhere() -> None:
    text = document_text("one two three")
    assert locate_gold(GoldAnswer("a.pdf", "two", 4, 7), text).spans == ((4, 7),)
    assert locate_gold(GoldAnswer("a.pdf", "two", 0, 3), text).spans == ((4, 7),)


def test_a_quote_that_is_not_on_its_page_leaves_the_page() -> None:
    location = locate_gold(GoldAnswer("a.pdf", "nine", page=0), document_text("one two three"))
    assert (location.spans, location.page) == ((), 0)


def test_questions_are_read_and_other_keys_ignored(tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    relevant = [{"doc": "a.txt", "quote": "x", "start": 1, "end": 2, "para_start": 0}, {"doc": "b.pdf", "page": 0}]
    lines = [
        {"id": 1, "question": "?", "relevant": relevant, "answer": None, "corpus": "some"},
        {"id": "2", "question": "!"},
    ]
    file.write_text("\n\n".join(map(json.dumps, lines)), encoding="utf-8")
    first, second = read_questions(file)
    assert first == KnownQuestion(
        "1", "?", (GoldAnswer("a.txt", "x", 1, 2), GoldAnswer("b.pdf", page=0)), corpus="some"
    )
    assert second.gold == ()


def test_the_fault_names_the_file_and_the_line_that_is_no_question(tmp_path: Path) -> None:
    file = tmp_path / "queries.jsonl"
    file.write_text('{"id": 1, "question": "?"}\n{"id": 2}\n', encoding="utf-8")
    with pytest.raises(Fault) as raised:
        read_questions(file)
    assert (raised.value.values["n"], raised.value.values["path"]) == (2, file)
    assert str(raised.value).startswith(f"Line 2 of {file} ")
