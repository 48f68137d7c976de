"""Folders, files and drives that cannot be opened now are listed, and their documents stay in the library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.retrieval.retriever import Retriever
from models.cancel import CancelToken
from tests.support.libraries import OpenLibrary, content_of
from tests.support.permissions import as_a_person


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    put(folder / "apples.txt", "Apples grow on trees.")
    put(folder / "inner" / "cats.txt", "Cats sleep all day.")
    return folder


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    changed_ns = time.time_ns() - 100 * 10**9
    os.utime(path, ns=(changed_ns, changed_ns))


def found(opened: OpenLibrary, words: str) -> set[str]:
    result = Retriever(opened.database, opened.vectors, lambda: None).search(words)
    return {passage.path.name for passage in result.passages}


def skipped(opened: OpenLibrary) -> dict[str, str]:
    return {one.path.name: one.reason for one in opened.library.skipped()}


@contextmanager
def closed(path: Path) -> Iterator[None]:
    """A context in which nobody may open `path`."""
    before = path.stat().st_mode
    path.chmod(0)
    try:
        with as_a_person():
            yield
    finally:
        path.chmod(before)


@pytest.mark.parametrize("which", ["inner", "."])
def test_a_closed_folder_is_listed_and_its_documents_stay(opened: OpenLibrary, folder: Path, which: str) -> None:
    opened.index(folder)
    before = content_of(opened.database)
    with closed(folder / which):
        report = opened.index(folder)
        assert [one.path for one in report.skipped] == [folder / which]
        assert "permission" in report.skipped[0].reason
        assert (report.documents, report.removed) == (2, 0)
        assert "permission" in skipped(opened)[(folder / which).name]
        assert opened.library.differences(CancelToken()) == ()
        assert found(opened, "cats") == {"cats.txt"}
    assert content_of(opened.database) == before
    report = opened.index(folder)
    assert (report.skipped, skipped(opened), report.unchanged) == ((), {}, 2)


def test_a_folder_closed_from_the_beginning_is_listed_and_indexed_later(opened: OpenLibrary, folder: Path) -> None:
    with closed(folder / "inner"):
        assert opened.index(folder).documents == 1
        opened.index(folder)
        assert set(skipped(opened)) == {"inner"}
    assert [path for path, _ in opened.library.differences(CancelToken())] == [folder]
    assert opened.index(folder).documents == 2
    assert skipped(opened) == {}


def test_removing_a_folder_removes_the_notes_on_its_closed_folders(opened: OpenLibrary, folder: Path) -> None:
    with closed(folder / "inner"):
        opened.index(folder)
    opened.library.remove(opened.library.folders()[0].id)
    assert skipped(opened) == {}
    with opened.database.read() as connection:
        assert connection.execute("SELECT COUNT(*) FROM folder_notes").fetchone() == (0,)


def test_a_changed_file_that_may_not_be_read_keeps_its_old_text(opened: OpenLibrary, folder: Path) -> None:
    opened.index(folder)
    put(folder / "inner" / "cats.txt", "Cats sleep all night, too.")
    with closed(folder / "inner" / "cats.txt"):
        for _ in range(2):
            report = opened.index(folder)
            assert (report.documents, report.skipped) == (2, ())
            assert [one.path.name for one in report.noted] == ["cats.txt"]
            assert "may not be read" in report.noted[0].reason and "is searched" in report.noted[0].reason
            assert found(opened, "cats") == {"cats.txt"} and found(opened, "night") == set()
        before = opened.library.differences(CancelToken())
    assert opened.library.differences(CancelToken()) != before  # so that it is parsed as soon as it may be
    assert opened.index(folder).noted == ()
    assert found(opened, "night") == {"cats.txt"} and skipped(opened) == {}


@contextmanager
def drive(path: Path) -> Iterator[None]:
    """A context with a file system of its own mounted at `path`."""
    if sys.platform != "linux" or os.getuid() != 0 or not shutil.which("mount"):
        pytest.skip("mounting needs Linux and root")
    done = subprocess.run(["mount", "-t", "tmpfs", "none", str(path)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


@pytest.mark.parametrize(
    "added", ["documents", "documents/usb", "documents/usb/letters", "documents/usb/letters/l.txt"]
)
def test_documents_on_a_drive_stay_while_it_is_not_connected(
    opened: OpenLibrary, folder: Path, tmp_path: Path, added: str
) -> None:
    """Its mount point still exists then, empty or with what somebody put there by mistake."""
    (folder / "usb").mkdir()
    root = tmp_path / added
    with drive(folder / "usb"):
        put(folder / "usb" / "letters" / "l.txt", "Letters are written by hand.")
        before = opened.index(root).documents
        known = content_of(opened.database)
    assert found(opened, "letters") == {"l.txt"}
    assert [path for path, _ in opened.library.differences(CancelToken())] == [root]
    for stray in (0, 1, 2):  # the second time, the stray file is a known document, too
        if stray:
            put(folder / "usb" / "stray.txt", "A stray dog.")
        report = opened.index()
        assert report.removed == 0
        assert report.documents == before + (stray > 0 and added in ("documents", "documents/usb"))
        assert any("not connected" in one.reason or "not there" in one.reason for one in report.skipped)
        assert opened.library.differences(CancelToken()) == ()
        assert found(opened, "letters") == {"l.txt"}
    (folder / "usb" / "stray.txt").unlink()
    with drive(folder / "usb"):
        put(folder / "usb" / "letters" / "l.txt", "Letters are written by hand.")
        report = opened.index()
        assert (report.documents, report.skipped, skipped(opened)) == (before, (), {})
        assert [row[0] for row in content_of(opened.database)] == [row[0] for row in known]
        (folder / "usb" / "letters" / "l.txt").unlink()
        opened.index()
        assert found(opened, "letters") == set()


def test_files_copied_from_a_drive_to_its_mount_point_are_followed_again(
    opened: OpenLibrary, folder: Path, tmp_path: Path
) -> None:
    """As when a home directory that had a file system of its own was copied into the system's."""
    (folder / "usb").mkdir()
    with drive(folder / "usb"):
        for name in ("a.txt", "b.txt"):
            put(folder / "usb" / name, f"The words of {name}.")
        opened.index(folder)
        shutil.copytree(folder / "usb", tmp_path / "kept")
    shutil.copytree(tmp_path / "kept", folder / "usb", dirs_exist_ok=True)
    assert (opened.index(folder).removed, skipped(opened)) == (0, {})
    (folder / "usb" / "a.txt").unlink()
    assert opened.index(folder).removed == 1
