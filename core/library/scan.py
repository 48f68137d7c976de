"""Walks folders and says which files are there: names, sizes and times only, no file is opened."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.domain.documents import Skipped
from core.i18n import tr
from core.library.ignore import (
    FILE_NAME,
    GIT_FILE_NAME,
    Layer,
    Patterns,
    file_left_out,
    folder_left_out,
    read_patterns,
)
from models.cancel import CancelToken

DOT = ord(".")
_MARKED_HIDDEN = sys.platform in ("win32", "darwin")  # there a folder may be hidden whatever its name


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What is left out: hidden files, what `patterns` and the ignore files in the folders name, the folders `never`.
    What the person adds by name is always looked at."""

    hidden: bool = False
    patterns: tuple[str, ...] = ("__pycache__/", "node_modules/", "$RECYCLE.BIN/", "System Volume Information/")
    git_files: bool = False
    never: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Walk:
    """What a walk found. `files` are (path, size in bytes, time of change in ns); `closed` are places that could not
    be looked into, so that nothing is known of what is there, each with the reason; `missing` if the place itself is
    not there."""

    files: list[tuple[bytes, int, int]] = field(default_factory=list)
    unsupported: list[bytes] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    closed: dict[bytes, str] = field(default_factory=dict)
    missing: bool = False


def walk(
    root: bytes,
    supported: Callable[[Path], bool],
    *,
    top: bytes | None = None,
    rules: ScanRules | None = None,
    cancel: CancelToken | None = None,
) -> Walk:
    """Everything at or below `root` (an absolute path) that `supported` accepts, in no particular order. `top` is the
    folder that was added, if `root` lies within one: the rules hold from there on.

    Symbolic links below `root` are not followed: what they point to is found where it lies, or can be added itself.
    """
    return _Walker(supported, rules or ScanRules(), cancel or CancelToken()).walk(root, top or root)


class _Walker:
    def __init__(self, supported: Callable[[Path], bool], rules: ScanRules, cancel: CancelToken) -> None:
        self._supported = supported
        self._by_suffix: dict[bytes, bool] = {}
        self._rules = rules
        self._ignore_files = (GIT_FILE_NAME, FILE_NAME) if rules.git_files else (FILE_NAME,)
        self._cancel = cancel
        self._found = Walk()

    def walk(self, root: bytes, top: bytes) -> Walk:
        try:
            status = os.stat(root)
        except (FileNotFoundError, NotADirectoryError):
            self._found.missing = True
            return self._found
        except OSError as error:
            self._cannot_open(root, error)
            return self._found
        layers = self._way(root, top, stat.S_ISDIR(status.st_mode))
        if layers is None:
            self._skip(root, tr("An ignore rule, or a hidden folder above it, leaves this out."))
        elif stat.S_ISDIR(status.st_mode):
            waiting = [(root, layers)]
            while waiting:
                self._cancel.check()
                waiting += self._list(*waiting.pop())
        elif stat.S_ISREG(status.st_mode):
            self._file(root, os.path.basename(root), status)
        else:
            self._skip(root, tr("This is neither a file nor a folder."))
        return self._found

    def _way(self, root: bytes, top: bytes, is_folder: bool) -> tuple[Layer, ...] | None:
        """The rules that hold at `root`, from the ignore files on the way down to it; None if one leaves it out."""
        layers: tuple[Layer, ...] = (Layer(Patterns(self._rules.patterns), len(os.path.join(top, b""))),)
        place = top
        for name in root[len(top) :].strip(os.fsencode(os.sep)).split(os.fsencode(os.sep)) if root != top else ():
            layers = self._deeper(place, layers)
            place = os.path.join(place, name)
            if place != root or is_folder:
                left_out = self._leaves_folder(place, name, layers)
            else:
                left_out = (name[0] == DOT and not self._rules.hidden) or file_left_out(layers, place)
            if left_out:
                return None
        return layers

    def _list(self, folder: bytes, layers: tuple[Layer, ...]) -> list[tuple[bytes, tuple[Layer, ...]]]:
        """Take the files of `folder`; return its folders, each with the rules that hold in it."""
        inner: list[tuple[bytes, bytes]] = []
        files: list[tuple[bytes, int, int]] = []
        hidden, take, wanted = self._rules.hidden, files.append, self._by_suffix
        has_rules = False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == DOT and not hidden:
                        has_rules = has_rules or name in self._ignore_files
                        continue
                    if entry.is_file(follow_symlinks=False):
                        has_rules = has_rules or (hidden and name in self._ignore_files)
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        except OSError as error:
                            self._cannot_open(entry.path, error)
                            continue
                        if _MARKED_HIDDEN and not hidden and _is_marked_hidden(status):
                            continue
                        if wanted.get(name[name.rfind(b".") :]) or self._is_wanted(entry.path, name):
                            take((entry.path, status.st_size, status.st_mtime_ns))
                    elif entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                        if not (_MARKED_HIDDEN and not hidden and _is_marked_hidden(entry.stat(follow_symlinks=False))):
                            inner.append((entry.path, name))
        except OSError as error:
            self._cannot_open(folder, error)
        if has_rules:
            layers = self._deeper(folder, layers)
        if any(layer.patterns.concern_files for layer in layers):
            files = [file for file in files if not file_left_out(layers, file[0])]
        self._found.files += files
        return [(path, layers) for path, name in inner if not self._leaves_folder(path, name, layers)]

    def _deeper(self, folder: bytes, layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
        """The rules that hold in `folder`: those from above, then those of its own ignore files."""
        found = [os.path.join(folder, name) for name in self._ignore_files]
        prefix_length = len(os.path.join(folder, b""))
        return (*layers, *(Layer(read_patterns(path), prefix_length) for path in found if os.path.isfile(path)))

    def _leaves_folder(self, path: bytes, name: bytes, layers: Sequence[Layer]) -> bool:
        hidden = name[0] == DOT and not self._rules.hidden
        return hidden or path in self._rules.never or folder_left_out(layers, path, name)

    def _file(self, path: bytes, name: bytes, status: os.stat_result) -> None:
        """Take a file that was added by name."""
        if self._is_wanted(path, name):
            self._found.files.append((path, status.st_size, status.st_mtime_ns))

    def _is_wanted(self, path: bytes, name: bytes) -> bool:
        """Whether a file is of a kind that is read. What holds for one suffix holds for all names that end so."""
        suffix = name[name.rfind(b".") :] if b"." in name[1:] else name
        known = self._by_suffix.get(suffix)
        if known is None:
            known = self._by_suffix[suffix] = self._supported(Path(os.fsdecode(path)))
        if not known:
            self._found.unsupported.append(path)
        return known

    def _cannot_open(self, path: bytes, error: OSError) -> None:
        self._found.closed[path] = _reason(error)

    def _skip(self, path: bytes, reason: str) -> None:
        self._found.skipped.append(Skipped(Path(os.fsdecode(path)), reason))


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return tr("You have no permission to open this folder or file.")
    return tr("It could not be opened: {reason}.", reason=error.strerror or type(error).__name__)


def _is_junction(entry: os.DirEntry[bytes]) -> bool:
    """Whether a folder is a Windows junction, which may lead back to where it lies."""
    is_junction = getattr(entry, "is_junction", None)
    return bool(is_junction and is_junction())


def _is_marked_hidden(status: os.stat_result) -> bool:
    """Whether Windows or macOS hides it."""
    attributes, flags = getattr(status, "st_file_attributes", 0), getattr(status, "st_flags", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN or flags & stat.UF_HIDDEN)
