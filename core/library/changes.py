"""Compares what lies in a folder with what is known of it, and brings the queue of files to be read up to date."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.library.context import document_context
from core.library.reading import look_at
from core.library.scan import Walk
from core.parsing.registry import format_of
from core.store.contents import Contents
from core.store.documents import Documents, KnownFile
from core.store.folders import Subtree, is_within
from models.cancel import CancelToken

COARSE_CLOCK_NS = 2_000_000_000  # FAT's; a file may change again within it and look the same
File = tuple[bytes, int, int]


@dataclass(slots=True)
class Changes:
    """How the files of a run differ from what is known. `new` is by folder id, `changed` are document ids."""

    new: dict[int, list[File]] = field(default_factory=lambda: defaultdict(list))
    changed: list[int] = field(default_factory=list)
    vanished: list[KnownFile] = field(default_factory=list)


def compare(part: Subtree, walk: Walk, documents: Documents, changes: Changes) -> None:
    """Add to `changes` what is different in this part of a folder."""
    settled = documents.settled(part, COARSE_CLOCK_NS)
    different = [file for file in walk.files if file not in settled]
    if not different and len(walk.files) == documents.count_known(part):
        return
    known = documents.known(part)
    for file in walk.files:
        before = known.pop(file[0], None)
        if before is None:
            changes.new[part.folder_id].append(file)
        elif file not in settled and not before.pending:
            changes.changed.append(before.id)
    if walk.missing and part.path == part.folder_path and not _gone_for_good(part):
        return
    unknown = walk.closed
    changes.vanished += [file for file in known.values() if not any(is_within(file.path, folder) for folder in unknown)]


def difference(part: Subtree, walk: Walk, documents: Documents) -> int:
    """A number that stands for what `compare` would find; 0 for nothing. Files that wait to be read do not count, nor
    do those read so soon after a change that only their content can tell whether they changed again."""
    if walk.missing:
        return 0
    known = {(file.path, file.size_bytes, file.modified_ns): file.pending for file in documents.known(part).values()}
    there = set(walk.files)
    waiting = {path for (path, _, _), pending in known.items() if pending}
    different = frozenset(
        file
        for file in there ^ known.keys()
        if file[0] not in waiting and not any(is_within(file[0], folder) for folder in walk.closed)
    )
    return hash(different) or 1 if different else 0


def apply(changes: Changes, documents: Documents, contents: Contents, cancel: CancelToken) -> int:
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
    """Whether a missing folder or file was deleted, rather than on a disk that is not connected: a file beside which
    its folder still is."""
    return format_of(Path(os.fsdecode(part.path))) is not None and os.path.isdir(os.path.dirname(part.path))


def _follow_renames(changes: Changes, documents: Documents, contents: Contents, cancel: CancelToken) -> None:
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
        stamp = look_at(path)
    except OSError:
        return None
    for old in candidates:
        old_path = Path(os.fsdecode(old.path))
        title, context, content_hash = documents.content(old.id)
        if content_hash == stamp.content_hash and format_of(path) == format_of(old_path):
            if title == old_path.stem:
                title = path.stem
            beginning = context.split("\n", 2)[2] if context.count("\n") >= 2 else ""
            contents.move(old.id, folder_id, new[0], title, document_context(path, title, beginning), stamp)
            return old.id
    return None
