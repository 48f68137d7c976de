"""Ignore rules in .gitignore syntax, from the settings and from files inside the folders."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

IGNORE_FILE_NAME = b".papermoorignore"
GIT_IGNORE_FILE_NAME = b".gitignore"
LARGEST_FILE_BYTES = 1 << 20  # a larger one is no list of patterns
_CASE = re.IGNORECASE if sys.platform in ("win32", "darwin") else 0
_PLAIN = re.compile(r"[^\\*?\[\]!#/ ]+/")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A pattern. `ignores` is False for one with `!`, which takes back an earlier one."""

    regex: re.Pattern[str]
    ignores: bool
    folders_only: bool


class Patterns:
    """A list of patterns, of which later ones win. Paths are relative to the list's folder."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._folder_names: frozenset[bytes] = frozenset()
        self._folder_patterns: tuple[_Pattern, ...] = ()
        written = [line for line in lines if line.strip() and not line.startswith("#")]
        if all(map(_PLAIN.fullmatch, written)) and not _CASE:  # such as "node_modules/": by name, which costs nothing
            self._folder_names = frozenset(os.fsencode(line[:-1]) for line in written)
        else:
            self._folder_patterns = tuple(pattern for line in written if (pattern := _pattern(line)) is not None)
        self._file_patterns = tuple(pattern for pattern in self._folder_patterns if not pattern.folders_only)

    @property
    def may_ignore_files(self) -> bool:
        """Whether the list may ignore single files, not only whole folders."""
        return bool(self._file_patterns)

    def ignores_folder(self, path: bytes, name: bytes) -> bool | None:
        """Whether the folder at `path` is ignored; None if no pattern decides."""
        if name in self._folder_names:
            return True
        return _decision(self._folder_patterns, _posix_path(path) + "/") if self._folder_patterns else None

    def ignores_file(self, path: bytes) -> bool | None:
        """Whether the file at `path` is ignored; None if no pattern decides."""
        return _decision(self._file_patterns, _posix_path(path)) if self._file_patterns else None


@dataclass(frozen=True, slots=True)
class IgnoreLayer:
    """The patterns of one folder, with the length of the prefix of all paths below it."""

    patterns: Patterns
    prefix_length: int


def is_folder_ignored(layers: Sequence[IgnoreLayer], path: bytes, name: bytes) -> bool:
    """The decision of the innermost layer that makes one."""
    for layer in reversed(layers):
        decision = layer.patterns.ignores_folder(path[layer.prefix_length :], name)
        if decision is not None:
            return decision
    return False


def is_file_ignored(layers: Sequence[IgnoreLayer], path: bytes) -> bool:
    """The decision of the innermost layer that makes one."""
    for layer in reversed(layers):
        decision = layer.patterns.ignores_file(path[layer.prefix_length :])
        if decision is not None:
            return decision
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


def _decision(patterns: Sequence[_Pattern], path: str) -> bool | None:
    for pattern in reversed(patterns):
        if pattern.regex.match(path):
            return pattern.ignores
    return None


def _pattern(line: str) -> _Pattern | None:
    from pathspec.patterns.gitignore import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    try:
        expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(line)
        if expression is None or ignores is None:
            return None
        return _Pattern(re.compile(str(expression), _CASE), ignores, line.rstrip().endswith("/"))
    except (GitIgnorePatternError, re.error):
        return None


def _posix_path(path: bytes) -> str:
    text = os.fsdecode(path)
    return text if os.sep == "/" else PurePath(text).as_posix()
