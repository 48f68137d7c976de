"""Loading the language model into memory and releasing it, as the window shows it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from core.engines import engines
from core.engines.model_availability import ModelKind
from gui.bridge import Operation
from gui.main_window import MainWindow
from gui.models import actions
from gui.workspace_session import LaunchOptions
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
    options = LaunchOptions(tmp_path / "data", tiny_gpt_oss, sampling=grammar("Yes.", "Behind the clock [1]."))
    with opened(qtbot, options) as made:
        wait(qtbot, lambda: made.models is not None and made.models.availability(ModelKind.CHAT).ready)
        made.add([folder])
        wait(qtbot, lambda: at_rest(made))
        yield made


def type_words(window: MainWindow, text: str) -> None:
    QTest.keyClicks(window.chat.composer.field, text)


def in_memory(window: MainWindow) -> bool:
    return window.status.model.text() == "Model in memory" and at_rest(window)


def evaluated(window: MainWindow) -> int:
    """How many tokens of the last prompt were evaluated, not taken from the KV cache."""
    assert window.workspace is not None
    usage = window.workspace.conversations.messages(window.chat.conversation_id)[-1].usage
    assert usage is not None
    return usage.prompt_tokens - usage.reused_tokens


def question_length(window: MainWindow) -> int:
    """Characters of the last question, an upper bound of its tokens."""
    assert window.workspace is not None
    return len(window.workspace.conversations.messages(window.chat.conversation_id)[-2].prompt)


def test_typing_loads_the_model_and_prefills_the_prompt_up_to_the_question(qtbot: QtBot, window: MainWindow) -> None:
    assert window.status.model.text() == "Model ready"
    type_words(window, "Where is the key?")
    wait(qtbot, lambda: in_memory(window))
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    wait(qtbot, lambda: window.chat.conversation_id > 0 and at_rest(window))
    assert evaluated(window) <= question_length(window)
    type_words(window, "Where is the spare key?")
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    wait(qtbot, lambda: bool(window.turns and not window.turns.running) and at_rest(window))
    assert evaluated(window) <= question_length(window) + 64


def test_loading_is_shown_can_be_stopped_and_does_not_start_again_by_itself(qtbot: QtBot, window: MainWindow) -> None:
    worker_may_go_on = threading.Event()
    window.bridge.run(Operation("chat", lambda job: worker_may_go_on.wait(30), window))
    window.dialogs.show_models()
    card = models_dialog(window).cards[ModelKind.CHAT]
    wait(qtbot, card.isVisible)
    type_words(window, "W")
    wait(qtbot, lambda: "is being loaded" in shown(card))
    assert window.status.model.text() == "Loading the model…"
    click(card.stop)
    worker_may_go_on.set()
    wait(qtbot, lambda: at_rest(window))
    assert not card.stop.isVisible() and window.status.model.text() == "Model ready"
    type_words(window, "here is the key?")
    assert window.models is not None and window.models.availability(ModelKind.CHAT).loading_progress is None
    models_dialog(window).close()
    QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
    wait(qtbot, lambda: in_memory(window))


def test_the_load_plan_is_explained(qtbot: QtBot, window: MainWindow) -> None:
    window.dialogs.show_models()
    card = models_dialog(window).cards[ModelKind.CHAT]
    wait(qtbot, lambda: "tokens of context" in shown(card))
    models_dialog(window).close()


def test_an_idle_model_is_released_and_the_next_question_loads_it_again(
    qtbot: QtBot, tmp_path: Path, folder: Path, tiny_gpt_oss: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = LaunchOptions(tmp_path / "data", tiny_gpt_oss, sampling=grammar("Yes.", "Behind the clock [1]."))
    monkeypatch.setattr(actions, "IDLE_CHECK_MS", 50)
    monkeypatch.setattr(engines, "MINUTE_S", 1e-4)
    with opened(qtbot, options) as window:
        wait(qtbot, lambda: window.models is not None and window.models.availability(ModelKind.CHAT).ready)
        for turn in range(2):
            type_words(window, "Where is the key?")
            QTest.keyClick(window.chat.composer.field, Qt.Key.Key_Return)
            wait(qtbot, lambda: window.status.model.text() == "Model in memory")
            wait(qtbot, lambda: window.status.model.text() == "Model ready" and at_rest(window))
            assert window.workspace is not None and not window.workspace.engines.chat_model_is_loaded
            assert len(window.workspace.conversations.messages(window.chat.conversation_id)) == 2 * (turn + 1)
