"""The language model on its way into memory and out of it, as the window shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.engines import engines
from gui.bridge import Operation
from gui.main_window import MainWindow, WindowOpening
from gui.models import actions
from gui.models.situation import SituationKind
from tests.support.window import at_rest, click, grammar, models_dialog, opened, shown, wait

NOTE = "The spare key hangs behind the clock in the kitchen.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "key.txt").write_text(NOTE, encoding="utf-8")
    return folder


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, folder: Path, tiny_gpt_oss: Path) -> Iterator[MainWindow]:
    opening = WindowOpening(tmp_path / "data", tiny_gpt_oss, sampling=grammar("Yes.", "Behind the clock [1]."))
    with opened(qtbot, opening) as made:
        wait(qtbot, lambda: made.models is not None and made.models.situation(SituationKind.CHAT).ready)
        made.add([folder])
        wait(qtbot, lambda: at_rest(made))
        yield made


def type_words(window: MainWindow, text: str) -> None:
    QTest.keyClicks(window.chat.composer.field, text)


def in_memory(window: MainWindow) -> bool:
    return window.status.model.text() == "Model in memory" and at_rest(window)


def evaluated(window: MainWindow) -> int:
    """How many tokens the last answer took to read."""
    assert window.workspace is not None
    usage = window.workspace.conversations.messages(window.chat.current)[-1].usage
    assert usage is not None
    return usage.prompt_tokens - usage.reused_tokens


def question_tokens(window: MainWindow) -> int:
    assert window.workspace is not None
    return len(window.workspace.conversations.messages(window.chat.current)[-2].prompt)  # letters: more than tokens


def test_typing_loads_the_model_and_lets_it_read_what_comes_before_the_question(
    qtbot: QtBot, window: MainWindow
) -> None:
    assert window.status.model.text() == "Model ready"
    type_words(window, "Where is the key?")
    wait(qtbot, lambda: in_memory(window))
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    wait(qtbot, lambda: window.chat.current > 0 and at_rest(window))
    assert evaluated(window) <= question_tokens(window)
    type_words(window, "Where is the spare key?")
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    wait(qtbot, lambda: bool(window.turns and not window.turns.running) and at_rest(window))
    assert evaluated(window) <= question_tokens(window) + 64


def test_loading_is_shown_and_can_be_stopped_and_does_not_begin_again_by_itself(
    qtbot: QtBot, window: MainWindow
) -> None:
    held = threading.Event()
    window.bridge.run(Operation("chat", lambda job: held.wait(30), window))  # the worker is busy meanwhile
    window.dialogs.show_models()
    card = models_dialog(window).cards[SituationKind.CHAT]
    wait(qtbot, card.isVisible)
    type_words(window, "W")
    wait(qtbot, lambda: "is being loaded" in shown(card))
    assert window.status.model.text() == "Loading the model…"
    click(card.stop)
    held.set()
    wait(qtbot, lambda: at_rest(window))
    assert not card.stop.isVisible() and window.status.model.text() == "Model ready"
    type_words(window, "here is the key?")
    assert window.models is not None and window.models.situation(SituationKind.CHAT).loading is None
    models_dialog(window).close()
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    wait(qtbot, lambda: in_memory(window))


def test_the_plan_is_told_in_words(qtbot: QtBot, window: MainWindow) -> None:
    window.dialogs.show_models()
    card = models_dialog(window).cards[SituationKind.CHAT]
    wait(qtbot, lambda: "tokens of context" in shown(card))
    models_dialog(window).close()


def test_a_model_that_is_idle_leaves_memory_and_the_next_question_brings_it_back(
    qtbot: QtBot, tmp_path: Path, folder: Path, tiny_gpt_oss: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = WindowOpening(tmp_path / "data", tiny_gpt_oss, sampling=grammar("Yes.", "Behind the clock [1]."))
    monkeypatch.setattr(actions, "IDLE_CHECK_MS", 50)
    monkeypatch.setattr(engines, "MINUTE_S", 1e-4)
    with opened(qtbot, opening) as window:
        wait(qtbot, lambda: window.models is not None and window.models.situation(SituationKind.CHAT).ready)
        for turn in range(2):
            type_words(window, "Where is the key?")
            QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
            wait(qtbot, lambda: window.status.model.text() == "Model in memory")
            wait(qtbot, lambda: window.status.model.text() == "Model ready" and at_rest(window))
            assert window.workspace is not None and not window.workspace.engines.chat_model_is_loaded
            assert len(window.workspace.conversations.messages(window.chat.current)) == 2 * (turn + 1)
