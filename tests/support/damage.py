"""Damages the files of a data directory in random places, as failing disks and cables do."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from core.domain.conversation import ChatMessage
from core.jobs import Job
from core.workspace import Workspace

Kind = Callable[[Path, random.Random], str]
"""Damages a file and says how."""
WORDS = ("granite", "lease", "harbour", "walnut", "copper", "meadow", "violin", "lantern", "saffron", "glacier")


def make_library(folder: Path, data_dir: Path, embedder: Path | None) -> None:
    """A library of ten documents, one of them long, with two conversations and a backup of them."""
    folder.mkdir(parents=True)
    for n, word in enumerate(WORDS):
        parts = [
            f"## Chapter {i}\n\nThe {word} number {i * 13 + n} is kept in hall {i}.\n"
            for i in range(60 if n == 3 else 6)
        ]
        (folder / f"{word}.md").write_text(f"# About {word}\n\n" + "\n".join(parts), encoding="utf-8")
    workspace = Workspace.open(data_dir, embedder=embedder)
    workspace.library.index([folder], Job())
    for n in range(2):
        conversation = workspace.conversations.create()
        for i in range(6):
            workspace.conversations.append(conversation, ChatMessage(0, "user", f"Question {n}.{i} about {WORDS[i]}?"))
    workspace.settings.change(unload_minutes=11)
    workspace.close()


def flip_bit(file: Path, chance: random.Random) -> str:
    with open(file, "r+b") as opened:
        at = chance.randrange(file.stat().st_size)
        opened.seek(at)
        (byte,) = opened.read(1)
        opened.seek(at)
        opened.write(bytes([byte ^ (1 << chance.randrange(8))]))
    return f"a bit at {at}"


def zero_page(file: Path, chance: random.Random) -> str:
    at = chance.randrange(file.stat().st_size) // 4096 * 4096
    with open(file, "r+b") as opened:
        opened.seek(at)
        length = len(opened.read(4096))
        opened.seek(at)
        opened.write(b"\0" * length)
    return f"zeros at {at}"


def cut(file: Path, chance: random.Random) -> str:
    length = chance.randrange(file.stat().st_size)
    with open(file, "r+b") as opened:
        opened.truncate(length)
    return f"cut to {length}"


def empty(file: Path, chance: random.Random) -> str:
    file.write_bytes(b"")
    return "emptied"


KINDS: tuple[Kind, ...] = (flip_bit, zero_page, cut, empty)


def damage_copy(data_dir: Path, copy: Path, chance: random.Random, kinds: Sequence[Kind] = KINDS) -> str:
    """Copy `data_dir` and damage one of the files of the copy, larger ones more often; returns what was done."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(data_dir, copy)
    files = [file for file in sorted(copy.rglob("*")) if file.is_file() and file.stat().st_size]
    (file,) = chance.choices(files, weights=[1 + file.stat().st_size ** 0.5 for file in files])
    return f"{file.relative_to(copy)}: {chance.choice(kinds)(file, chance)}"
