"""Compares a folder on the disk with the library and queues what has to be parsed."""

from __future__ import annotations

import hashlib
import marshal
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.domain.file_names import readable
from core.i18n import tr
from core.library.context import document_context
from core.library.drives import is_connected, mounted_drives
from core.library.new_content import file_stat
from core.library.scan import Walk
from core.parsing.registry import format_of
from core.store.documents.contents import ContentStore
from core.store.documents.documents import Documents, KnownFile
from core.store.documents.folder_notes import Drive, FolderNotes
from core.store.documents.folders import Subtree, is_within
from core.store.documents.scan_digests import ScanDigests
from models.cancel import CancelToken

MARSHAL_WITHOUT_REFERENCES = 2  # a version of the format whose bytes depend on the values alone
COARSE_CLOCK_NS = 2_000_000_000  # FAT's; within it a file may change again without another time of change

ListedFile = tuple[bytes, int, int]
"""Path, size in bytes, time of change in ns."""


@dataclass(slots=True)
class FileChanges:
    """How the files of a run differ from the library: `new` files by folder id, `changed` documents by id."""

    new: dict[int, list[ListedFile]] = field(default_factory=lambda: defaultdict(list))
    changed: list[int] = field(default_factory=list)
    vanished: list[KnownFile] = field(default_factory=list)


class FolderComparison:
    """Compares what a walk found with what the library knows of a folder."""

    def __init__(self, documents: Documents, scan_digests: ScanDigests, notes: FolderNotes) -> None:
        self._documents = documents
        self._scan_digests = scan_digests
        self._notes = notes

    def compare(self, part: Subtree, walk: Walk, changes: FileChanges) -> None:
        """Add what differs in this part of a folder to `changes`, and the drives that are not connected to
        `walk.closed`. Where nothing differs, the next comparison is cheaper."""
        digest = listing_digest(part, walk)
        if not self._scan_digests.is_unchanged(part, digest):
            self._compare(part, walk, digest, changes)
        self._notes.put_closed(part, walk.closed)

    def _compare(self, part: Subtree, walk: Walk, digest: bytes, changes: FileChanges) -> None:
        self._scan_digests.begin(part)
        drives = mounted_drives(part.folder_path, [path for path, _, _ in walk.files])
        self._notes.put_drives(part, dict.fromkeys(drives, Drive.HERE))
        settled = self._documents.settled(part, COARSE_CLOCK_NS)
        different = [file for file in walk.files if file not in settled]
        if not (different or walk.missing) and len(walk.files) == self._documents.count_known(part):
            self._scan_digests.end(part, digest)
            return
        known = self._documents.known(part)
        still_present: list[bytes] = []
        for file in walk.files:
            before = known.pop(file[0], None)
            if before is None:
                changes.new[part.folder_id].append(file)
                continue
            still_present.append(file[0])
            if file not in settled and not before.pending:
                changes.changed.append(before.id)
        self._notes.put_drives(part, self._mark_closed(part, walk, still_present))
        closed = tuple(walk.closed)
        changes.vanished += [file for file in known.values() if not any(is_within(file.path, path) for path in closed)]

    def difference(self, part: Subtree, walk: Walk) -> int:
        """A number that identifies the result of `compare`; 0 for no difference. Files waiting to be parsed do not
        count, nor do those parsed so soon after a change that only their content can show another."""
        if self._scan_digests.is_unchanged(part, listing_digest(part, walk)):
            return 0
        documents = self._documents.known(part)
        known = {(file.path, file.size_bytes, file.modified_ns): file.pending for file in documents.values()}
        listed = set(walk.files)
        waiting = {path for (path, _, _), pending in known.items() if pending}
        self._mark_closed(part, walk, [path for path, _, _ in walk.files if path in documents])
        unreadable = {file.path for file in documents.values() if file.modified_ns < 0}
        different = frozenset(
            (*file, file[0] in unreadable and _can_be_opened(file[0]))  # permission changes neither size nor time
            for file in listed ^ known.keys()
            if file[0] not in waiting and not any(is_within(file[0], path) for path in walk.closed)
        )
        closed = self._notes.closed_in(part) ^ frozenset(walk.closed)
        return hash((different, closed)) or 1 if different or closed else 0

    def _mark_closed(self, part: Subtree, walk: Walk, still_present: Sequence[bytes]) -> dict[bytes, Drive]:
        """Add to `walk.closed` what is unknown now: a missing folder, and drives that are not connected. Returns the
        drives whose state has changed. `still_present` are the known documents that were found."""
        whole = part.path == part.folder_path
        if walk.missing and whole and not _was_deleted(part):
            walk.closed[part.path] = tr("It is not there now. Its documents are kept: connect its drive, or remove it.")
        states: dict[bytes, Drive] = {}
        for drive, state in self._notes.drives(part).items():
            affected = drive if is_within(drive, part.path) else part.path
            if not is_within(affected, drive) or is_connected(drive):
                continue
            if state is Drive.AWAY or not any(is_within(path, affected) for path in still_present):
                walk.closed[affected] = tr("The drive that was here is not connected. Its documents are kept.")
                states |= {drive: Drive.AWAY} if whole else {}
            elif whole:
                states[drive] = Drive.NONE
        return states


def listing_digest(part: Subtree, walk: Walk) -> bytes:
    """Digest of a folder's listing, in scan order. Empty for what is not remembered: a part of a folder, or a missing
    one."""
    if part.path != part.folder_path or walk.missing:
        return b""
    listing = marshal.dumps((walk.files, sorted(walk.closed)), MARSHAL_WITHOUT_REFERENCES)
    return hashlib.blake2b(listing, digest_size=20).digest()


def _can_be_opened(path: bytes) -> bool:
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False


def apply_changes(
    changes: FileChanges,
    documents: Documents,
    contents: ContentStore,
    forget_copies: Callable[[], None],
    cancel: CancelToken,
) -> int:
    """Queue what has to be parsed, follow renamed files, delete what is gone, after `forget_copies`. Returns the number
    of deleted documents."""
    _follow_renames(changes, documents, contents, cancel)
    documents.queue_again(changes.changed)
    for folder_id, files in changes.new.items():
        documents.add(folder_id, files)
    if changes.vanished:
        forget_copies()
    for file in changes.vanished:
        cancel.check()
        contents.delete(file.id, file.folder_id)
    return len(changes.vanished)


def _was_deleted(part: Subtree) -> bool:
    """Whether a missing folder or file was deleted: true for a file whose folder still exists."""
    return format_of(Path(os.fsdecode(part.path))) is not None and os.path.isdir(os.path.dirname(part.path))


def _follow_renames(changes: FileChanges, documents: Documents, contents: ContentStore, cancel: CancelToken) -> None:
    """Pair vanished with new files of the same content: they keep their passages and vectors."""
    by_size: dict[int, list[KnownFile]] = defaultdict(list)
    for file in changes.vanished:
        if file.state == "indexed":
            by_size[file.size_bytes].append(file)
    followed: set[int] = set()
    for folder_id, files in changes.new.items():
        left: list[ListedFile] = []
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
    folder_id: int, new: ListedFile, candidates: Iterable[KnownFile], documents: Documents, contents: ContentStore
) -> int | None:
    """Move the document among `candidates` whose content the `new` file has; returns its id."""
    path = Path(os.fsdecode(new[0]))
    try:
        stat = file_stat(path)
    except OSError:
        return None
    for old in candidates:
        old_path = Path(os.fsdecode(old.path))
        title, context, content_hash = documents.content(old.id)
        if content_hash == stat.content_hash and format_of(path) == format_of(old_path):
            if title == readable(old_path.stem):
                title = readable(path.stem)
            beginning = context.split("\n", 2)[2] if context.count("\n") >= 2 else ""
            contents.move(old.id, folder_id, new[0], title, document_context(path, title, beginning), stat)
            return old.id
    return None
