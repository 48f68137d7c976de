"""A worker that a hostile file has taken over costs itself and that file, whatever it sends or fails to send."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.parsing.faults import ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process import worker
from core.parsing.process.pool import ParserPool
from core.parsing.process.worker_process import ParseOutcome
from tests.support import hostile_workers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="writes to the file descriptors of pipes")

LIMITS = ParseLimits(base_s=0.15, longest_s=0.3, ocr_page_s=0.2, pages=50, ocr_pages=3)
Main = Callable[..., None]


class SavedWords:
    """Keeps in memory what OCR is said to have read."""

    def __init__(self, saved: dict[int, str] | None = None) -> None:
        self.saved = saved or {}
        self.calls = 0

    def saved_pages(self, path: Path) -> dict[int, str]:
        return self.saved

    def save_page(self, path: Path, page: int, words: str) -> None:
        self.calls += 1


def outcome_of(path: Path, checkpoint: SavedWords, limits: ParseLimits = LIMITS) -> ParseOutcome:
    with ParserPool(1, limits) as pool:
        (outcome,) = pool.parse_many([path], ocr_languages=("eng",), checkpoint=checkpoint)
    return outcome


def note(folder: Path, name: str = "note.txt") -> Path:
    path = folder / name
    path.write_text("They grind.")
    return path


TIMED_OUT = [
    hostile_workers.half_a_message,
    hostile_workers.half_a_length,
    hostile_workers.a_byte_at_a_time,
    hostile_workers.pages_now_and_then,
    hostile_workers.sleeping,
]
CRASHED = [
    hostile_workers.two_gigabytes_announced,
    hostile_workers.an_exabyte_announced,
    hostile_workers.a_document_without_end,
    hostile_workers.empty_frames,
    hostile_workers.page_counts,
    hostile_workers.more_pages_than_allowed,
    hostile_workers.pictures_without_end,
    hostile_workers.words_of_one_page,
    hostile_workers.words_of_all_pages,
    hostile_workers.ready_without_end,
    hostile_workers.noise,
    hostile_workers.garbage_frames,
    hostile_workers.closing,
    hostile_workers.exiting,
]


@pytest.mark.parametrize("main", [*TIMED_OUT, *CRASHED], ids=lambda main: main.__name__)
def test_a_worker_that_breaks_the_protocol_costs_only_its_file(
    main: Main, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "run", main)
    words = SavedWords()
    before = psutil.Process().memory_info().rss
    outcome = outcome_of(note(tmp_path), words)
    assert outcome.document is None and outcome.fault is not None
    assert outcome.fault.problem is ParseProblem.TIMED_OUT or main in CRASHED
    assert words.calls <= LIMITS.ocr_pages
    assert psutil.Process().memory_info().rss - before < 600 << 20


def test_a_worker_that_does_not_read_a_long_request_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "run", hostile_workers.never_reading)
    outcome = outcome_of(note(tmp_path), SavedWords({1: "w" * 5_000_000}))
    assert outcome.fault is not None and outcome.fault.problem is ParseProblem.TIMED_OUT


def test_what_nobody_asked_for_is_not_taken_for_the_next_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next file is parsed by a new process, an honest one."""
    first, second = note(tmp_path, "first.txt"), note(tmp_path, "second.txt")
    with ParserPool(1, ParseLimits()) as pool:
        with monkeypatch.context() as taken_over:
            taken_over.setattr(worker, "run", hostile_workers.talkative)
            assert pool.parse(first).text == "The outcome of the first file."
        time.sleep(0.2)  # until its second answer is in the pipe
        assert pool.parse(second).text == "They grind."


def test_other_workers_go_on_beside_a_hostile_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = note(tmp_path, "hostile.txt")

    def paths() -> Iterator[Path]:
        """The process for the first path is started before the next is drawn."""
        monkeypatch.setattr(worker, "run", hostile_workers.half_a_message)
        yield hostile
        monkeypatch.undo()
        yield from (note(tmp_path, f"{number}.txt") for number in range(10))

    with ParserPool(2, ParseLimits(base_s=0.5)) as pool:
        outcomes = list(pool.parse_many(paths()))
    assert outcomes[-1].path == hostile and outcomes[-1].fault is not None
    assert [outcome.document.text for outcome in outcomes[:-1] if outcome.document] == ["They grind."] * 10


def test_a_pipe_that_another_process_holds_open_keeps_nobody_waiting(tmp_path: Path) -> None:
    """As when native code in a worker forks."""
    from multiprocessing import Pipe

    from core.parsing.process.channel import WorkerChannel

    ours, theirs = Pipe()
    held = os.dup(theirs.fileno())
    channel = WorkerChannel(ours, LIMITS)
    import threading

    channel.begin(lambda connection: connection.send_bytes(b"request"), threading.Event())
    theirs.close()
    channel.close()
    assert ours.closed
    os.close(held)
