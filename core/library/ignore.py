"""Ignore rules: patterns as .gitignore has them, from the settings and from files in the folders themselves."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

FILE_NAME = b".papermoorignore"
GIT_FILE_NAME = b".gitignore"
LARGEST_FILE_BYTES = 1 << 20  # a larger one is no list of patterns
_CASE = re.IGNORECASE if sys.platform in ("win32", "darwin") else 0
_PLAIN = re.compile(r"[^\\*?\[\]!#/ ]+/")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """`leaves_out` is False for a pattern with `!`, which takes back what an earlier one left out."""

    regex: re.Pattern[str]
    leaves_out: bool
    of_folders_only: bool


class Patterns:
    """A list of patterns; those after win over those before. Paths are given relative to where the list lies."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._folder_names: frozenset[bytes] = frozenset()
        self._of_folders: tuple[_Pattern, ...] = ()
        given = [line for line in lines if line.strip() and not line.startswith("#")]
        if all(map(_PLAIN.fullmatch, given)) and not _CASE:  # such as "node_modules/": by name, which costs nothing
            self._folder_names = frozenset(os.fsencode(line[:-1]) for line in given)
        else:
            self._of_folders = tuple(pattern for line in given if (pattern := _pattern(line)) is not None)
        self._of_files = tuple(pattern for pattern in self._of_folders if not pattern.of_folders_only)

    @property
    def concern_files(self) -> bool:
        """Whether single files may be left out, not whole folders alone."""
        return bool(self._of_files)

    def leave_out_folder(self, path: bytes, name: bytes) -> bool | None:
        """Whether the folder at `path` is left out; None if no pattern says anything about it."""
        if name in self._folder_names:
            return True
        return _last_word(self._of_folders, _text(path) + "/") if self._of_folders else None

    def leave_out_file(self, path: bytes) -> bool | None:
        return _last_word(self._of_files, _text(path)) if self._of_files else None


@dataclass(frozen=True, slots=True)
class Layer:
    """The patterns of one place, with the length of what all paths below it begin with."""

    patterns: Patterns
    prefix_length: int


def folder_left_out(layers: Sequence[Layer], path: bytes, name: bytes) -> bool:
    """What the innermost layer says that says anything."""
    for layer in reversed(layers):
        said = layer.patterns.leave_out_folder(path[layer.prefix_length :], name)
        if said is not None:
            return said
    return False


def file_left_out(layers: Sequence[Layer], path: bytes) -> bool:
    for layer in reversed(layers):
        said = layer.patterns.leave_out_file(path[layer.prefix_length :])
        if said is not None:
            return said
    return False


def read_patterns(path: bytes) -> Patterns:
    """The patterns of an ignore file; none if it cannot be read or is too large to be one."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
    except OSError:
        data = b""
    text = "" if len(data) > LARGEST_FILE_BYTES else data.decode("utf-8-sig", "surrogateescape")
    return Patterns(text.splitlines())


def _last_word(patterns: Sequence[_Pattern], path: str) -> bool | None:
    for pattern in reversed(patterns):
        if pattern.regex.match(path):
            return pattern.leaves_out
    return None


def _pattern(line: str) -> _Pattern | None:
    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        expression, leaves_out = GitIgnoreSpecPattern.pattern_to_regex(line)
        if expression is None or leaves_out is None:
            return None
        return _Pattern(re.compile(str(expression), _CASE), leaves_out, line.rstrip().endswith("/"))
    except (GitIgnorePatternError, re.error):
        return None


def _text(path: bytes) -> str:
    text = os.fsdecode(path)
    return text if os.sep == "/" else PurePath(text).as_posix()
