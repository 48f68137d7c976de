"""Walks folders and lists their files by name, size and time. Opens no file."""

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
    GIT_IGNORE_FILE_NAME,
    IGNORE_FILE_NAME,
    IgnoreLayer,
    Patterns,
    is_file_ignored,
    is_folder_ignored,
    read_patterns,
)
from models.cancel import CancelToken

DOT = ord(".")
_MARKED_HIDDEN = sys.platform in ("win32", "darwin")  # on these a file or folder may be hidden whatever its name


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What a walk leaves out: hidden files unless `include_hidden`, what `patterns` and ignore files in the folders
    match (.gitignore too if `use_gitignore`), and `excluded_folders`, which are absolute paths. What the person added
    by name is always included."""

    include_hidden: bool = False
    patterns: tuple[str, ...] = ("__pycache__/", "node_modules/", "$RECYCLE.BIN/", "System Volume Information/")
    use_gitignore: bool = False
    excluded_folders: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Walk:
    """The outcome of a walk. `files` are (path, size in bytes, time of change in ns); `closed` are folders that could
    not be opened, so that their content is unknown, each with the reason; `missing` if the start itself does not
    exist."""

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
    """List everything at or below `root` (an absolute path) that `supported` accepts, in no particular order. `top` is
    the added folder, if `root` lies inside one: the ignore rules start there.

    Symbolic links below `root` are not followed: their targets are found where they are, or can be added themselves.
    """
    return _Walker(supported, rules or ScanRules(), cancel or CancelToken()).walk(root, top or root)


class _Walker:
    def __init__(self, supported: Callable[[Path], bool], rules: ScanRules, cancel: CancelToken) -> None:
        self._supported = supported
        self._by_suffix: dict[bytes, bool] = {}
        self._rules = rules
        self._ignore_files = (GIT_IGNORE_FILE_NAME, IGNORE_FILE_NAME) if rules.use_gitignore else (IGNORE_FILE_NAME,)
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
        layers = self._layers_above(root, top, stat.S_ISDIR(status.st_mode))
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

    def _layers_above(self, root: bytes, top: bytes, is_folder: bool) -> tuple[IgnoreLayer, ...] | None:
        """The ignore rules in effect at `root`, from the files on the way down; None if one leaves `root` out."""
        layers: tuple[IgnoreLayer, ...] = (IgnoreLayer(Patterns(self._rules.patterns), len(os.path.join(top, b""))),)
        path = top
        for name in root[len(top) :].strip(os.fsencode(os.sep)).split(os.fsencode(os.sep)) if root != top else ():
            layers = self._layers_in(path, layers)
            path = os.path.join(path, name)
            if path != root or is_folder:
                left_out = self._leaves_out_folder(path, name, layers)
            else:
                left_out = (name[0] == DOT and not self._rules.include_hidden) or is_file_ignored(layers, path)
            if left_out:
                return None
        return layers

    def _list(self, folder: bytes, layers: tuple[IgnoreLayer, ...]) -> list[tuple[bytes, tuple[IgnoreLayer, ...]]]:
        """List the files of `folder`; return its folders, each with the rules in effect inside."""
        inner: list[tuple[bytes, bytes]] = []
        files: list[tuple[bytes, int, int]] = []
        include_hidden, add, wanted = self._rules.include_hidden, files.append, self._by_suffix
        has_rules = False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == DOT and not include_hidden:
                        has_rules = has_rules or name in self._ignore_files
                        continue
                    if entry.is_file(follow_symlinks=False):
                        has_rules = has_rules or (include_hidden and name in self._ignore_files)
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        except OSError as error:
                            self._cannot_open(entry.path, error)
                            continue
                        if _MARKED_HIDDEN and not include_hidden and _is_marked_hidden(status):
                            continue
                        if wanted.get(name[name.rfind(b".") :]) or self._is_wanted(entry.path, name):
                            add((entry.path, status.st_size, status.st_mtime_ns))
                    elif entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                        if not (
                            _MARKED_HIDDEN
                            and not include_hidden
                            and _is_marked_hidden(entry.stat(follow_symlinks=False))
                        ):
                            inner.append((entry.path, name))
        except OSError as error:
            self._cannot_open(folder, error)
        if has_rules:
            layers = self._layers_in(folder, layers)
        if any(layer.patterns.may_ignore_files for layer in layers):
            files = [file for file in files if not is_file_ignored(layers, file[0])]
        self._found.files += files
        return [(path, layers) for path, name in inner if not self._leaves_out_folder(path, name, layers)]

    def _layers_in(self, folder: bytes, layers: tuple[IgnoreLayer, ...]) -> tuple[IgnoreLayer, ...]:
        """The rules in effect in `folder`: those from above, then those of its own ignore files."""
        found = [os.path.join(folder, name) for name in self._ignore_files]
        prefix_length = len(os.path.join(folder, b""))
        return (*layers, *(IgnoreLayer(read_patterns(path), prefix_length) for path in found if os.path.isfile(path)))

    def _leaves_out_folder(self, path: bytes, name: bytes, layers: Sequence[IgnoreLayer]) -> bool:
        """Whether a folder inside an added one is left out."""
        hidden = name[0] == DOT and not self._rules.include_hidden
        return hidden or path in self._rules.excluded_folders or is_folder_ignored(layers, path, name)

    def _file(self, path: bytes, name: bytes, status: os.stat_result) -> None:
        """List a file that was added by name."""
        if self._is_wanted(path, name):
            self._found.files.append((path, status.st_size, status.st_mtime_ns))

    def _is_wanted(self, path: bytes, name: bytes) -> bool:
        """Whether a file's format is supported, which is decided once for each suffix; if not, it is listed as such."""
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
    """Whether a folder is a Windows junction, which may lead back to where it is."""
    is_junction = getattr(entry, "is_junction", None)
    return bool(is_junction and is_junction())


def _is_marked_hidden(status: os.stat_result) -> bool:
    """Whether Windows or macOS hides it."""
    attributes, flags = getattr(status, "st_file_attributes", 0), getattr(status, "st_flags", 0)
    return bool(attributes & stat.FILE_ATTRIBUTE_HIDDEN or flags & stat.UF_HIDDEN)
