"""Opens the data directory: finds it, checks that it can be written, and locks it against a second copy."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from core.domain.faults import N_, WorkspaceFault

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)

LOG_NAME = "papermoor.log"
SEALED_LOG_NAME = LOG_NAME + ".sealed"
LOG_SIZE_BYTES = 2 << 20
LOG_FILES_KEPT = 3
NEEDED_BYTES = 4 << 20  # room below which opening is refused rather than left to fail half-way


def default_data_dir() -> Path:
    """The platform's directory for this person's application data."""
    import platformdirs

    return Path(platformdirs.user_data_dir("Papermoor", appauthor=False))


class DataDir:
    """An opened data directory, held by a lock file until `close`. Nothing is logged to it before `start_log`.

    Raises `WorkspaceFault`: not writable, disk full, or open in another copy of the program.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        _make_writable(self.path)
        _make_private(self.path)
        self._lock = _lock(self.path)
        self._log: logging.Handler = logging.NullHandler()  # until it is known whether the log is sealed
        logging.getLogger().addHandler(self._log)

    def start_log(self, seal: Callable[[str], str] | None = None) -> None:
        """Begin to write the log; each record through `seal`, if the library is encrypted, to a file of its own."""
        logging.getLogger().removeHandler(self._log)
        self._log = _start_log(self.path / "logs", seal)

    @property
    def database_file(self) -> Path:
        return self.path / "library.db"

    @property
    def key_file(self) -> Path:
        """The wrapped key of an encrypted library."""
        return self.path / "library.key"

    @property
    def next_key_file(self) -> Path:
        """The key file of a library that is to be encrypted at the next start."""
        return self.path / "library.key.next"

    @property
    def vectors(self) -> Path:
        return self._folder("vectors")

    @property
    def models(self) -> Path:
        return self._folder("models")

    @property
    def cache(self) -> Path:
        """What can be deleted at any time: the rebuilt vocabulary, saved KV caches of conversations."""
        return self._folder("cache")

    @property
    def settings_file(self) -> Path:
        return self.path / "settings.toml"

    def close(self) -> None:
        logging.getLogger().removeHandler(self._log)
        self._log.close()
        self._lock.release()

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder


def _make_writable(path: Path) -> None:
    """Create the directory if needed and try to write: a mode tells nothing of full disks and read-only mounts. What is
    in a library can be searched on a full disk, too; a new one is not begun on it."""
    try:
        path.mkdir(parents=True, mode=0o700, exist_ok=True)
        has_library = (path / "library.db").exists()
        with tempfile.TemporaryFile(dir=path) as probe:
            probe.write(b"\0" * 4096)
        free_bytes = shutil.disk_usage(path).free
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            if has_library:
                log.warning("the disk is full: nothing can be stored")
                return
            raise _disk_full(path) from error
        raise WorkspaceFault(
            N_("The data folder cannot be used"),
            N_("Papermoor cannot write to its data folder {path} ({why})."),
            N_("Give yourself write permission for it, or choose another folder with --data-dir."),
            path=path,
            why=error.strerror or type(error).__name__,
        ) from error
    if free_bytes < NEEDED_BYTES and not has_library:
        raise _disk_full(path)


def _make_private(path: Path) -> None:
    """Close a directory that was made by somebody else's hand to other users of the machine, and its logs with it."""
    if os.name != "posix":
        return
    for file in (path, *path.glob("logs/*"), *path.glob("*.toml")):
        try:
            status = file.lstat()
            if status.st_uid == os.getuid() and not stat.S_ISLNK(status.st_mode):
                file.chmod(status.st_mode & 0o700)
        except OSError as error:
            log.warning("the mode of a file of the data folder stays: %s", error.strerror)


def _disk_full(path: Path) -> WorkspaceFault:
    return WorkspaceFault(
        N_("The disk is full"),
        N_("There is no room left on the disk that holds {path}. Nothing that was stored is lost."),
        N_("Free some space, then start Papermoor again."),
        path=path,
    )


def _lock(path: Path) -> BaseFileLock:
    from filelock import FileLock, Timeout

    lock = FileLock(path / ".lock", mode=0o600, thread_local=False)  # let go of on another thread than it was taken
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise WorkspaceFault(
            N_("Papermoor is already open"),
            N_("Another copy of Papermoor is using the data folder {path}."),
            N_("Use that window, or close it first. A second copy needs a folder of its own: --data-dir."),
            path=path,
        ) from None
    return lock


def _start_log(folder: Path, seal: Callable[[str], str] | None) -> logging.Handler:
    """The log file: details for whoever looks into a fault. Text of documents and chats never enters it."""
    import logging.handlers  # not at the top: the window asks this module for a path before it shows

    class PrivateLog(logging.handlers.RotatingFileHandler):
        def _open(self) -> TextIOWrapper:
            descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            return TextIOWrapper(os.fdopen(descriptor, "ab"), encoding=self.encoding)

    class SealedFormatter(logging.Formatter):
        """A record, with its traceback, becomes one sealed line."""

        def format(self, record: logging.LogRecord) -> str:
            text = super().format(record)
            return text if seal is None else seal(text)

    folder.mkdir(mode=0o700, exist_ok=True)
    handler = PrivateLog(
        folder / (LOG_NAME if seal is None else SEALED_LOG_NAME),
        maxBytes=LOG_SIZE_BYTES,
        backupCount=LOG_FILES_KEPT,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(SealedFormatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    for name in ("core", "models", "gui"):
        logging.getLogger(name).setLevel(logging.INFO)
    return handler
