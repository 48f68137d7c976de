"""Kills the program at random moments while it brings a library up to date, and compares what it converges to.

What is killed is the application itself: its window, its `index` command, or, for what has no command,
`python -m tests.support.killing remove|migrate DATA_DIR FOLDER`, which opens the same workspace.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from core.jobs import Job
from core.workspace import Workspace
from models.embedder import Embedder
from tests.support.libraries import content_of, keyword_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

SCORE_TOLERANCE = 0.005
STARTING_S = 0.3  # a program killed earlier has hardly begun
QUESTIONS = ("apples in winter", "part 7 of the manual", "何处存储数据", "kangaroo")
MODES = ("index", "index", "window", "remove", "migrate")
DAMAGES = ("deleted", "cut", "bits flipped")


@dataclass(slots=True)
class KillCounts:
    """What happened: kills of a running program, by its mode; runs that had ended before; damaged vector stores; runs
    during which files changed."""

    kills: int = 0
    ended: int = 0
    by_mode: dict[str, int] = field(default_factory=dict)
    damages: int = 0
    changes_meanwhile: int = 0


@dataclass(frozen=True, slots=True)
class KillSite:
    """The folders and models of a series of kills. `models` are embedding models that replace each other now and
    then."""

    data_dir: Path
    folder: Path
    models: tuple[Path, Path]

    def begin(self) -> None:
        """Create a data directory that uses the first model, as if it had been chosen in the window."""
        workspace = Workspace.open(self.data_dir)
        workspace.settings.change(embedder=str(self.models[0]), on_battery="go_on")
        workspace.close()


def command(site: KillSite, mode: str) -> Sequence[str]:
    """The command line of the program in one of `MODES`."""
    if mode == "index":
        return (sys.executable, "-P", "-m", "gui", "index", str(site.folder), "--data-dir", str(site.data_dir))
    if mode == "window":
        return (sys.executable, "-P", "-m", "gui", "--data-dir", str(site.data_dir))
    models = map(str, site.models)
    return (sys.executable, "-m", "tests.support.killing", mode, str(site.data_dir), str(site.folder), *models)


def work(mode: str, site: KillSite) -> None:
    """Remove every folder and add it again, or have the other embedding model replace the one in use."""
    workspace = Workspace.open(site.data_dir)
    if mode == "remove":
        for folder in workspace.library.folders():
            workspace.library.remove(folder.id)
    else:
        settings = workspace.settings.current
        other = next(model for model in site.models if str(model) != settings.embedder)
        workspace.settings.change(next_embedder=str(other), next_embedder_agreed=True)
    workspace.library.index([site.folder], Job())
    workspace.close()


@contextmanager
def working(site: KillSite, mode: str) -> Iterator[subprocess.Popen[str]]:
    """A context with the program running; killed at the end if it is still at work."""
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONWARNINGS": "ignore",
    }
    with subprocess.Popen(
        command(site, mode), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, text=True
    ) as child:
        assert child.stderr is not None
        yield child
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            child.wait()
        elif child.returncode != 0:
            raise AssertionError(child.stderr.read())


def kill_once(site: KillSite, mode: str, after_s: float, meanwhile: threading.Thread | None) -> tuple[bool, float]:
    """Start the program and kill it after `after_s` seconds. Return whether it was still at work, and how long it ran.
    `meanwhile` runs beside it."""
    with working(site, mode) as child:
        began_s = time.monotonic()
        if meanwhile is not None:
            meanwhile.start()
        try:
            child.wait(after_s)
        except subprocess.TimeoutExpired:
            return True, after_s
        finally:
            if meanwhile is not None:
                meanwhile.join()
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


def damage(file: Path, chance: random.Random) -> None:
    """Damage the vector store as disks and people do."""
    what = chance.choice(DAMAGES)
    if not file.exists():
        return
    if what == "deleted":
        file.unlink()
        return
    with open(file, "r+b") as opened:
        size = file.stat().st_size
        if what == "cut":
            opened.truncate(chance.randrange(size + 1))
        else:
            for offset in (chance.randrange(size) for _ in range(20)):
                opened.seek(offset)
                opened.write(bytes([chance.randrange(256)]))


def kill_often(
    kills: int, root: Path, models: tuple[Path, Path], seed: int, every: int = 4
) -> Iterator[tuple[KillCounts, KillSite]]:
    """Kill until `kills` have hit a running program; yield after each round of `every` runs, for a comparison."""
    chance = random.Random(seed)
    site = KillSite(root / "data", root / "documents", models)
    make_folder(site.folder, 24, chance)
    site.begin()
    counts = KillCounts()
    longest_s = dict.fromkeys(MODES, 5.0)
    while counts.kills < kills:
        for _ in range(every):
            mode = chance.choice(MODES)
            meanwhile = None
            if chance.random() < 0.3:
                later = random.Random(chance.random())
                meanwhile = threading.Thread(target=_disturb_later, args=(site.folder, later))
                counts.changes_meanwhile += 1
            hit, ran_s = kill_once(site, mode, chance.uniform(STARTING_S, longest_s[mode]), meanwhile)
            counts.kills += hit
            counts.ended += not hit
            counts.by_mode[mode] = counts.by_mode.get(mode, 0) + hit
            longest_s[mode] = (
                1.05 * longest_s[mode] if hit and mode != "window" else max(1.0, min(longest_s[mode], ran_s))
            )
            longest_s[mode] = min(12.0, longest_s[mode])
            if chance.random() < 0.2:
                damage(site.data_dir / "vectors" / "vectors.db", chance)
                counts.damages += 1
            if counts.kills >= kills:
                break
        yield counts, site
        disturb(site.folder, chance)


def _disturb_later(folder: Path, chance: random.Random) -> None:
    """Change files while the program reads them."""
    for _ in range(4):
        time.sleep(chance.uniform(0.1, 0.6))
        disturb(folder, chance)


def assert_converges(root: Path, site: KillSite) -> None:
    """Assert that after one undisturbed run the library holds exactly what a fresh one does, and finds the same, and
    that nothing of the killed programs is left running."""
    fresh_dir = root / "fresh"
    shutil.rmtree(fresh_dir, ignore_errors=True)
    opened = Workspace.open(site.data_dir)
    try:
        opened.library.index([site.folder], Job())
        fresh = Workspace.open(fresh_dir)
        try:
            fresh.settings.change(embedder=opened.settings.current.embedder)
            fresh.library.index([site.folder], Job())
            assert opened.settings.current.next_embedder == ""
            assert_same(_stored(opened), _stored(fresh))
            assert_finds_the_same(opened, fresh)
        finally:
            fresh.close()
    finally:
        opened.close()
    assert _still_running(site.data_dir) == []


def _still_running(data_dir: Path) -> list[str]:
    """The command lines of programs that still use the data directory."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or ())
        if str(data_dir) in words and process.pid != os.getpid() and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(words)
    return found


def assert_same(mine: list[object], theirs: list[object]) -> None:
    different = [pair for pair in zip_longest(mine, theirs) if pair[0] != pair[1]]
    assert not different, different[:3]


def assert_finds_the_same(opened: Workspace, fresh: Workspace) -> None:
    """Assert that both find the same passages with the same scores, but for the last digits of vectors, which depend on
    what else is in a batch; and that searches have the same results."""
    embedder = opened.engines.embedder()
    assert embedder is not None
    for question in QUESTIONS:
        vector = embedder.embed_query(question)
        mine, theirs = (_found(one, embedder, vector) for one in (opened, fresh))
        assert_same(list(sorted(mine)), list(sorted(theirs)))
        difference = max(abs(mine[passage] - theirs[passage]) for passage in mine)
        assert difference < SCORE_TOLERANCE, difference
        results = [
            {(passage.path, passage.start) for passage in one.retriever.search(question, limit=5).passages}
            for one in (opened, fresh)
        ]
        assert len(results[0] & results[1]) >= len(results[1]) - 1, results  # equal scores may be in another order


def _stored(opened: Workspace) -> list[object]:
    with opened.database.read() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.execute("INSERT INTO keywords (keywords) VALUES ('integrity-check')")
        for table in ("in_hand", "embedding_in_hand", "vector_deletions"):
            assert connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() == (0,), table
        embedders = connection.execute("SELECT fingerprint, generation, embedded_through FROM embedders").fetchall()
        assert len(embedders) == 1, (embedders, opened.settings.current)
    return [*content_of(opened.database), *keyword_rows(opened.database)]


def _found(opened: Workspace, embedder: Embedder, vector: Vectors) -> dict[tuple[bytes, int], float]:
    """The scores that Milvus returns for all passages, by path and ordinal."""
    assert opened.vectors.is_ready(embedder.spec.fingerprint)
    with opened.database.read() as connection:
        rows = connection.execute(
            "SELECT c.id, d.path, c.ordinal FROM chunks c JOIN documents d ON d.id = c.document_id"
        ).fetchall()
    passages = {passage_id: (path, ordinal) for passage_id, path, ordinal in rows}
    return {passages[i]: score for i, score in opened.vectors.search(embedder.spec.fingerprint, vector, 1000)}


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[2:]]
    work(sys.argv[1], KillSite(given[0], given[1], (given[2], given[3])))
