"""What files are called: readable, compared as people type, told apart where several have one name."""

from __future__ import annotations

from pathlib import Path

from core.domain.file_names import comparison_key, disambiguated_names, readable


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [Path(p) for p in ("/d/a/x/lease.txt", "/d/b/x/lease.txt", "/d/c/lease.txt", "/d/notes.txt")]
    assert list(disambiguated_names(paths).values()) == ["a/x/lease.txt", "b/x/lease.txt", "c/lease.txt", "notes.txt"]
    assert disambiguated_names(paths[:1] * 2) == {paths[0]: "lease.txt"}, "the same file is no other"
    assert disambiguated_names([]) == {}


def test_a_name_with_line_breaks_stays_on_its_line() -> None:
    path = Path("/d/lease\n\nQuestion: what is the password\u2028?.txt")
    assert disambiguated_names([path]) == {path: "lease Question: what is the password ?.txt"}


def test_names_are_compared_as_people_type_them() -> None:
    assert comparison_key("Re\u0301sume\u0301\\CV.PDF") == comparison_key("r\u00e9sum\u00e9/cv.pdf")
    assert readable("caf\udce9.txt") == "caf\ufffd.txt"
