"""What an answer waits for before the model writes: a sentence, and the progress of loading or prefill."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QProgressBar, QWidget

from core.chat.turn_state import TurnPhase, TurnState
from core.i18n import tr
from gui import number_formats
from gui.style.elements import column, label
from gui.style.sheet import SPACE

EXTRAPOLATION_MS = 250
"""Interval of extrapolating the prefill: the model reports every 512 tokens, which can be half a minute apart."""
BAR_STEPS = 1000


class TurnProgressView(QWidget):
    """Hidden while there is nothing to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._turn: TurnState | None = None
        self.text = label("", "small", wrap=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        layout = column(self, 0, SPACE)
        layout.addWidget(self.text)
        layout.addWidget(self.bar)
        self._timer = QTimer(self)
        self._timer.setInterval(EXTRAPOLATION_MS)
        self._timer.timeout.connect(self._show_prefill)
        self.hide()

    def show_turn(self, turn: TurnState) -> None:
        """Show what `turn` waits for now."""
        self._turn = turn
        self._timer.stop()
        match turn.phase:
            case TurnPhase.QUEUED:
                self._show(tr("Waiting for another answer to be finished…"))
            case TurnPhase.SEARCHING:
                self._show(tr("Searching your documents…"))
            case TurnPhase.LOADING if turn.loading is not None:
                self._show(tr("The model is being loaded"), turn.loading.done, turn.loading.total)
            case TurnPhase.PREFILLING if turn.prefill is not None:
                self._timer.start()
                self._show_prefill()
            case _:
                self.clear()

    def clear(self) -> None:
        """Hide: nothing is waited for any more."""
        self._timer.stop()
        self._turn = None
        self.hide()

    def _show_prefill(self) -> None:
        turn = self._turn
        if turn is None or turn.prefill is None:
            return
        prefill = turn.prefill.extrapolated(time.monotonic() - turn.prefill_reported_s)
        done, total = prefill.done_tokens, prefill.total_tokens
        text = tr(
            "The model is reading: {done} of {total} tokens",
            done=number_formats.count(done),
            total=number_formats.count(total),
        )
        left = number_formats.time_left(prefill.seconds_left)
        self._show(" · ".join(part for part in (text, left) if part), done, total)

    def _show(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Show `text` and a progress bar; without one if `total` is None, without an end if it is 0."""
        self.text.setText(text)
        self.bar.setVisible(total is not None)
        if total is not None:
            self.bar.setRange(0, BAR_STEPS if total else 0)
            self.bar.setValue(int(BAR_STEPS * done / total) if total else 0)
        self.show()
