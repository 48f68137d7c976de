"""Texts about a turn: its context, its tool calls, its sources, its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.chat.ask_options import AskOptions
from core.chat.turn_state import TurnPhase, TurnState
from core.chat.turn_texts import context_lines, context_title, ending_text, source_list_text, tool_call_text
from core.domain.conversation import (
    Cause,
    ContextSummary,
    LatencyBudget,
    Omission,
    OmissionKind,
    SearchedDocuments,
    ToolUsed,
)
from core.domain.documents import Citation, Passage, Support
from models.conversation import Effort

UNKNOWN = Omission(OmissionKind.MENTION, Cause.UNKNOWN, name="leese.pdf")


def passage(name: str) -> Passage:
    return Passage(1, 1.0, 7, Path("/papers") / name, name, None, "", 0, 4, "rent")


def searched(*names: str, semantic: bool = True) -> SearchedDocuments:
    return SearchedDocuments("the rent of the flat", tuple(map(passage, names)), 212, semantic)


def test_a_context_in_one_line() -> None:
    summary = ContextSummary("rent", 6, 4, 212, 300, True, False, 0.9, LatencyBudget.BALANCED, None)
    assert context_title(summary, ()) == "6 passages from 4 of 212 documents"
    assert context_title(searched("a.md", "a.md", "b.md"), ()) == "3 passages from 2 of 212 documents"
    assert context_title(searched(), ()) == "No passage fits the question"
    assert context_title(searched("a.md"), (UNKNOWN,)) == "1 passage from 1 of 212 documents · not everything"


def test_the_details_of_a_context_name_the_query_only_if_it_differs_from_the_question() -> None:
    assert context_lines("And the rent?", searched("a.md"), (UNKNOWN,)) == [
        "Searched for: the rent of the flat",
        "There is no document named leese.pdf.",
    ]
    assert context_lines("the  rent of\nthe flat", searched("a.md"), ()) == []
    assert context_lines("the rent of the flat", searched("a.md", semantic=False), ()) == [
        "Found by the words themselves: there is no search model."
    ]


@pytest.mark.parametrize(
    ("used", "text"),
    [
        (ToolUsed("search_documents", '{"query": "pets"}', "", True), "Searched again: pets"),
        (ToolUsed("find_text", '{"text": "no pets"}', "", True), "Looked for the exact words: no pets"),
        (ToolUsed("read_document", '{"name": "a.pdf"}', "", True), "Read on in a.pdf"),
        (ToolUsed("read_document", '{"name": "a.pdf", "page": 0}', "", True), "Read on in a.pdf"),
        (ToolUsed("read_document", '{"name": "a.pdf", "page": 3}', "", True), "Read page 3 of a.pdf"),
        (ToolUsed("read_document", '{"name": "a.pdf"}', "", False), "Read on in a.pdf: this failed"),
        (ToolUsed("list_documents", "{}", "", True), "Listed the documents"),
        (ToolUsed("list_documents", '{"name_contains": "lease"}', "", True), "Listed the documents named lease"),
        (ToolUsed("compare", '{"old": "a", "new": "b"}', "", True), "Compared a with b"),
        (ToolUsed("juggle", "{}", "", True), "Used juggle"),
        (ToolUsed("search_documents", "no JSON", "", True), "Searched again: "),
        (ToolUsed("search_documents", "[1]", "", True), "Searched again: "),
    ],
)
def test_a_tool_call_in_words(used: ToolUsed, text: str) -> None:
    assert tool_call_text(used) == text


def test_sources_are_listed_with_path_and_location() -> None:
    cited = Citation(3, 7, Path("/papers/lease.pdf"), "Lease", 2, "Rent", 5, 20, "The rent is", Support.SUPPORTED)
    assert source_list_text([cited]) == "[3] /papers/lease.pdf, page 3, Rent"
    assert source_list_text([]) == ""


@pytest.mark.parametrize(
    ("phase", "answer", "was_cut", "text"),
    [
        (TurnPhase.DONE, "Yes.", False, ""),
        (TurnPhase.DONE, "", False, "The model ended without an answer. Try again, or ask in other words."),
        (TurnPhase.DONE, "Yes", True, "The answer reached the longest length set in the settings and was cut there."),
        (TurnPhase.STOPPED, "", False, "Stopped before an answer was written."),
        (TurnPhase.STOPPED, "Y", False, "Stopped. What was written is kept."),
    ],
)
def test_why_an_answer_is_missing_or_not_whole(phase: TurnPhase, answer: str, was_cut: bool, text: str) -> None:
    turn = TurnState(1, "?", AskOptions(Effort.LOW), phase, answer=answer, was_cut=was_cut)
    assert ending_text(turn) == text
