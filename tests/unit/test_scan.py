"""Walking folders: what is found, what is left out and why, and that nothing leads the walk astray."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from core.library.scan import MIB, ScanRules, walk
from core.parsing.registry import supported
from models.cancel import CancelToken
from models.faults import Cancelled

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


def names(root: Path, rules: ScanRules | None = None) -> list[str]:
    found = walk(os.fsencode(root), supported, rules=rules)
    return sorted(os.fsdecode(os.path.relpath(path, os.fsencode(root))) for path, _, _ in found.files)


def put(root: Path, *paths: str, text: str = "text") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_files_of_all_depths_are_found_with_size_and_time(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b/c.md", "b/d/e/f.html")
    found = walk(os.fsencode(tmp_path), supported)
    assert names(tmp_path) == ["a.txt", os.path.join("b", "c.md"), os.path.join("b", "d", "e", "f.html")]
    for path, size, modified_ns in found.files:
        status = os.stat(path)
        assert (size, modified_ns) == (status.st_size, status.st_mtime_ns)


def test_hidden_files_and_folders_of_programs_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, ".hidden.txt", ".git/config.txt", "node_modules/x/readme.md", "__pycache__/a.txt", "kept.txt")
    assert names(tmp_path) == ["kept.txt"]
    assert ".hidden.txt" in names(tmp_path, ScanRules(hidden=True))


def test_a_hidden_folder_given_by_name_is_looked_through(tmp_path: Path) -> None:
    put(tmp_path, ".notes/a.txt")
    assert names(tmp_path / ".notes") == ["a.txt"]


def test_a_file_given_by_name_is_a_folder_of_one(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b.txt")
    found = walk(os.fsencode(tmp_path / "a.txt"), supported)
    assert [path for path, _, _ in found.files] == [os.fsencode(tmp_path / "a.txt")]


def test_kinds_that_are_not_read_are_listed(tmp_path: Path) -> None:
    put(tmp_path, "film.mp4", "a.txt")
    found = walk(os.fsencode(tmp_path), supported)
    assert found.unsupported == [os.fsencode(tmp_path / "film.mp4")]


def test_too_large_files_are_left_out_with_the_limit(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    with open(tmp_path / "large.txt", "wb") as file:
        file.truncate(3 * MIB)
    found = walk(os.fsencode(tmp_path), supported, rules=ScanRules(max_file_bytes=2 * MIB))
    assert [path for path, _, _ in found.files] == [os.fsencode(tmp_path / "a.txt")]
    (skipped,) = found.skipped
    assert skipped.path == tmp_path / "large.txt"
    assert "2 MB" in skipped.reason


@posix_only
def test_links_are_not_followed_so_loops_end(tmp_path: Path) -> None:
    put(tmp_path, "a/b/c.txt")
    (tmp_path / "a" / "b" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "twice.txt").symlink_to(tmp_path / "a" / "b" / "c.txt")
    assert names(tmp_path) == ["a/b/c.txt"]


@posix_only
def test_a_link_given_by_name_is_looked_through(tmp_path: Path) -> None:
    put(tmp_path, "real/a.txt")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert names(tmp_path / "link") == ["a.txt"]


@posix_only
def test_pipes_and_sockets_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("socket.txt")
        put(tmp_path, "a.txt")
        assert names(tmp_path) == ["a.txt"]
    assert "neither a file nor a folder" in walk(os.fsencode(tmp_path / "pipe.txt"), supported).skipped[0].reason


@posix_only
def test_names_that_are_no_text_are_found(tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \xff.txt")
    with open(name, "w") as file:
        file.write("text")
    assert [path for path, _, _ in walk(os.fsencode(tmp_path), supported).files] == [name]


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="root may read everything")
def test_a_closed_folder_is_named_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "closed/a.txt", "b.txt")
    (tmp_path / "closed").chmod(0)
    try:
        found = walk(os.fsencode(tmp_path), supported)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert found.closed == [os.fsencode(tmp_path / "closed")]
    assert "permission" in found.skipped[0].reason


def test_a_place_that_is_not_there_is_missing(tmp_path: Path) -> None:
    assert walk(os.fsencode(tmp_path / "nowhere"), supported).missing
    put(tmp_path, "a.txt")
    assert walk(os.fsencode(tmp_path / "a.txt" / "below"), supported).missing


def test_a_walk_can_be_stopped(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        walk(os.fsencode(tmp_path), supported, cancel=cancel)
