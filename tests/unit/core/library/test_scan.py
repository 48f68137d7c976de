"""Walking folders: what is found, what is left out and why, and that links do not lead in circles."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from core.library.scan import ScanRules, walk
from core.parsing.registry import is_supported
from models.cancel import CancelToken
from models.faults import Cancelled
from tests.support.permissions import as_a_person

posix_only = pytest.mark.skipif(os.name != "posix", reason="POSIX files")


def names(root: Path, rules: ScanRules | None = None) -> list[str]:
    found = walk(os.fsencode(root), is_supported, rules=rules)
    return sorted(os.fsdecode(os.path.relpath(path, os.fsencode(root))) for path, _, _ in found.files)


def put(root: Path, *paths: str, text: str = "text") -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_files_of_all_depths_are_found_with_size_and_time(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b/c.md", "b/d/e/f.html")
    found = walk(os.fsencode(tmp_path), is_supported)
    assert names(tmp_path) == ["a.txt", os.path.join("b", "c.md"), os.path.join("b", "d", "e", "f.html")]
    for path, size, modified_ns in found.files:
        status = os.stat(path)
        assert (size, modified_ns) == (status.st_size, status.st_mtime_ns)


def test_hidden_files_and_folders_of_programs_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, ".hidden.txt", ".git/config.txt", "node_modules/x/readme.md", "__pycache__/a.txt", "kept.txt")
    assert names(tmp_path) == ["kept.txt"]
    assert ".hidden.txt" in names(tmp_path, ScanRules(include_hidden=True))


def test_a_hidden_folder_given_by_name_is_walked(tmp_path: Path) -> None:
    put(tmp_path, ".notes/a.txt")
    assert names(tmp_path / ".notes") == ["a.txt"]


def test_a_file_given_by_name_is_a_folder_of_one(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b.txt")
    found = walk(os.fsencode(tmp_path / "a.txt"), is_supported)
    assert [path for path, _, _ in found.files] == [os.fsencode(tmp_path / "a.txt")]


def test_unsupported_formats_are_listed(tmp_path: Path) -> None:
    put(tmp_path, "film.mp4", "a.txt")
    found = walk(os.fsencode(tmp_path), is_supported)
    assert found.unsupported == [os.fsencode(tmp_path / "film.mp4")]


def put_rules(folder: Path, *patterns: str, name: str = ".papermoorignore") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(patterns) + "\n", encoding="utf-8")


def test_patterns_of_the_settings_leave_out_folders_and_files(tmp_path: Path) -> None:
    put(tmp_path, "drafts/a.txt", "x/drafts/b.txt", "c.log.txt", "kept.txt", "x/only here.md", "y/only here.md")
    rules = ScanRules(patterns=("# a remark", "", "drafts/", "*.log.txt", "/x/*.md"))
    assert names(tmp_path, rules) == ["kept.txt", "y/only here.md"]


def test_a_later_pattern_takes_back_what_an_earlier_one_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "b.txt", "deep/a.txt")
    assert names(tmp_path, ScanRules(patterns=("*.txt", "!/a.txt"))) == ["a.txt"]


def test_an_ignore_file_holds_for_its_folder_and_below(tmp_path: Path) -> None:
    put(tmp_path, "a/x.txt", "a/b/x.txt", "a/b/y.txt", "x.txt", "a/only/z.txt", "only/z.txt")
    put_rules(tmp_path / "a", "x.txt", "/only/")
    put_rules(tmp_path / "a" / "b", "!x.txt", "y.txt")
    assert names(tmp_path) == ["a/b/x.txt", "only/z.txt", "x.txt"]
    assert names(tmp_path, ScanRules(include_hidden=True)) == ["a/b/x.txt", "only/z.txt", "x.txt"]


def test_gitignore_files_count_only_if_the_rules_say_so(tmp_path: Path) -> None:
    put(tmp_path, "a.txt", "build/b.txt")
    put_rules(tmp_path, "build/", name=".gitignore")
    assert names(tmp_path) == ["a.txt", "build/b.txt"]
    assert names(tmp_path, ScanRules(use_gitignore=True)) == ["a.txt"]


def test_the_rules_above_a_part_of_a_folder_hold_for_it(tmp_path: Path) -> None:
    put(tmp_path, "a/drafts/b/c.txt", "a/drafts/b/d.md", "a/e.txt")
    put_rules(tmp_path / "a", "*.md")
    top = os.fsencode(tmp_path)
    part = os.path.join(top, b"a", b"drafts", b"b")
    assert [os.path.basename(path) for path, _, _ in walk(part, is_supported, top=top).files] == [b"c.txt"]
    found = walk(part, is_supported, top=top, rules=ScanRules(patterns=("drafts/",)))
    assert found.files == [] and not found.missing
    assert "ignore rule" in found.skipped[0].reason
    assert walk(part, is_supported, rules=ScanRules(patterns=("drafts/",))).files != []


def test_invalid_patterns_leave_out_nothing(tmp_path: Path) -> None:
    put(tmp_path, "a.txt")
    put_rules(tmp_path, "!", "[", "\\")
    assert names(tmp_path, ScanRules(patterns=("[z-a]", "!", "\\"))) == ["a.txt"]
    (tmp_path / ".papermoorignore").write_bytes(b"\xff\xfe\x00*" * 400_000)
    assert names(tmp_path) == ["a.txt"]


def test_excluded_folders_are_passed_over(tmp_path: Path) -> None:
    put(tmp_path, "data/log.txt", "a.txt")
    assert names(tmp_path, ScanRules(excluded_folders=frozenset({os.fsencode(tmp_path / "data")}))) == ["a.txt"]


@posix_only
def test_links_are_not_followed_so_loops_end(tmp_path: Path) -> None:
    put(tmp_path, "a/b/c.txt")
    (tmp_path / "a" / "b" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to("self")
    (tmp_path / "twice.txt").symlink_to(tmp_path / "a" / "b" / "c.txt")
    assert names(tmp_path) == ["a/b/c.txt"]


@posix_only
def test_a_link_given_by_name_is_followed(tmp_path: Path) -> None:
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
    assert "neither a file nor a folder" in walk(os.fsencode(tmp_path / "pipe.txt"), is_supported).skipped[0].reason


@posix_only
def test_names_that_are_not_valid_utf8_are_found(tmp_path: Path) -> None:
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9 \xff.txt")
    with open(name, "w") as file:
        file.write("text")
    assert [path for path, _, _ in walk(os.fsencode(tmp_path), is_supported).files] == [name]


def test_a_closed_folder_is_listed_with_the_reason(tmp_path: Path) -> None:
    put(tmp_path, "closed/a.txt", "b.txt")
    (tmp_path / "closed").chmod(0)
    try:
        with as_a_person():
            found = walk(os.fsencode(tmp_path), is_supported)
    finally:
        (tmp_path / "closed").chmod(0o700)
    ((path, reason),) = found.closed.items()
    assert path == os.fsencode(tmp_path / "closed")
    assert "permission" in reason


def test_a_path_that_does_not_exist_is_missing(tmp_path: Path) -> None:
    assert walk(os.fsencode(tmp_path / "nowhere"), is_supported).missing
    put(tmp_path, "a.txt")
    assert walk(os.fsencode(tmp_path / "a.txt" / "below"), is_supported).missing


def test_a_walk_can_be_stopped(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        walk(os.fsencode(tmp_path), is_supported, cancel=cancel)
