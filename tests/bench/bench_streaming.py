"""Measures how long a streamed answer blocks the window's event loop: the real window, bridge and message list.

    python -m tests.bench.bench_streaming [--rate 100] [--tokens 3000]

A worker hands the window `--rate` tokens a second of reasoning and of a long Markdown answer, as the chat does. A timer
of 5 ms on the GUI thread measures by how much it is late.
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from core.domain.conversation import AnswerSaved, ChatMessage
from core.guide import guide_folder
from models.conversation import AnswerDelta, Effort, Finished, FinishReason, PrefillProgress, ReasoningDelta, Usage

TICK_MS = 5
TOKENS_PER_REASONING_TOKEN = 5
OPEN_TIMEOUT_S = 600.0


def markdown_tokens(count: int) -> list[str]:
    """The user guide, with headings, lists and tables, in pieces of about the length of tokens."""
    text = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(guide_folder().glob("*.md")))
    return list(itertools.islice(itertools.cycle(re.findall(r"\s?\S{1,6}|\s+", text)), count))


def turn_events(tokens: list[str], rate: float) -> Iterator[object]:
    """The events of a turn, at `rate` tokens a second. Runs on the chat worker."""
    yield PrefillProgress(900, 900, 0.0, 900)
    started_s = time.perf_counter()
    reasoning_count = len(tokens) // TOKENS_PER_REASONING_TOKEN
    for number, token in enumerate(tokens):
        time.sleep(max(0.0, started_s + number / rate - time.perf_counter()))
        yield ReasoningDelta(token) if number < reasoning_count else AnswerDelta(token)
    usage = Usage(900, 0, len(tokens), 1.0, len(tokens) / rate)
    yield Finished(FinishReason.COMPLETE, usage)
    answer, reasoning = "".join(tokens[reasoning_count:]), "".join(tokens[:reasoning_count])
    yield AnswerSaved(ChatMessage(1, "assistant", answer, reasoning, effort=Effort.MEDIUM, usage=usage))


def measure(rate: float, count: int) -> None:
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from gui.app import make_window
    from gui.garbage_collection import GuiThreadCollector
    from gui.workspace_session import LaunchOptions

    app = QApplication([])
    collector = GuiThreadCollector(app)
    delays_ms: list[float] = []
    last_s = time.perf_counter()

    def tick() -> None:
        nonlocal last_s
        now_s = time.perf_counter()
        delays_ms.append(1000 * (now_s - last_s) - TICK_MS)
        last_s = now_s

    with tempfile.TemporaryDirectory() as folder:
        window = make_window(app, LaunchOptions(Path(folder)), "light")
        window.show()
        window.open_library()
        started_s = time.monotonic()
        while window.workspace is None or window.turns is None or window.bridge.busy:
            app.processEvents()
            if time.monotonic() - started_s > OPEN_TIMEOUT_S:
                raise SystemExit("the library did not open")
        tokens = markdown_tokens(count)
        window.workspace.chat.ask = lambda *args, **kwargs: turn_events(tokens, rate)  # type: ignore[assignment]  # the model
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        window.turns.ended.connect(lambda turn: app.quit())
        window.chat.ask("What does the guide say?")
        last_s = time.perf_counter()
        timer.start(TICK_MS)
        app.exec()
        timer.stop()
        shown = window.chat.messages.shown[-1]
        text = getattr(shown, "text").toPlainText()  # noqa: B009  # of an AnswerView
        window.close()
    collector.stop()
    delays_ms.sort()
    p50, p99 = (delays_ms[int(share * (len(delays_ms) - 1))] for share in (0.5, 0.99))
    over = sum(delay > 50 for delay in delays_ms)
    print(f"{count} tokens at {rate:.0f}/s, {len(text):,} characters shown, {len(delays_ms):,} turns of the event loop")
    print(f"held up: median {p50:.1f} ms, p99 {p99:.1f} ms, longest {delays_ms[-1]:.1f} ms; {over} times over 50 ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--tokens", type=int, default=3000)
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    measure(arguments.rate, arguments.tokens)


if __name__ == "__main__":
    main()
