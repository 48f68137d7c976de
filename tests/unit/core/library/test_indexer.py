"""The queue: its order, pauses, cancelling anywhere, files that end their parser or change meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.chunking.chunker import cut_document
from core.domain.documents import DocumentState
from core.domain.faults import StorageFault
from core.jobs import Job
from core.library import indexer
from core.library.new_content import file_stat, new_content
from core.library.throttle import PauseReason, Throttle
from core.parsing.limits import ParseLimits
from core.parsing.process.pool import ParserPool
from core.store.documents.documents import QueuedFile
from core.store.documents.parse_crash_log import ParseCrashLog
from models.cancel import CancelToken
from models.faults import Cancelled
from models.progress import Progress
from tests.support.libraries import OpenLibrary, content_of, keyword_rows, open_library


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(2, cutter=cut_document) as pool:
        yield pool


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    changed_ns = time.time_ns() - 100 * 10**9
    for n in range(12):
        (folder / f"{n}.txt").write_text(f"Document {n} tells about matter {n * 11}.")
        os.utime(folder / f"{n}.txt", ns=(changed_ns, changed_ns))
    return folder


def endless_pdf(depth: int = 40) -> bytes:
    """A page that draws a form which draws another twice, and so on: 2^depth drawings in 7 kB."""
    form = "<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << {} >> /Length {} >>\nstream\n{}\nendstream"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /XObject << /F 5 0 R >> >> >>",
        "<< /Length 5 >>\nstream\n/F Do\nendstream",
        *(form.format(f"/XObject << /F {6 + n} 0 R >>", 11, "/F Do /F Do") for n in range(depth)),
        form.format("", 1, "q"),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{end}trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n".encode()


def states(opened: OpenLibrary) -> dict[str, DocumentState]:
    return {document.path.name: document.state for document in opened.library.documents()}


def test_small_and_recent_come_before_huge_and_old() -> None:
    year_ns, now_s = 365 * 24 * 3600 * 10**9, time.time()
    now_ns = int(now_s * 1e9)
    small_new = QueuedFile(1, b"a", 2_000, now_ns, b"")
    small_old = QueuedFile(2, b"b", 2_000, now_ns - 10 * year_ns, b"")
    huge_new = QueuedFile(3, b"c", 500_000_000, now_ns, b"")
    huge_old = QueuedFile(4, b"d", 500_000_000, now_ns - 10 * year_ns, b"")
    ordered = sorted([huge_old, huge_new, small_old, small_new], key=indexer.queue_order(now_s))
    assert [file.id for file in ordered] == [1, 2, 3, 4]


def test_progress_counts_files_up_to_the_end(opened: OpenLibrary, folder: Path) -> None:
    seen: list[Progress] = []
    opened.library.index([folder], Job(seen.append))
    files = [progress for progress in seen if progress.unit == "files" and progress.total]
    assert (files[0].done, files[0].total) == (0, 12)
    assert (files[-1].done, files[-1].total) == (12, 12)
    assert [progress.done for progress in files] == sorted(progress.done for progress in files)


@pytest.mark.parametrize("after", [0, 1, 5, 9])
def test_a_stopped_run_is_resumed_where_it_was(
    opened: OpenLibrary, folder: Path, tmp_path: Path, pool: ParserPool, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.PROGRESS_INTERVAL_S", 0)
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.total and progress.done >= after:
            cancel.cancel()

    with pytest.raises(Cancelled):
        opened.library.index([folder], Job(stop, cancel))
    counts = opened.library.counts()
    assert counts.indexed + counts.waiting == 12
    assert counts.indexed >= after
    report = opened.index(folder)
    assert (report.documents, report.indexed) == (12, 12 - counts.indexed)
    with open_library(tmp_path / "fresh", pool) as fresh:
        fresh.index(folder)
        assert content_of(opened.database) == content_of(fresh.database)
        assert keyword_rows(opened.database) == keyword_rows(fresh.database)


def test_nothing_is_parsed_while_a_question_is_answered(opened: OpenLibrary, folder: Path) -> None:
    done = threading.Event()

    def run() -> None:
        opened.index(folder)
        done.set()

    with opened.throttle.while_answering():
        thread = threading.Thread(target=run)
        thread.start()
        assert not done.wait(0.5)
        assert opened.library.counts().indexed == 0
    assert done.wait(60)
    thread.join()
    assert opened.library.counts().indexed == 12


def test_a_paused_run_waits_and_resumes(opened: OpenLibrary, folder: Path) -> None:
    done = threading.Event()

    def run() -> None:
        opened.index(folder)
        done.set()

    opened.throttle.pause()
    thread = threading.Thread(target=run)
    thread.start()
    deadline_s = time.monotonic() + 60
    while opened.throttle.pause_reason is not PauseReason.PAUSED and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert opened.throttle.pause_reason is PauseReason.PAUSED
    assert opened.library.counts().indexed == 0
    opened.throttle.resume()
    assert done.wait(60)
    thread.join()
    assert opened.library.counts().indexed == 12 and opened.throttle.pause_reason is None


def test_changes_reported_during_a_run_are_indexed_by_it(opened: OpenLibrary, folder: Path) -> None:
    assert not opened.library.report_changed_paths([folder])
    new = folder / "new" / "late.txt"

    def change(progress: Progress) -> None:
        if progress.unit == "files" and progress.done and not new.exists():
            new.parent.mkdir()
            new.write_text("This came late.")
            (folder / "0.txt").unlink()
            assert opened.library.report_changed_paths([new.parent, folder])

    report = opened.library.index([folder], Job(change))
    assert (report.documents, report.removed) == (12, 1)
    assert states(opened)["late.txt"] is DocumentState.INDEXED
    assert not opened.library.report_changed_paths([folder])


class ProgramEnded(BaseException):
    """Stands for the end of the program: nothing that catches errors catches it."""


def end_while_parsing(
    tmp_path: Path, folder: Path, pool: ParserPool, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End the program while `name` is parsed, without what a killed program would not do any more."""

    def die(path: Path, *rest: object) -> object:
        if path.name == name:
            raise ProgramEnded
        return new_content(path, *rest)  # type: ignore[arg-type]  # those of `new_content`

    with monkeypatch.context() as patch, open_library(tmp_path / "data", pool) as opened:
        patch.setattr(indexer, "new_content", die)
        patch.setattr(ParseCrashLog, "end_all", lambda self: None)
        with pytest.raises(ProgramEnded):
            opened.index(folder)


def test_a_file_that_repeatedly_ends_the_program_is_left_out(
    tmp_path: Path, folder: Path, pool: ParserPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is a suspect all others come first; and an end at another moment does not count against it."""
    for _ in range(1 + indexer.MOST_CRASHES):
        end_while_parsing(tmp_path, folder, pool, "3.txt", monkeypatch)
    with open_library(tmp_path / "data", pool) as opened:
        assert opened.library.counts().indexed == 11
        report = opened.index(folder)
        assert report.documents == 11
        (skipped,) = report.skipped
        assert skipped.path.name == "3.txt" and "ended several times" in skipped.reason
        assert opened.index(folder).skipped == report.skipped
        (document,) = (d for d in opened.library.documents() if d.path.name == "3.txt")
        opened.library.retry([document.id])
        assert opened.index(folder).documents == 12


def test_a_run_that_is_stopped_blames_no_file(
    opened: OpenLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = CancelToken()

    def stop(path: Path, largest_bytes: int) -> object:
        cancel.cancel()
        return file_stat(path, largest_bytes)

    with monkeypatch.context() as patch:
        patch.setattr(indexer, "file_stat", stop)
        for _ in range(indexer.MOST_CRASHES + 2):
            with pytest.raises(Cancelled):
                opened.library.index([folder], Job(cancel=cancel))
            cancel = CancelToken()
    assert opened.index(folder).documents == 12
    with opened.database.read() as connection:
        assert connection.execute("SELECT COUNT(*) FROM in_hand").fetchone() == (0,)


def test_a_paused_indexer_can_be_cancelled() -> None:
    throttle, cancel = Throttle(), CancelToken()
    cancel.cancel()
    with throttle.while_answering(), throttle.while_answering(), pytest.raises(Cancelled):
        throttle.wait_while_paused(cancel)
    throttle.wait_while_paused(CancelToken())


def test_a_file_that_ends_its_parser_is_left_out_and_the_rest_goes_on(tmp_path: Path, folder: Path) -> None:
    (folder / "endless.pdf").write_bytes(endless_pdf())
    with (
        ParserPool(1, ParseLimits(base_s=1.0, longest_s=1.0), cutter=cut_document) as pool,
        open_library(tmp_path / "data", pool) as opened,
    ):
        report = opened.index(folder)
        assert report.documents == 12
        assert [skip.path.name for skip in report.skipped] == ["endless.pdf"]
        assert report.skipped[0].reason
        with opened.database.read() as connection:
            assert connection.execute("SELECT COUNT(*) FROM documents WHERE pending").fetchone() == (0,)
        assert opened.index(folder).skipped == report.skipped


def test_a_file_written_while_it_is_parsed_is_parsed_again(
    opened: OpenLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real parser, on a file that is written between taking its digest and reading its text."""
    writes: list[Path] = []

    def stat_then_write(path: Path, largest_bytes: int) -> object:
        stat = file_stat(path, largest_bytes)
        if path.name == "3.txt" and len(writes) < 1:
            writes.append(path)
            path.write_text("Document 3 tells about quinces now.")
        return stat

    monkeypatch.setattr(indexer, "file_stat", stat_then_write)
    opened.index(folder)
    document = next(d for d in opened.library.documents() if d.path.name == "3.txt")
    text = opened.library.document_text(document.id)
    assert text is not None
    assert text.text == "Document 3 tells about quinces now."


def test_a_file_that_keeps_changing_is_tried_again_in_the_next_run(
    opened: OpenLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[Path] = []

    def stat_then_write(path: Path, largest_bytes: int) -> object:
        stat = file_stat(path, largest_bytes)
        if path.name == "3.txt":
            writes.append(path)
            path.write_text("x" * len(writes))
        return stat

    with monkeypatch.context() as patch:
        patch.setattr(indexer, "file_stat", stat_then_write)
        assert opened.index(folder).documents == 11
    assert states(opened)["3.txt"] is DocumentState.WAITING
    assert opened.index(folder).documents == 12


def test_a_file_deleted_before_it_is_parsed_leaves_with_the_next_run(
    opened: OpenLibrary, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def delete_then_stat(path: Path, largest_bytes: int) -> object:
        if path.name == "3.txt":
            path.unlink()
        return file_stat(path, largest_bytes)

    with monkeypatch.context() as patch:
        patch.setattr(indexer, "file_stat", delete_then_stat)
        assert opened.index(folder).documents == 11
    report = opened.index(folder)
    assert (report.documents, report.removed) == (11, 1)
    assert "3.txt" not in states(opened)


def test_a_folder_removed_while_it_is_indexed_stays_away(opened: OpenLibrary, folder: Path) -> None:
    removed = threading.Event()

    def remove(progress: Progress) -> None:
        if progress.total and not removed.is_set():
            removed.set()
            thread = threading.Thread(target=lambda: opened.library.remove(opened.library.folders()[0].id))
            thread.start()
            thread.join()

    report = opened.library.index([folder], Job(remove))
    assert report.documents == 0
    assert opened.library.documents() == ()
    assert keyword_rows(opened.database) == []


def test_a_full_disk_is_a_storage_fault_and_what_was_indexed_stays(opened: OpenLibrary, folder: Path) -> None:
    (folder / "5.txt").write_text("\n".join(f"Line {n} of a long text about {n * n}." for n in range(20_000)))
    os.utime(folder / "5.txt", ns=(10**18, 10**18))
    with opened.database.read() as connection:
        connection.execute("PRAGMA max_page_count = 60")  # what SQLite meets when the disk has no more room
    with pytest.raises(StorageFault, match="no room left"):
        opened.index(folder)
    assert opened.library.counts().indexed == 11
    with opened.database.read() as connection:
        connection.execute("PRAGMA max_page_count = 1000000")
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert opened.index(folder).documents == 12
