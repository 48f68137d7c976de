"""Walks folders and says which files are there: names, sizes and times only, no file is opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from core.i18n import tr
from core.values import Skipped
from models.cancel import CancelToken

MIB = 1 << 20
DOT = ord(".")


@dataclass(frozen=True, slots=True)
class ScanRules:
    """What is left out: hidden files, files over `max_file_bytes`, folders by name that hold programs' parts. What the
    person adds by name is always looked at."""

    hidden: bool = False
    max_file_bytes: int = 2048 * MIB
    ignored_folders: frozenset[str] = frozenset(
        {"__pycache__", "node_modules", "$RECYCLE.BIN", "System Volume Information"}
    )


@dataclass(slots=True)
class Walk:
    """What a walk found. `files` are (path, size in bytes, time of change in ns); `closed` are folders that could not
    be listed, so that nothing is known of what is below them; `missing` if the place itself is not there."""

    files: list[tuple[bytes, int, int]] = field(default_factory=list)
    unsupported: list[bytes] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    closed: list[bytes] = field(default_factory=list)
    missing: bool = False


def walk(
    root: bytes, supported: Callable[[Path], bool], *, rules: ScanRules | None = None, cancel: CancelToken | None = None
) -> Walk:
    """Everything at or below `root` (an absolute path) that `supported` accepts, in no particular order.

    Symbolic links below `root` are not followed: what they point to is found where it lies, or can be added itself.
    """
    return _Walker(supported, rules or ScanRules(), cancel or CancelToken()).walk(root)


class _Walker:
    def __init__(self, supported: Callable[[Path], bool], rules: ScanRules, cancel: CancelToken) -> None:
        self._supported = supported
        self._by_suffix: dict[bytes, bool] = {}
        self._rules = rules
        self._ignored = frozenset(os.fsencode(name) for name in rules.ignored_folders)
        self._cancel = cancel
        self._found = Walk()

    def walk(self, root: bytes) -> Walk:
        try:
            status = os.stat(root)
        except (FileNotFoundError, NotADirectoryError):
            self._found.missing = True
            return self._found
        except OSError as error:
            self._cannot_open(root, error)
            return self._found
        if stat.S_ISDIR(status.st_mode):
            folders = [root]
            while folders:
                self._cancel.check()
                folders += self._list(folders.pop())
        elif stat.S_ISREG(status.st_mode):
            self._file(root, os.path.basename(root), status)
        else:
            self._skip(root, tr("This is neither a file nor a folder."))
        return self._found

    def _list(self, folder: bytes) -> list[bytes]:
        """Take the files of `folder`; return its folders."""
        inner: list[bytes] = []
        hidden, largest, take = self._rules.hidden, self._rules.max_file_bytes, self._found.files.append
        wanted = self._by_suffix
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = entry.name
                    if name[0] == DOT and not hidden:
                        continue
                    if entry.is_file(follow_symlinks=False):
                        try:
                            status = entry.stat(follow_symlinks=False)
                        except FileNotFoundError:
                            continue
                        except OSError as error:
                            self._skip(entry.path, _reason(error))
                            continue
                        if wanted.get(name[name.rfind(b".") :]) and status.st_size <= largest:
                            take((entry.path, status.st_size, status.st_mtime_ns))
                        else:
                            self._file(entry.path, name, status)
                    elif entry.is_dir(follow_symlinks=False):
                        if name not in self._ignored and not _is_junction(entry):
                            inner.append(entry.path)
        except OSError as error:
            self._cannot_open(folder, error)
        return inner

    def _file(self, path: bytes, name: bytes, status: os.stat_result) -> None:
        """Take a file, or note why not. What holds for one suffix holds for all names that end so."""
        suffix = name[name.rfind(b".") :] if b"." in name[1:] else name
        known = self._by_suffix.get(suffix)
        if known is None:
            known = self._by_suffix[suffix] = self._supported(Path(os.fsdecode(path)))
        if not known:
            self._found.unsupported.append(path)
        elif status.st_size > self._rules.max_file_bytes:
            limit = self._rules.max_file_bytes // MIB
            self._skip(path, tr("The file is larger than {limit} MB, the most that is read.", limit=limit))
        else:
            self._found.files.append((path, status.st_size, status.st_mtime_ns))

    def _cannot_open(self, folder: bytes, error: OSError) -> None:
        self._found.closed.append(folder)
        self._skip(folder, _reason(error))

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
