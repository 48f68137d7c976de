"""What an answer waits for before the model writes: a sentence, and how far the loading or the reading has come."""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QProgressBar, QWidget

from core.i18n import tr
from gui import number_formats
from gui.chat.turn import Phase, TurnView
from gui.style.elements import column, label
from gui.style.sheet import SPACE

ESTIMATE_MS = 250  # the model tells how far it has read every 512 tokens, which can be half a minute


class Waiting(QWidget):
    """Hidden while there is nothing to wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._turn: TurnView | None = None
        self.text = label("", "small", wrap=True)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress"))
        layout = column(self, 0, SPACE)
        layout.addWidget(self.text)
        layout.addWidget(self.progress)
        self._clock = QTimer(self)
        self._clock.setInterval(ESTIMATE_MS)
        self._clock.timeout.connect(self._show_reading)
        self.hide()

    def show_turn(self, turn: TurnView) -> None:
        """Show what `turn` waits for now."""
        self._turn = turn
        self._clock.stop()
        if turn.phase is Phase.READING and turn.reading is not None:
            self._clock.start()
            self._show_reading()
        elif turn.phase is Phase.QUEUED:
            self._show(tr("Waiting for another answer to be finished…"))
        elif turn.phase is Phase.SEARCHING:
            self._show(tr("Searching your documents…"))
        elif turn.phase is Phase.LOADING and turn.loading is not None:
            self._show(tr("The model is being loaded"), turn.loading.done, turn.loading.total)
        else:
            self.end()

    def end(self) -> None:
        """There is nothing to wait for any more."""
        self._clock.stop()
        self._turn = None
        self.hide()

    def _show_reading(self) -> None:
        turn = self._turn
        if turn is None or turn.reading is None:
            return
        reading = turn.reading.extrapolated(time.monotonic() - turn.reading_told_s)
        done, total = reading.done_tokens, reading.total_tokens
        text = tr(
            "The model is reading: {done} of {total} tokens",
            done=number_formats.count(done),
            total=number_formats.count(total),
        )
        left = number_formats.time_left(reading.seconds_left)
        self._show(" · ".join(part for part in (text, left) if part), done, total)

    def _show(self, text: str, done: int = 0, total: int | None = None) -> None:
        """`total` 0: how far it will go is not known; None: nothing is counted."""
        self.text.setText(text)
        self.progress.setVisible(total is not None)
        if total is not None:
            self.progress.setRange(0, 1000 if total else 0)
            self.progress.setValue(int(1000 * done / total) if total else 0)
        self.show()
