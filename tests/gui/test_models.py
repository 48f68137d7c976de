"""Models in the window: missing, downloaded, paused, chosen by a drop, refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from core.engines.model_availability import ModelKind
from gui.main_window import MainWindow
from gui.workspace_session import LaunchOptions
from models.catalog import catalog
from models.faults import ModelFault
from models.loading.crash_guard import FAST_MODE, SAFE_MODE, TRIAL_MODE
from models.loading.crash_log import LoadCrashLog
from tests.support.hub_server import Hub, Response, serving
from tests.support.window import at_rest, click, drop, models_dialog, opened, shown, wait


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[MainWindow]:
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as made:
        wait(qtbot, lambda: made.chat.model_card.isVisible())
        yield made


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, minilm_gguf: Path) -> Iterator[Hub]:
    """A hub on this machine that offers all-MiniLM-L6-v2 as the search model."""
    content = minilm_gguf.read_bytes()
    with serving(Hub(content)) as made:
        minilm = next(entry for entry in catalog.EMBEDDERS if "MiniLM" in entry.label)
        offered = replace(minilm, sha256=made.sha256, size_bytes=len(content), revision=None)
        monkeypatch.setattr(catalog, "ALL", (*catalog.CHAT_MODELS, offered))
        monkeypatch.setattr(catalog, "EMBEDDERS", (offered,))
        monkeypatch.setattr(catalog, "DEFAULT_EMBEDDER", offered)
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


def dismiss(window: MainWindow) -> str:
    """Close the message box that is open and return its text."""
    (box,) = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    words = f"{box.text()} {box.informativeText()}"
    box.close()
    return words


def test_without_a_model_the_chat_says_what_is_needed_and_that_search_works(window: MainWindow) -> None:
    words = shown(window.chat.model_card)
    assert "Answers need a language model" in words
    assert "gpt-oss-20b" in words and "12.1 GB" in words and "search works" in words
    assert window.chat.model_card.download.text() == "Download (12.1 GB)"
    assert window.chat.model_card.file.text() == "Use a file I have…"
    assert window.status.model.text() == "No language model"
    assert not window.chat.composer.send_button.isEnabled()


def test_a_dropped_gguf_becomes_the_model_and_is_kept_over_a_restart(
    qtbot: QtBot, window: MainWindow, tiny_gpt_oss: Path, tmp_path: Path
) -> None:
    drop(window, [tiny_gpt_oss])
    wait(qtbot, lambda: window.status.model.text() == "Model ready")
    assert not window.chat.model_card.isVisible()
    assert window.chat.composer.field.placeholderText() == "Ask about your documents"
    window.close()
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as again:
        wait(qtbot, lambda: again.status.model.text() == "Model ready")


def test_a_model_that_goes_missing_is_named(
    qtbot: QtBot, window: MainWindow, tiny_gpt_oss: Path, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.gguf"
    mine.write_bytes(tiny_gpt_oss.read_bytes())
    drop(window, [mine])
    wait(qtbot, lambda: window.status.model.text() == "Model ready" and at_rest(window))
    mine.unlink()
    window.dialogs.show_models()
    wait(qtbot, lambda: "mine.gguf" in window.chat.model_card.fault.text())
    assert window.chat.model_card.isVisible() and window.chat.model_card.download.isVisible()
    models_dialog(window).close()


@pytest.mark.parametrize("kind", ["text", "truncated", "search model"])
def test_a_file_that_cannot_be_used_is_refused_with_a_reason(
    qtbot: QtBot, window: MainWindow, tiny_gpt_oss: Path, minilm_gguf: Path, tmp_path: Path, kind: str
) -> None:
    wrong = tmp_path / "wrong.gguf"
    if kind == "text":
        wrong.write_text("This is no model.", encoding="utf-8")
    elif kind == "truncated":
        wrong.write_bytes(tiny_gpt_oss.read_bytes()[:-1000])
    else:
        wrong.write_bytes(minilm_gguf.read_bytes())
    drop(window, [wrong])
    if kind == "search model":  # no fault: it is used for what it is
        wait(qtbot, lambda: window.models is not None and window.models.availability(ModelKind.EMBEDDER).ready)
        assert window.status.model.text() == "No language model"
        wait(qtbot, lambda: at_rest(window))
        return
    wait(qtbot, lambda: any(box.isVisible() for box in window.findChildren(QMessageBox)))
    words = dismiss(window)
    assert "wrong.gguf" in words and "Traceback" not in words
    assert window.status.model.text() == "No language model"


def test_a_download_is_paused_goes_on_and_makes_search_by_meaning_possible(
    qtbot: QtBot, window: MainWindow, hub: Hub
) -> None:
    hub.responses.append(Response(end_byte=len(hub.content) // 2, stall=True))
    window.dialogs.show_models()
    assert window.models is not None
    wait(qtbot, lambda: at_rest(window))
    dialog = models_dialog(window)
    card = dialog.cards[ModelKind.EMBEDDER]
    click(card.download)
    wait(qtbot, lambda: card.progress.value() > 0)
    assert "MB of 2" in card.numbers.text() or " of " in card.numbers.text()
    click(card.pause)
    wait(qtbot, lambda: card.download.isVisible() and card.download.text() == "Go on with the download")
    hub.shutting_down.set()
    click(card.download)
    wait(qtbot, lambda: "all-MiniLM" in card.title.text() and at_rest(window))
    assert hub.requested_ranges[0] is None and hub.requested_ranges[-1] is not None
    dialog.close()


def test_a_download_that_fails_says_why_and_can_be_tried_again(qtbot: QtBot, window: MainWindow, hub: Hub) -> None:
    hub.metadata_status = 404
    window.dialogs.show_models()
    assert window.models is not None
    wait(qtbot, lambda: at_rest(window))
    card = models_dialog(window).cards[ModelKind.EMBEDDER]
    click(card.download)
    wait(qtbot, lambda: card.fault.isVisible())
    assert card.fault.text() and "Traceback" not in card.fault.text()
    hub.metadata_status = 302
    click(card.download)
    wait(qtbot, lambda: "all-MiniLM" in card.title.text() and at_rest(window))
    models_dialog(window).close()


def test_a_model_that_another_program_has_is_offered_and_used_from_there(
    qtbot: QtBot, tmp_path: Path, minilm_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    theirs = tmp_path / "home" / ".lmstudio" / "models" / "somebody" / "minilm" / "all-MiniLM-L6-v2.gguf"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(minilm_gguf.read_bytes())
    with opened(qtbot, LaunchOptions(tmp_path / "data")) as window:
        window.dialogs.show_models()
        card = models_dialog(window).cards[ModelKind.EMBEDDER]
        wait(qtbot, lambda: card.use_found_copy.isVisible() and at_rest(window))
        assert "all-MiniLM-L6-v2.gguf" in card.use_found_copy.text()
        click(card.use_found_copy)
        wait(qtbot, lambda: "all-MiniLM" in card.title.text() and at_rest(window))
        assert window.workspace is not None and window.workspace.model_registry.embedder().path == theirs
        assert list((tmp_path / "data" / "models").glob("*.gguf")) == []
        models_dialog(window).close()


def test_a_search_model_that_ended_the_program_says_so_and_is_tried_again_when_it_is_chosen(
    qtbot: QtBot, tmp_path: Path, minilm_gguf: Path
) -> None:
    data = tmp_path / "data"
    with opened(qtbot, LaunchOptions(data)) as window:
        drop(window, [minilm_gguf])
        wait(qtbot, lambda: window.models is not None and window.models.availability(ModelKind.EMBEDDER).ready)
    LoadCrashLog(data / "cache").begin(minilm_gguf, FAST_MODE)  # and then the program ended
    with opened(qtbot, LaunchOptions(data)) as window:
        window.dialogs.show_models()
        card = models_dialog(window).cards[ModelKind.EMBEDDER]
        wait(qtbot, lambda: "safest settings" in card.text.text() and at_rest(window))
        assert "all-MiniLM" in card.title.text()
        models_dialog(window).close()
    LoadCrashLog(data / "cache").begin(minilm_gguf, SAFE_MODE)
    LoadCrashLog(data / "cache").record(minilm_gguf, TRIAL_MODE)  # another process ended as well
    with opened(qtbot, LaunchOptions(data)) as window:
        window.dialogs.show_models()
        card = models_dialog(window).cards[ModelKind.EMBEDDER]
        wait(qtbot, lambda: "search goes on without it" in card.fault.text() and at_rest(window))
        assert card.download.isVisible() and card.file.isVisible()
        drop(window, [minilm_gguf])
        wait(qtbot, lambda: "all-MiniLM" in card.title.text() and at_rest(window))
        assert not card.fault.isVisible()
        models_dialog(window).close()


def test_the_models_dialog_grows_with_its_texts(qtbot: QtBot, tmp_path: Path, minilm_gguf: Path) -> None:
    data = tmp_path / "data"
    with opened(qtbot, LaunchOptions(data, embedder=minilm_gguf)) as window:
        window.dialogs.show_models()
        dialog = models_dialog(window)
        wait(qtbot, lambda: at_rest(window) and dialog.isVisible())
        card = dialog.cards[ModelKind.EMBEDDER]
        fault = ModelFault("It does not open", "Nothing of it can be read. " * 12, "Choose another one.")
        assert window.models is not None
        window.models.changed.emit(replace(window.models.availability(ModelKind.EMBEDDER), fault=fault))
        wait(qtbot, lambda: card.fault.height() >= card.fault.heightForWidth(card.fault.width()))
        assert card.visibleRegion().boundingRect().height() == card.height()
        dialog.close()
