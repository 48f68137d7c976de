"""What an answer shows besides its text: its context, tool calls, support of its sentences, verdict, offered survey."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.chat.ask_options import AskOptions
from core.chat.turn_state import TurnPhase, TurnState
from core.domain.conversation import (
    AnswerCheck,
    Cause,
    ChatMessage,
    CheckedSentence,
    ContextSummary,
    LatencyBudget,
    Omission,
    OmissionKind,
    SurveyKind,
    SurveySuggested,
    ToolUsed,
    Verdict,
)
from core.domain.documents import Citation, Support
from gui import number_formats
from gui.chat.answer import AnswerView
from gui.documents.passage_references import ReferenceList
from gui.style.theme import Theme
from models.conversation import Effort, PrefillProgress
from tests.support.window import click, shown, wait

TEXT = "The rent is 1,240 euros [1]. Repairs are free [1, 2]. Dogs are welcome [2]."


def source(number: int, support: Support, name: str = "lease.pdf") -> Citation:
    return Citation(number, 7, Path("/papers") / name, "Lease", 2, "Rent", 5, 20, "The rent is 1,240", support)


def sentence(words: str, numbers: tuple[int, ...], support: Support) -> CheckedSentence:
    start = TEXT.index(words)
    return CheckedSentence(start, TEXT.index("]", start) + 1, numbers, support)


SUMMARY = ContextSummary(
    "how much is the rent of the flat", 2, 1, 4, 212, True, False, 0.9, LatencyBudget.BALANCED, None
)
QUESTION = ChatMessage(
    1,
    "user",
    "And the rent?",
    context_summary=SUMMARY,
    sources=(source(1, Support.UNCHECKED), source(2, Support.UNCHECKED, "house rules.pdf")),
    omissions=(Omission(OmissionKind.PASSAGES, Cause.LATENCY_BUDGET, 3, 5),),
    suggestion=SurveySuggested(SurveyKind.LIST, "And the rent?", 212, 900.0),
)
ANSWER = ChatMessage(
    2,
    "assistant",
    TEXT,
    citations=(source(1, Support.SUPPORTED), source(2, Support.NOT_FOUND, "house rules.pdf")),
    tools=(
        ToolUsed("search_documents", '{"query": "pets"}', "[2] house rules.pdf: no pets", True),
        ToolUsed("read_document", '{"name": "lease.pdf"}', "too long", False, 40),
    ),
    check=AnswerCheck(
        Verdict.PARTLY,
        (
            sentence("The rent", (1,), Support.SUPPORTED),
            sentence("Repairs", (1, 2), Support.WEAK),
            sentence("Dogs", (2,), Support.NOT_FOUND),
        ),
    ),
)


@pytest.fixture
def answer(qtbot: QtBot, qapp: QApplication) -> AnswerView:
    view = AnswerView(Theme(qapp, "light"), None)
    qtbot.addWidget(view)
    view.resize(700, 600)
    view.show()
    return view


def test_the_context_says_what_was_read_and_left_out(answer: AnswerView) -> None:
    answer.show_message(ANSWER, QUESTION)
    assert answer.context.title == "2 passages from 1 of 4 documents · not everything"
    click(answer.context.toggle)
    assert "Searched for: how much is the rent of the flat" in shown(answer.context)
    assert "3 more passages were found and not read. More would have taken longer than you want to wait." in shown(
        answer.context
    )
    opened: list[ReferenceList] = []
    answer.references_wanted.connect(opened.append)
    click(answer.context.passages[1])
    assert opened[0].current.path == Path("/papers/house rules.pdf")


def test_the_query_is_not_shown_if_it_is_the_question(answer: AnswerView) -> None:
    answer.show_message(ANSWER, ChatMessage(1, "user", SUMMARY.query, context_summary=SUMMARY))
    click(answer.context.toggle)
    assert answer.context.title == "2 passages from 1 of 4 documents"
    assert "Searched for" not in shown(answer.context)


def test_each_tool_call_opens_to_its_result(qtbot: QtBot, answer: AnswerView) -> None:
    answer.show_message(ANSWER, QUESTION)
    search, read = answer.tool_calls.rows
    assert search.title == "Searched again: pets"
    assert read.title == "Read on in lease.pdf: this failed"
    click(search.toggle)
    assert search.text is not None and search.text.toPlainText() == "[2] house rules.pdf: no pets"
    click(read.toggle)
    wait(qtbot, lambda: "40 characters of this were left out" in shown(read))


def test_weak_support_is_shown_at_the_sentence_and_at_the_source(answer: AnswerView) -> None:
    answer.show_message(ANSWER, QUESTION)
    text = answer.text.toPlainText()
    assert "euros [1]." in text and "free [1?][2?]." in text and "welcome [2!]." in text
    assert answer.text.tooltip_for("cite:2:not_found") == "This was not found in the passage: check it."
    assert "Confirmed" in shown(answer.sources.rows[0]) and "Not found" in shown(answer.sources.rows[1])
    assert "Some of this answer could not be confirmed" in shown(answer.verdict)
    answer.copy_text()
    assert QApplication.clipboard().text().startswith(TEXT)


def test_the_nearest_passages_are_shown_if_the_documents_do_not_answer(answer: AnswerView) -> None:
    nearest = (source(1, Support.UNCHECKED, "boats.txt"),)
    answer.show_message(
        ChatMessage(2, "assistant", "I do not know.", check=AnswerCheck(Verdict.NOT_IN_DOCUMENTS, (), nearest)),
        QUESTION,
    )
    assert "Your documents do not seem to answer this." in shown(answer.verdict)
    opened: list[ReferenceList] = []
    answer.references_wanted.connect(opened.append)
    click(answer.verdict.nearest.rows[0])
    assert opened[0].current.path == Path("/papers/boats.txt")


def test_a_supported_answer_shows_no_verdict(answer: AnswerView) -> None:
    answer.show_message(ChatMessage(2, "assistant", "Yes [1].", check=AnswerCheck(Verdict.SUPPORTED)), None)
    assert not answer.verdict.isVisible() and not answer.survey_offer.isVisible() and not answer.context.isVisible()


def test_a_survey_is_offered_for_a_question_about_everything(answer: AnswerView) -> None:
    wanted: list[SurveySuggested] = []
    answer.survey_wanted.connect(wanted.append)
    answer.show_message(ANSWER, QUESTION)
    assert "A survey would read 212 documents one by one. It would take about 15 minutes." in shown(answer.survey_offer)
    click(answer.survey_offer.accept_button)
    assert wanted == [QUESTION.suggestion]


def test_a_running_turn_shows_its_context_before_the_answer(answer: AnswerView) -> None:
    turn = TurnState(1, "And the rent?", AskOptions(Effort.LOW), phase=TurnPhase.PREFILLING, context_summary=SUMMARY)
    answer.follow(turn)
    assert answer.context.title == "2 passages from 1 of 4 documents"
    turn.omissions.append(Omission(OmissionKind.MENTION, Cause.UNKNOWN, name="leese.pdf"))
    turn.tool_calls.append(ANSWER.tools[0])
    answer.follow(turn)
    click(answer.context.toggle)
    assert "There is no document named leese.pdf." in shown(answer.context)
    assert len(answer.tool_calls.rows) == 1


def test_prefill_is_extrapolated_between_two_reports(answer: AnswerView, qtbot: QtBot) -> None:
    turn = TurnState(1, "How much is the rent?", AskOptions(Effort.LOW), TurnPhase.PREFILLING)
    turn.prefill, turn.prefill_reported_s = PrefillProgress(0, 1000, 10.0, 512), time.monotonic()
    answer.show()
    answer.follow(turn)
    assert f"of {number_formats.count(1000)} tokens" in answer.progress.text.text()
    wait(qtbot, lambda: answer.progress.bar.value() > 0)
    turn.prefill_reported_s -= 60  # no further than to the next report
    wait(qtbot, lambda: answer.progress.bar.value() == 512)
    turn.phase = TurnPhase.REASONING
    answer.follow(turn)
    assert not answer.progress.isVisible()


@pytest.mark.parametrize("appearance", ["light", "dark"])
def test_a_source_keeps_its_two_lines_in_a_low_window(qtbot: QtBot, qapp: QApplication, appearance: str) -> None:
    theme = Theme(qapp, appearance)
    theme.apply_style_sheet()
    answer = AnswerView(theme, None)
    qtbot.addWidget(answer)
    answer.show_message(ANSWER, QUESTION)
    answer.show()
    answer.resize(700, 50)
    qapp.processEvents()
    assert [source.height() >= source.sizeHint().height() for source in answer.sources.rows] == [True, True]
