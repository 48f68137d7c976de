"""Surveys in the window with a real model: started, read, findings opened, exported, stopped and resumed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from core.domain.conversation import SurveyKind, SurveySuggested
from gui.chat.answer import AnswerView
from gui.main_window import MainWindow
from gui.surveys.findings_model import CHECKED, DOCUMENT, FINDING
from gui.surveys.survey_page import SurveyPage
from gui.workspace_session import LaunchOptions
from models.conversation import Sampling
from tests.support import speech
from tests.support.window import at_rest, click, opened, shown, wait

ONE_FINDING = json.dumps({"findings": [{"text": "1,250 is due", "quote": "total is $ 1,250", "value": ""}]})
NO_FINDING = json.dumps({"findings": []})  # few tokens, so that documents are read quickly
QUESTION = "Which invoices are there?"


@pytest.fixture
def invoices(tmp_path: Path) -> Path:
    folder = tmp_path / "invoices"
    folder.mkdir()
    (folder / "one.txt").write_text("Invoice 1: the total is $ 1,250, payable in 30 days.\n", encoding="utf-8")
    (folder / "two.txt").write_text("Invoice 2: the total is $ 980, paid.\n", encoding="utf-8")
    return folder


@contextmanager
def ready(qtbot: QtBot, tmp_path: Path, folder: Path, model: Path, answer: str) -> Iterator[MainWindow]:
    """Open a window on `folder`, with a model that gives this answer about every document."""
    sampling = Sampling(temperature=0.0, grammar=speech.grammar(speech.answer(answer)))
    with opened(qtbot, LaunchOptions(tmp_path / "data", model, sampling=sampling, paths=(folder,))) as window:
        wait(qtbot, lambda: at_rest(window) and "ready" in window.status.text.text())
        yield window


def start_survey(qtbot: QtBot, window: MainWindow, kind: SurveyKind) -> SurveyPage:
    """Start a survey as a person does."""
    QTest.keyClicks(window, "e", Qt.KeyboardModifier.ControlModifier)
    click(window.surveys.first_survey_button)
    new_page = window.surveys.new_page
    wait(qtbot, lambda: "on this computer" in new_page.estimate.text())
    assert not new_page.start_button.isEnabled()
    QTest.keyClicks(new_page.question, QUESTION)
    new_page.choose_kind(kind)
    click(new_page.start_button)
    wait(qtbot, lambda: window.surveys.pages.currentWidget() is window.surveys.page)
    return window.surveys.page


def is_done(page: SurveyPage) -> bool:
    return page.survey is not None and page.survey.done


def read_count(page: SurveyPage) -> int:
    return page.survey.coverage.read if page.survey is not None else 0


def cell(page: SurveyPage, row: int, column: int) -> str:
    return str(page.model.index(row, column).data())


def test_every_document_is_read_and_each_finding_opens_its_passage(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, invoices: Path
) -> None:
    with ready(qtbot, tmp_path, invoices, tiny_gpt_oss, ONE_FINDING) as window:
        page = start_survey(qtbot, window, SurveyKind.LIST)
        wait(qtbot, lambda: page.model.rowCount() > 0)
        wait(qtbot, lambda: is_done(page) and not page.progress.isVisible())
        assert "Read 2 of 2 documents; 2 of them had something to say." in shown(page)
        assert [cell(page, row, DOCUMENT) for row in range(2)] == ["one.txt · line 1", "two.txt"]
        assert cell(page, 0, FINDING) == "1,250 is due"
        assert [cell(page, row, CHECKED) for row in range(2)] == ["Confirmed", "Not found"]

        page.table.setFocus()
        page.table.selectRow(0)
        QTest.keyClick(page.table, Qt.Key.Key_Return)
        view = window.documents.document.view
        wait(qtbot, lambda: "total is $ 1,250" in view.highlighted_text())
        assert window.surveys.isVisible()

        click(page.export_button)
        (dialog,) = window.findChildren(QFileDialog)
        dialog.selectFile(str(tmp_path / "table.csv"))
        dialog.accept()
        wait(qtbot, lambda: (tmp_path / "table.csv").exists() and at_rest(window))
        assert "1,250 is due" in (tmp_path / "table.csv").read_text(encoding="utf-8-sig")

        click(window.surveys.back_button)
        wait(qtbot, lambda: window.surveys.list.count() == 1)
        assert window.surveys.list.item(0).text().startswith(f"{QUESTION} · Done")
        click(window.surveys.back_button)
        assert window.chat.isVisible() and not window.surveys.isVisible()


def test_a_survey_is_stopped_and_resumed_and_pauses_for_a_question(
    qtbot: QtBot, tmp_path: Path, tiny_gpt_oss: Path, invoices: Path
) -> None:
    for number in range(6):
        (invoices / f"{number}.txt").write_text(f"Invoice {number}: the total is $ 1,250.\n", encoding="utf-8")
    with ready(qtbot, tmp_path, invoices, tiny_gpt_oss, NO_FINDING) as window:
        page = start_survey(qtbot, window, SurveyKind.LIST)
        wait(qtbot, lambda: read_count(page) > 0)
        click(page.stop_button)
        wait(qtbot, lambda: page.start_button.isVisible())
        assert "Stopped. What was read is kept." in shown(page)
        before = read_count(page)
        assert 0 < before < 8

        click(page.start_button)
        wait(qtbot, lambda: read_count(page) > before)
        QTest.keyClicks(window, "l", Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(window.chat.composer.field, "How much is due?")
        QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
        wait(qtbot, lambda: any(isinstance(one, AnswerView) and one.message for one in window.chat.messages.shown))
        QTest.keyClicks(window, "e", Qt.KeyboardModifier.ControlModifier)
        wait(qtbot, lambda: window.surveys.list.count() == 1)
        item = window.surveys.list.visualItemRect(window.surveys.list.item(0))
        QTest.mouseClick(window.surveys.list.viewport(), Qt.MouseButton.LeftButton, pos=item.center() + QPoint(1, 0))
        wait(qtbot, lambda: read_count(page) >= 6)
        wait(qtbot, lambda: is_done(page) and read_count(page) == 8)
        assert "Read 8 of 8 documents; 0 of them had something to say." in shown(page)

    with opened(qtbot, LaunchOptions(tmp_path / "data")) as again:
        QTest.keyClicks(again, "e", Qt.KeyboardModifier.ControlModifier)
        wait(qtbot, lambda: again.surveys.list.count() == 1)
        again.surveys.list.setFocus()
        again.surveys.list.setCurrentRow(0)
        QTest.keyClick(again.surveys.list, Qt.Key.Key_Return)
        wait(qtbot, lambda: is_done(again.surveys.page))
        click(again.surveys.page.delete_button)
        wait(qtbot, lambda: at_rest(again) and again.surveys.list.count() == 0)
        assert "A survey puts one question to every document" in shown(again.surveys)


def test_an_offer_for_named_documents_prepares_a_survey_of_those(qtbot: QtBot, tmp_path: Path, invoices: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data", paths=(invoices,))) as window:
        wait(qtbot, lambda: at_rest(window) and "2 documents ready" in window.status.text.text())
        named = (min(invoices.iterdir()),)
        window.chat.survey_wanted.emit(SurveySuggested(SurveyKind.SUMMARIES, QUESTION, 1, None, named))
        page = window.surveys.new_page
        assert page.scope.scope.paths == named
        wait(qtbot, lambda: page.estimate.text().startswith("1 document"))


def test_an_offer_under_an_answer_prepares_a_survey(qtbot: QtBot, tmp_path: Path, invoices: Path) -> None:
    with opened(qtbot, LaunchOptions(tmp_path / "data", paths=(invoices,))) as window:
        wait(qtbot, lambda: at_rest(window) and "2 documents ready" in window.status.text.text())
        window.chat.survey_wanted.emit(SurveySuggested(SurveyKind.SUMMARIES, QUESTION, 2, None))
        page = window.surveys.new_page
        assert page.question.toPlainText() == QUESTION and page.chosen_kind is SurveyKind.SUMMARIES
        wait(qtbot, lambda: page.estimate.text().startswith("2 documents"))
        page.choose_kind(SurveyKind.CHANGES)
        click(page.start_button)  # there is no model: the survey is created, and says what is missing
        wait(qtbot, lambda: window.surveys.page.fault.isVisible())
        assert window.surveys.page.start_button.isVisible()
