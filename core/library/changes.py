"""Compares what lies in a folder with what is known of it, and brings the queue of files to be read up to date."""

from __future__ import annotations

import hashlib
import marshal
import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.domain.file_names import readable
from core.i18n import tr
from core.library.context import document_context
from core.library.drives import mounted_drives, is_connected
from core.library.reading import file_stat
from core.library.scan import Walk
from core.parsing.registry import format_of
from core.store.documents.contents import Contents
from core.store.documents.documents import Documents, KnownFile
from core.store.documents.folder_notes import Drive, FolderNotes
from core.store.documents.folders import Subtree, is_within
from core.store.documents.scan_digests import ScanDigests
from models.cancel import CancelToken

MARSHAL_WITHOUT_REFERENCES = 2  # a version whose bytes depend on the values alone
COARSE_CLOCK_NS = 2_000_000_000  # FAT's; a file may change again within it and look the same
File = tuple[bytes, int, int]


@dataclass(slots=True)
class ChangeDetector:
    """How the files of a run differ from what is known. `new` is by folder id, `changed` are document ids."""

    new: dict[int, list[File]] = field(default_factory=lambda: defaultdict(list))
    changed: list[int] = field(default_factory=list)
    vanished: list[KnownFile] = field(default_factory=list)


class FolderComparison:
    """What is known of the documents of a folder, to compare a walk with."""

    def __init__(self, documents: Documents, looks: ScanDigests, notes: FolderNotes) -> None:
        self._documents = documents
        self._looks = looks
        self._notes = notes

    def compare(self, part: Subtree, walk: Walk, changes: ChangeDetector) -> None:
        """Add to `changes` what is different in this part of a folder, and to `walk.closed` the drives that are not
        connected. Where nothing is different, the next time is cheaper."""
        digest = digest_of(part, walk)
        if not self._looks.is_unchanged(part, digest):
            self._compare(part, walk, digest, changes)
        self._notes.put_closed(part, walk.closed)

    def _compare(self, part: Subtree, walk: Walk, digest: bytes, changes: ChangeDetector) -> None:
        self._looks.begin(part)
        here = mounted_drives(part.folder_path, [path for path, _, _ in walk.files])
        self._notes.put_drives(part, dict.fromkeys(here, Drive.HERE))
        settled = self._documents.settled(part, COARSE_CLOCK_NS)
        different = [file for file in walk.files if file not in settled]
        if not (different or walk.missing) and len(walk.files) == self._documents.count_known(part):
            self._looks.end(part, digest)
            return
        known = self._documents.known(part)
        there: list[bytes] = []
        for file in walk.files:
            before = known.pop(file[0], None)
            if before is None:
                changes.new[part.folder_id].append(file)
                continue
            there.append(file[0])
            if file not in settled and not before.pending:
                changes.changed.append(before.id)
        self._notes.put_drives(part, self._close(part, walk, there))
        unknown = tuple(walk.closed)
        changes.vanished += [
            file for file in known.values() if not any(is_within(file.path, place) for place in unknown)
        ]

    def difference(self, part: Subtree, walk: Walk) -> int:
        """A number that stands for what `compare` would find; 0 for nothing. Files that wait to be read do not count,
        nor do those read so soon after a change that only their content can tell whether they changed again."""
        if self._looks.is_unchanged(part, digest_of(part, walk)):
            return 0
        documents = self._documents.known(part)
        known = {(file.path, file.size_bytes, file.modified_ns): file.pending for file in documents.values()}
        there = set(walk.files)
        waiting = {path for (path, _, _), pending in known.items() if pending}
        self._close(part, walk, [path for path, _, _ in walk.files if path in documents])
        unreadable = {file.path for file in documents.values() if file.modified_ns < 0}
        different = frozenset(
            (*file, file[0] in unreadable and _opens(file[0]))  # what may be read at last looks the same
            for file in there ^ known.keys()
            if file[0] not in waiting and not any(is_within(file[0], place) for place in walk.closed)
        )
        closed = self._notes.closed_in(part) ^ frozenset(walk.closed)
        return hash((different, closed)) or 1 if different or closed else 0

    def _close(self, part: Subtree, walk: Walk, there: Sequence[bytes]) -> dict[bytes, Drive]:
        """Note in `walk.closed` what nothing can be said of now: a folder that is not there, and drives that are not
        connected; gives the drives that are known to be in another state from now on. `there` are the known documents
        that were found."""
        whole = part.path == part.folder_path
        if walk.missing and whole and not _gone_for_good(part):
            walk.closed[part.path] = tr("It is not there now. Its documents are kept: connect its drive, or remove it.")
        states: dict[bytes, Drive] = {}
        for drive, state in self._notes.drives(part).items():
            place = drive if is_within(drive, part.path) else part.path
            if not is_within(place, drive) or is_connected(drive):
                continue
            if state is Drive.AWAY or not any(is_within(path, place) for path in there):
                walk.closed[place] = tr("The drive that was here is not connected. Its documents are kept.")
                states |= {drive: Drive.AWAY} if whole else {}
            elif whole:
                states[drive] = Drive.NONE
        return states


def digest_of(part: Subtree, walk: Walk) -> bytes:
    """Stands for what was found in a whole folder, in the order it was found in, which does not change while it does
    not. Empty for what is not remembered: a part of a folder, and one that is not there."""
    if part.path != part.folder_path or walk.missing:
        return b""
    found = marshal.dumps((walk.files, sorted(walk.closed)), MARSHAL_WITHOUT_REFERENCES)
    return hashlib.blake2b(found, digest_size=20).digest()


def _opens(path: bytes) -> bool:
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False


def apply(changes: ChangeDetector, documents: Documents, contents: Contents, cancel: CancelToken) -> int:
    """Queue what has to be read, follow renamed files, delete what is gone; returns how many were deleted."""
    _follow_renames(changes, documents, contents, cancel)
    documents.queue_again(changes.changed)
    for folder_id, files in changes.new.items():
        documents.add(folder_id, files)
    for file in changes.vanished:
        cancel.check()
        contents.delete(file.id, file.folder_id)
    return len(changes.vanished)


def _gone_for_good(part: Subtree) -> bool:
    """Whether a missing folder or file was deleted: a file beside which its folder still is."""
    return format_of(Path(os.fsdecode(part.path))) is not None and os.path.isdir(os.path.dirname(part.path))


def _follow_renames(changes: ChangeDetector, documents: Documents, contents: Contents, cancel: CancelToken) -> None:
    """Pair vanished with new files of the same content: they keep their passages and vectors."""
    by_size: dict[int, list[KnownFile]] = defaultdict(list)
    for file in changes.vanished:
        if file.state == "indexed":
            by_size[file.size_bytes].append(file)
    followed: set[int] = set()
    for folder_id, files in changes.new.items():
        left: list[File] = []
        for new in files:
            cancel.check()
            candidates = [file for file in by_size.get(new[1], ()) if file.id not in followed]
            found = _follow(folder_id, new, candidates, documents, contents) if candidates else None
            if found is None:
                left.append(new)
            else:
                followed.add(found)
        files[:] = left
    changes.vanished = [file for file in changes.vanished if file.id not in followed]


def _follow(
    folder_id: int, new: File, candidates: Iterable[KnownFile], documents: Documents, contents: Contents
) -> int | None:
    path = Path(os.fsdecode(new[0]))
    try:
        stamp = file_stat(path)
    except OSError:
        return None
    for old in candidates:
        old_path = Path(os.fsdecode(old.path))
        title, context, content_hash = documents.content(old.id)
        if content_hash == stamp.content_hash and format_of(path) == format_of(old_path):
            if title == readable(old_path.stem):
                title = readable(path.stem)
            beginning = context.split("\n", 2)[2] if context.count("\n") >= 2 else ""
            contents.move(old.id, folder_id, new[0], title, document_context(path, title, beginning), stamp)
            return old.id
    return None
