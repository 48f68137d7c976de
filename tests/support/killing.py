"""Kills the program at random moments while it brings a library up to date, and compares what it converges to.

`python -m tests.support.killing work DATA_DIR FOLDER MODEL MODE` is the program that is killed: the library as the
workspace opens it, over and over with one of `MODES`.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from core.parsing.pool import ParserPool
from models.embedder import Embedder
from tests.support.libraries import OpenLibrary, content_of, keyword_rows, open_library

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

MODES = ("index", "remove")
SCORE_TOLERANCE = 0.005
QUESTIONS = ("apples in winter", "part 7 of the manual", "何处存储数据", "kangaroo")


@dataclass(slots=True)
class Killed:
    """What happened: kills that met a running program, and runs that had ended before."""

    kills: int = 0
    ended: int = 0


def work(data_dir: Path, folder: Path, model: Path, mode: str) -> None:
    """What is killed. Prints a line when it begins, so that a kill can be timed."""
    from core.library import scan  # noqa: F401  # what a running program has long loaded

    embedder = Embedder.open(model, threads=1)
    with ParserPool(1) as pool, open_library(data_dir, pool, lambda: embedder) as opened:
        print("begun", flush=True)
        if mode == "remove":
            for known in opened.library.folders():
                opened.library.remove(known.id)
        opened.index(folder)
        print("done", flush=True)
    embedder.close()


@contextmanager
def working(data_dir: Path, folder: Path, model: Path, mode: str) -> Iterator[subprocess.Popen[str]]:
    """The program, from when it has begun; killed at the end if it is still at work."""
    command = [sys.executable, "-m", "tests.support.killing", "work", str(data_dir), str(folder), str(model), mode]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None and child.stderr is not None
        if child.stdout.readline() != "begun\n":
            raise AssertionError(child.stderr.read())
        yield child
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            child.wait()
        elif child.returncode != 0:
            raise AssertionError(child.stderr.read())


def kill_once(data_dir: Path, folder: Path, model: Path, mode: str, after_s: float) -> tuple[bool, float]:
    """Start `work`, kill it `after_s` seconds after it began; whether it was still at work, and how long it ran."""
    with working(data_dir, folder, model, mode) as child:
        began_s = time.monotonic()
        try:
            child.wait(after_s)
        except subprocess.TimeoutExpired:
            return True, after_s
        return False, time.monotonic() - began_s


def make_folder(folder: Path, files: int, chance: random.Random) -> None:
    for n in range(files):
        write(folder / f"{n % 4}" / f"{n}.{('txt', 'md', 'html')[n % 3]}", n, chance)


def write(path: Path, number: int, chance: random.Random) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    words = "apples pears winter manual storage kangaroo data vector river stone 数据 存储".split()
    paragraphs = (
        " ".join(chance.choice(words) for _ in range(chance.randint(20, 160))) + "."
        for _ in range(chance.randint(1, 5))
    )
    path.write_text(f"# Part {number}\n\n" + "\n\n".join(paragraphs) + "\n", encoding="utf-8")


def disturb(folder: Path, chance: random.Random) -> None:
    """Edit, add, rename and delete some files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in chance.sample(files, min(3, len(files))):
        what = chance.randrange(4)
        if what == 0:
            write(path, chance.randrange(100), chance)
        elif what == 1:
            write(folder / "new" / f"{chance.randrange(10**6)}.txt", chance.randrange(100), chance)
        elif what == 2:
            path.rename(path.with_name(f"renamed {chance.randrange(10**6)}{path.suffix}"))
        elif len(files) > 8:
            path.unlink()


def kill_often(kills: int, root: Path, model: Path, seed: int) -> Iterator[tuple[Killed, Path, Path]]:
    """Kill until `kills` have met a running program; yields after each disturbed round, for a comparison."""
    chance = random.Random(seed)
    folder, data_dir = root / "documents", root / "data"
    make_folder(folder, 16, chance)
    killed = Killed()
    longest_s = 3.0
    while killed.kills < kills:
        for _ in range(4):
            mode = "remove" if chance.random() < 0.15 else "index"
            met, ran_s = kill_once(data_dir, folder, model, mode, chance.uniform(0.0, longest_s))
            killed.kills += met
            killed.ended += not met
            longest_s = max(0.3, 0.7 * longest_s + 0.3 * 1.2 * ran_s) if not met else min(6.0, longest_s * 1.05)
            if killed.kills >= kills:
                break
        yield killed, data_dir, folder
        disturb(folder, chance)


def assert_converges(root: Path, data_dir: Path, folder: Path, model: Path) -> None:
    """After one undisturbed run the library holds exactly what a fresh one does, and finds the same."""
    embedder = Embedder.open(model, threads=1)
    fresh_dir = root / "fresh"
    shutil.rmtree(fresh_dir, ignore_errors=True)
    try:
        with ParserPool(1) as pool:
            with (
                open_library(data_dir, pool, lambda: embedder) as opened,
                open_library(fresh_dir, pool, lambda: embedder) as fresh,
            ):
                opened.index(folder)
                fresh.index(folder)
                assert_same(_stored(opened), _stored(fresh))
                assert_finds_the_same(opened, fresh, embedder)
    finally:
        embedder.close()


def assert_same(mine: list[object], theirs: list[object]) -> None:
    different = [pair for pair in zip_longest(mine, theirs) if pair[0] != pair[1]]
    assert not different, different[:3]


def assert_finds_the_same(opened: OpenLibrary, fresh: OpenLibrary, embedder: Embedder) -> None:
    """The same passages with the same scores, but for what the company in a batch does to a vector's last digits."""
    for vector in map(embedder.embed_query, QUESTIONS):
        mine, theirs = (_found(one, embedder.spec.fingerprint, vector) for one in (opened, fresh))
        assert_same(list(sorted(mine)), list(sorted(theirs)))
        furthest = max(abs(mine[place] - theirs[place]) for place in mine)
        assert furthest < SCORE_TOLERANCE, furthest


def _stored(opened: OpenLibrary) -> list[object]:
    with opened.database.read() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")
    return [*content_of(opened.database), *keyword_rows(opened.database)]


def _found(opened: OpenLibrary, fingerprint: str, vector: Vectors) -> dict[tuple[bytes, int], float]:
    """Score by path and ordinal of all passages, as Milvus gives them."""
    assert opened.vectors.is_ready(fingerprint)
    with opened.database.read() as connection:
        rows = connection.execute(
            "SELECT c.id, d.path, c.ordinal FROM chunks c JOIN documents d ON d.id = c.document_id"
        ).fetchall()
    places = {chunk_id: (path, ordinal) for chunk_id, path, ordinal in rows}
    return {places[i]: score for i, score in opened.vectors.search(fingerprint, vector, 1000)}


if __name__ == "__main__":
    given = sys.argv[2:]
    work(Path(given[0]), Path(given[1]), Path(given[2]), given[3])
